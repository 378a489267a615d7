//! A broker that holds back, repeats, changes and forgets, and what the operator sees of it.

use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use bridge::{Certificates, Fault};
use fixtures::mqtt::eventually;
use fixtures::{Need, need};
use fleet::connection::{Hub, Route};

use crate::bench::{Bench, person};

/// What a topic of the broker has.
fn retained(bench: &Bench, topic: &str) -> Vec<u8> {
    let connection = bench.connect("thief");
    assert!(connection.subscribe(topic, true).expect("connected"));
    let message = connection.receive(std::time::Duration::from_secs(600)).expect("connected");
    message.expect("it is retained").payload
}

fn put(bench: &Bench, topic: &str, payload: Vec<u8>) {
    bench.connect("thief").publish(topic, payload, true).expect("published");
}

#[test]
fn an_old_record_an_old_head_and_one_of_another_door_change_nothing() {
    need!(Need::Mosquitto);
    let mut bench = Bench::with_ada(2);
    let (id, _) = bench.operator.folder.find("Ada").expect("there");
    let topics = bench.operator.topics();
    let (front, back) = (bench.doors[0].public(), bench.doors[1].public());
    let (record, head) = (topics.record(&front, &id), topics.head(&front));
    let (old_record, old_head) = (retained(&bench, &record), retained(&bench, &head));
    let of_other = retained(&bench, &topics.record(&back, &id));

    bench.operator.remove("Ada");
    bench.publish(false);
    bench.complete(0);
    assert_eq!(bench.doors[0].board.names(), [""; 0]);
    // The broker puts back what was there, also for a door that starts again.
    for payload in [old_record.clone(), of_other, vec![7; 300], Vec::new()] {
        put(&bench, &record, payload);
    }
    put(&bench, &record, old_record);
    put(&bench, &head, old_head);
    bench.operator.enrol("Bob");
    bench.publish(false);
    bench.complete(0);
    bench.doors[0].down().expect("it ran");
    bench.up(0);
    bench.operator.enrol("Eve");
    bench.publish(false);
    bench.complete(0);
    assert_eq!(bench.doors[0].board.names(), ["Bob", "Eve"]);
    let asked = bench.doors[0].board.lock().asked.clone();
    assert_eq!(asked.iter().filter(|asked| asked.contains("Ada")).count(), 3, "{asked:?}");
}

#[test]
fn a_record_that_is_held_back_is_seen_and_publish_all_brings_it() {
    need!(Need::Mosquitto);
    let mut bench = Bench::new(1);
    bench.operator.enrol("Ada");
    bench.operator.enrol("Bob");
    bench.publish(false);
    let (id, _) = bench.operator.folder.find("Bob").expect("there");
    let record = bench.operator.topics().record(&bench.doors[0].public(), &id);
    put(&bench, &record, Vec::new());
    bench.up(0);
    eventually("the door says so", || bench.doors[0].acked().is_some_and(|ack| ack.lacking == 1));
    let standing = bench.standing(0);
    let why = standing.why.expect("a reason");
    assert!(!standing.complete && why.contains("1 record less") && why.contains("--all"), "{why}");
    bench.publish(true);
    bench.complete(0);
    assert_eq!(bench.doors[0].board.names(), ["Ada", "Bob"]);
}

#[test]
fn pictures_that_were_exchanged_or_lost_enrol_nobody_and_the_operator_sees_it() {
    need!(Need::Mosquitto);
    let mut bench = Bench::new(1);
    bench.operator.enrol("Ada");
    bench.operator.enrol("Bob");
    bench.publish(false);
    let pictures = |bench: &Bench, name: &str| {
        let (_, person) = bench.operator.folder.find(name).expect("there");
        bench.operator.topics().pictures(&person.pictures.digest)
    };
    let (ada, bob) = (pictures(&bench, "Ada"), pictures(&bench, "Bob"));
    let of_bob = retained(&bench, &bob);
    put(&bench, &ada, of_bob);
    bench.up(0);
    eventually("Bob is there", || bench.doors[0].board.has("Bob"));
    eventually("the door says so", || bench.doors[0].acked().is_some_and(|ack| ack.pictures == 1));
    assert!(!bench.doors[0].board.has("Ada"));
    assert!(bench.standing(0).why.expect("a reason").contains("pictures of 1 person"));
    bench.publish(true);
    // The door asks for them again on its next connection.
    bench.doors[0].down().expect("it ran");
    bench.up(0);
    bench.complete(0);
    assert_eq!(bench.doors[0].board.names(), ["Ada", "Bob"]);
}

