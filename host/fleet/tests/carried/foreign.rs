//! People of another encoder than a board runs: the door opens to nobody, and says so.

use fixtures::mqtt::eventually;
use fixtures::{Need, need};
use fleet::foreign::is_foreign;
use fleet::record::Encoder;

use crate::bench::Bench;

#[test]
fn a_door_whose_people_are_of_another_encoder_does_not_have_everything() {
    need!(Need::Mosquitto);
    let encoder = |name: &str, byte| Some(Encoder { name: name.to_owned(), sha256: [byte; 32] });
    let mut bench = Bench::new(1);
    bench.doors[0].board.lock().encoder = encoder("small", 1);
    bench.operator.enrol("Ada");
    bench.publish(false);
    bench.up(0);
    bench.complete(0);
    assert!(bench.standing(0).complete);

    // Somebody flashes another one at the door itself, and the door acknowledges with the next change.
    bench.doors[0].board.lock().encoder = encoder("large", 2);
    bench.operator.enrol("Bob");
    bench.publish(false);
    bench.complete(0);
    let (ada, _) = bench.operator.folder.find("Ada").expect("there");
    let (bob, _) = bench.operator.folder.find("Bob").expect("there");
    let standing = bench.standing(0);
    let why = standing.why.clone().expect("a reason");
    assert!(!standing.complete && why.contains("opens to nobody, for 1 person is enrolled"), "{why}");
    let ack = bench.doors[0].acked().expect("acknowledged");
    assert!(is_foreign(&ack, &ada) && !is_foreign(&ack, &bob), "{ack:?}");

    // Other pictures, and so other templates.
    let (person, sealed) = crate::bench::person("Ada again");
    let (id, ada) = bench.operator.folder.find("Ada").expect("there");
    let again = fleet::record::Person { pictures: person.pictures, ..ada };
    bench.operator.folder.replace(id, again, &sealed).expect("replaced");
    bench.publish(false);
    bench.complete(0);
    eventually("the door has everything", || bench.standing(0).complete);
}

/// Where not all have room, who is not named is taken for one of them.
#[test]
fn of_more_people_than_are_named_nobody_is_said_to_pass() {
    need!(Need::Mosquitto);
    let mut bench = Bench::with_ada(1);
    assert!(bench.standing(0).complete);
    let (ada, _) = bench.operator.folder.find("Ada").expect("there");
    let mut ack = bench.doors[0].acked().expect("acknowledged");
    ack.foreign = 300;
    ack.foreign_people = vec![fleet::record::PersonId([9; 16]); fleet::record::NAMED];
    assert!(is_foreign(&ack, &ada));
    ack.foreign = 1;
    ack.foreign_people.truncate(1);
    assert!(!is_foreign(&ack, &ada));
}
