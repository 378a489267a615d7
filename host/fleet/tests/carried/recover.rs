//! A lost folder, made again from the broker with the operator's key.

use std::time::Duration;

use fixtures::{Need, need};
use fleet::folder::Folder;
use fleet::recover::{Recovered, recover};

use crate::bench::{Bench, prefix};

fn recovered(bench: &Bench, place: &std::path::Path) -> Result<Recovered, String> {
    let connection = bench.connect("operator");
    let identity = &bench.operator.identity;
    let (settings, patience) =
        ((&prefix(), serde_json::Value::Null), ("the broker", Duration::from_secs(20)));
    recover(place, identity, settings, &connection, patience).map_err(|error| error.to_string())
}

#[test]
fn a_lost_folder_is_made_again_and_the_doors_follow_it() {
    need!(Need::Mosquitto);
    let mut bench = Bench::new(2);
    (0..12).for_each(|at| bench.operator.enrol(&format!("person {at}")));
    bench.operator.remove("person 3");
    bench.operator.change("person 4", |person| person.pin = Some("1234".to_owned()));
    bench.publish(false);
    (0..2).for_each(|door| bench.up(door));
    (0..2).for_each(|door| bench.complete(door));

    let place = tempfile::tempdir().expect("a folder");
    let place = place.path().join("again");
    let found = recovered(&bench, &place).expect("recovered");
    let run = bench.operator.folder.settings.run;
    assert_eq!(found, Recovered { people: 11, doors: 2, without_pictures: 0, run });
    let folder = Folder::open(&place).expect("there");
    let people = |folder: &Folder| {
        folder.people.iter().map(|(id, kept)| (*id, kept.counter, kept.person.clone())).collect::<Vec<_>>()
    };
    assert_eq!(people(&folder), people(&bench.operator.folder));
    let doors = |folder: &Folder| {
        folder.doors.values().map(|door| (door.name.clone(), door.public)).collect::<Vec<_>>()
    };
    assert_eq!(doors(&folder), doors(&bench.operator.folder));
    assert!(recovered(&bench, &place).expect_err("it is there").contains("--fleet"));

    // The doors go on with the new folder.
    bench.operator.folder = folder;
    bench.operator.remove("person 5");
    bench.operator.enrol("somebody new");
    bench.publish(false);
    for door in 0..2 {
        bench.complete(door);
        assert!(bench.doors[door].board.has("somebody new") && !bench.doors[door].board.has("person 5"));
        assert!(bench.standing(door).complete);
    }
}

#[test]
fn a_broker_that_holds_back_or_gives_an_older_state_is_found() {
    need!(Need::Mosquitto);
    let mut bench = Bench::new(1);
    bench.operator.enrol("Ada");
    bench.publish(false);
    bench.up(0);
    bench.complete(0);
    let place = tempfile::tempdir().expect("a folder");
    let (topics, us) = (bench.operator.topics(), bench.operator.identity.public());
    let (id, _) = bench.operator.folder.find("Ada").expect("there");
    let own = [topics.record(&us, &id), topics.head(&us)];
    let retained = own.clone().map(|topic| {
        let connection = bench.connect("thief");
        assert!(connection.subscribe(&topic, true).expect("connected"));
        connection.receive(Duration::from_secs(600)).expect("connected").expect("retained").payload
    });
    bench.operator.remove("Ada");
    bench.publish(false);
    bench.complete(0);
    for (topic, payload) in own.iter().zip(retained) {
        bench.connect("thief").publish(topic, payload, true).expect("published");
    }
    let place = place.path().join("again");
    let why = recovered(&bench, &place).expect_err("it is older");
    assert!(why.contains("door 0 has seen run"), "{why}");
    bench.connect("thief").publish(&own[0], Vec::new(), true).expect("published");
    let why = recovered(&bench, &place).expect_err("it is missing");
    assert!(why.contains("some are missing or older"), "{why}");
    bench.connect("thief").publish(&own[1], vec![1; 300], true).expect("published");
    assert!(recovered(&bench, &place).expect_err("forged").contains("not authentic"));
    assert!(!place.exists() && !place.with_extension("part").exists());
}