#[test]
fn acknowledgements_that_are_old_or_of_somebody_else_are_seen() {
    need!(Need::Mosquitto);
    let mut bench = Bench::with_ada(1);
    let topic = bench.operator.topics().ack(&bench.doors[0].public());
    let old = retained(&bench, &topic);
    bench.operator.remove("Ada");
    bench.publish(false);
    bench.complete(0);
    assert!(bench.standing(0).complete);
    bench.doors[0].down().expect("it ran");
    put(&bench, &topic, old);
    let standing = bench.standing(0);
    assert!(!standing.complete && standing.why.expect("a reason").contains("older acknowledgement"));
    put(&bench, &topic, vec![1; 200]);
    assert!(bench.standing(0).why.expect("a reason").contains("not authentic"));
}

#[test]
fn a_broker_that_lost_everything_gets_it_again_and_no_door_changes() {
    need!(Need::Mosquitto);
    let mut bench = Bench::with_ada(1);
    let before = bench.doors[0].board.lock().asked.clone();
    bench.doors[0].down().expect("it ran");
    let topics = bench.operator.topics();
    let door = bench.doors[0].public();
    let (id, _) = bench.operator.folder.find("Ada").expect("there");
    for topic in [topics.head(&door), topics.ack(&door), topics.record(&door, &id)] {
        put(&bench, &topic, Vec::new());
    }
    bench.up(0);
    bench.publish(true);
    bench.operator.enrol("Bob");
    bench.publish(false);
    bench.complete(0);
    let asked = bench.doors[0].board.lock().asked.clone();
    assert_eq!(asked[..before.len()], before[..]);
    assert!(asked[before.len()..].iter().all(|asked| !asked.contains("Ada")), "{asked:?}");
}

#[test]
fn a_name_that_somebody_else_has_at_the_door_is_refused_with_its_reason() {
    need!(Need::Mosquitto);
    let mut bench = Bench::new(1);
    bench.doors[0].board.lock().people.insert("Ada".to_owned(), None);
    bench.operator.enrol("Ada");
    bench.operator.enrol("Bob");
    bench.publish(false);
    bench.up(0);
    eventually("Ada is refused", || bench.doors[0].acked().is_some_and(|ack| ack.refusals == 1));
    let standing = bench.standing(0);
    assert!(!standing.complete && standing.refused[0].1.contains("`postern rename`"), "{standing:?}");
    assert_eq!(bench.doors[0].board.lock().people["Ada"], None, "she is untouched");
    // The operator removes theirs: the one at the door stays.
    bench.operator.remove("Ada");
    bench.publish(false);
    bench.complete(0);
    assert!(bench.doors[0].board.has("Ada"));
    assert!(bench.standing(0).complete);
    // Another fleet's person has other pictures.
    let (other, sealed) = person("Eve");
    bench.operator.folder.add(other, &sealed).expect("added");
    bench.publish(false);
    bench.complete(0);
    assert!(bench.doors[0].board.has("Eve"));
}

/// Somebody who answers as a broker does, and agrees to nothing but the connection.
fn mute(answers: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("mqtt://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a client");
            std::thread::spawn(move || {
                if answers {
                    // CONNACK of MQTT 5, without properties.
                    stream.write_all(&[0x20, 3, 0, 0, 0]).expect("sent");
                }
                let _ = std::io::copy(&mut stream, &mut std::io::sink());
            });
        }
    });
    address
}

