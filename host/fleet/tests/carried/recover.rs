//! A lost folder, made again from the broker with the operator's key.

use std::time::Duration;

use fixtures::{Need, need};
use fleet::folder::Folder;
use fleet::recover::{Recovered, recover};

use crate::bench::{Bench, prefix};
use crypto::Key;
use fleet::envelope::{Kind, Sealer};
use fleet::identity::Identity;
use fleet::record::Ack;

fn recovered(bench: &Bench, place: &std::path::Path) -> Result<Recovered, String> {
    recovered_without(bench, place, &[])
}

fn recovered_without(bench: &Bench, place: &std::path::Path, without: &[&str]) -> Result<Recovered, String> {
    let without: Vec<String> = without.iter().map(|name| (*name).to_owned()).collect();
    let connection = bench.connect("operator");
    let identity = &bench.operator.identity;
    let (settings, patience) =
        ((&prefix(), serde_json::Value::Null), ("the broker", Duration::from_secs(20)));
    recover(place, identity, settings, &connection, patience, &without, &|_| true)
        .map_err(|error| error.to_string())
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
    assert_eq!(found, Recovered { people: 11, doors: 2, without_pictures: 0, without_chunks: 0, run });
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
    let mut bench = Bench::with_ada(1);
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
    // What somebody has beside the folder stays.
    std::fs::create_dir(place.with_extension("part")).expect("made");
    let why = recovered(&bench, &place).expect_err("it is older");
    assert!(why.contains("door 0 has seen run"), "{why}");
    bench.connect("thief").publish(&own[0], Vec::new(), true).expect("published");
    let why = recovered(&bench, &place).expect_err("it is missing");
    assert!(why.contains("some are missing or older"), "{why}");
    bench.connect("thief").publish(&own[1], vec![1; 300], true).expect("published");
    assert!(recovered(&bench, &place).expect_err("forged").contains("not authentic"));
    let beside: Vec<_> = place.parent().expect("a folder").read_dir().expect("read").collect();
    assert!(beside.len() == 1 && place.with_extension("part").exists(), "{beside:?}");
}

/// A broker that gives an older state holds back what the doors have said.
#[test]
fn a_door_without_an_acknowledgement_is_left_out_by_its_name_alone() {
    need!(Need::Mosquitto);
    let mut bench = Bench::new(2);
    bench.operator.enrol("Ada");
    bench.publish(false);
    (0..2).for_each(|door| bench.up(door));
    (0..2).for_each(|door| bench.complete(door));
    let topic = bench.operator.topics().ack(&bench.doors[1].public());
    bench.doors[1].down().expect("it ran");
    bench.connect("thief").publish(&topic, Vec::new(), true).expect("published");
    let place = tempfile::tempdir().expect("a folder");
    let place = place.path().join("again");
    let why = recovered(&bench, &place).expect_err("the door says nothing");
    assert!(
        why.contains("no acknowledgement of the door door 1") && why.contains("--without 'door 1'"),
        "{why}"
    );
    let why = recovered_without(&bench, &place, &["door 0"]).expect_err("the other one");
    assert!(why.contains("the door door 1"), "{why}");
    assert!(
        recovered_without(&bench, &place, &["nowhere", "door 1"]).expect_err("no door").contains("nowhere")
    );
    assert!(!place.exists());

    // A door that says something absurd does not keep the operator from it for ever.
    let ack = Ack { number: u64::MAX, newest: u64::MAX, ..bench.doors[0].acked().expect("it said") };
    let door = Identity::of(&Key::new([101; 32]));
    let sealer = Sealer::new(&door, bench.operator.identity.public()).expect("a key");
    let absurd = sealer.seal(Kind::Ack, &ack).expect("short");
    bench.connect("door").publish(&topic, absurd, true).expect("published");
    let why = recovered(&bench, &place).expect_err("it is absurd");
    assert!(why.contains("has seen run 18446744073709551615"), "{why}");
    recovered_without(&bench, &place, &["door 1"]).expect("recovered");
    let folder = Folder::open(&place).expect("there");
    assert!(folder.doors.values().all(|door| door.sent == 0), "all is sent again");
}

/// A command that is killed between two recipients leaves no door ahead of the operator's own copy.
#[test]
fn the_own_copy_is_sent_before_any_door_has_the_run() {
    need!(Need::Mosquitto);
    let mut bench = Bench::new(1);
    let (topics, us) = (bench.operator.topics(), bench.operator.identity.public());
    let reader = bench.connect("reader");
    let (own, door) = (topics.head(&us), topics.head(&bench.doors[0].public()));
    assert!(reader.subscribe("postern/#", false).expect("connected"));
    bench.operator.enrol("Ada");
    bench.publish(false);
    let mut heads = Vec::new();
    while heads.len() < 2 {
        let message = reader.receive(Duration::from_secs(600)).expect("connected").expect("a message");
        heads.extend([message.topic].into_iter().filter(|topic| *topic == own || *topic == door));
    }
    assert_eq!(heads, [own, door]);
}