#[test]
fn a_broker_that_agrees_to_nothing_has_ended_the_connection() {
    let hub = Hub::start().expect("a thread");
    let connect = |answers| {
        let address = mute(answers).parse().expect("an address");
        let route = Route::new(&address, None, &Certificates::default()).expect("no certificates");
        hub.connect(&route.within(Duration::from_secs(1)), "client", &Arc::default())
    };
    let why = |fault| match fault {
        Fault::Wait(why) => why,
        Fault::End(error) => error.to_string(),
    };
    assert!(connect(false).is_err());
    let connection = connect(true).expect("connected");
    let said = why(connection.publish("a", vec![1], true).expect_err("no acknowledgement"));
    assert!(said.contains("has not agreed"), "{said}");
    let said = why(connect(true).expect("connected").subscribe("a", true).expect_err("no acknowledgement"));
    assert!(said.contains("has not agreed"), "{said}");
}

#[test]
fn a_mark_that_is_held_back_keeps_no_door_from_its_people() {
    need!(Need::Mosquitto);
    let folder = tempfile::tempdir().expect("a folder");
    let rules = folder.path().join("rules");
    let readable =
        ["+/record/#", "+/head", "pictures/+"].map(|topic| format!("topic read postern/fleet/+/{topic}\n"));
    std::fs::write(&rules, format!("topic write postern/#\n{}", readable.concat())).expect("written");
    let mut bench = Bench::on(1, &format!("acl_file {}", rules.display()));
    bench.patience = Duration::from_secs(1);
    bench.operator.enrol("Ada");
    bench.operator.enrol("Bob");
    bench.publish(false);
    bench.up(0);
    bench.complete(0);
    assert_eq!(bench.doors[0].board.names(), ["Ada", "Bob"]);
}

/// The computer of one door reaches the broker as all doors do. It can take nothing from another door, nor from the operator.
#[test]
fn a_door_under_the_access_list_of_the_page_writes_what_is_a_doors_and_nothing_else() {
    need!(Need::Mosquitto);
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/bridge.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let list = page.split("# /etc/mosquitto/acl\n").nth(1).and_then(|list| list.split("```").next());
    let folder = tempfile::tempdir().expect("a folder");
    let rules = folder.path().join("rules");
    std::fs::write(&rules, list.expect("an access list")).expect("written");
    let mut bench = Bench::on(2, &format!("acl_file {}", rules.display()));
    bench.users = true;
    bench.operator.enrol("Ada");
    bench.publish(false);
    for door in 0..2 {
        bench.up(door);
        bench.complete(door);
        assert!(bench.doors[door].board.has("Ada"));
        eventually("the operator hears of it", || bench.standing(door).complete);
    }
    let listener = bench.connect("listener");
    assert!(listener.subscribe(&bench.operator.topics().presences(), true).expect("connected"));
    for _ in 0..2 {
        let there = listener.receive(Duration::from_secs(600)).expect("connected").expect("a door is there");
        assert!(there.topic.ends_with("/here"), "{}", there.topic);
    }
    let (topics, operator) = (bench.operator.topics(), bench.operator.identity.public());
    let (ada, person) = bench.operator.folder.find("Ada").expect("there");
    let other = bench.doors[1].public();
    let thief = bench.connect_as("door", "thief");
    for topic in [
        topics.head(&other),
        topics.record(&other, &ada),
        topics.head(&operator),
        topics.record(&operator, &ada),
        topics.pictures(&person.pictures.digest),
        topics.chunk(&[1; 32]),
    ] {
        let refused = thief.publish(&topic, Vec::new(), true).expect_err("it is the operator's");
        assert!(format!("{refused:?}").contains("may not write"), "{topic}: {refused:?}");
    }
    assert!(bench.recovered().find("Ada").is_ok());
}

/// A command that was killed before the change was in the folder leaves pictures to be forgotten that somebody has.
#[test]
fn pictures_that_somebody_has_are_not_forgotten() {
    need!(Need::Mosquitto);
    let mut bench = Bench::new(1);
    bench.operator.enrol("Ada");
    let (_, ada) = bench.operator.folder.find("Ada").expect("there");
    bench.operator.folder.settings.forget.push(hex::encode(ada.pictures.digest));
    bench.publish(false);
    assert!(bench.operator.folder.settings.forget.is_empty());
    bench.up(0);
    bench.complete(0);
    assert!(bench.doors[0].board.has("Ada"));
}
