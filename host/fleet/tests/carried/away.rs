//! Doors, brokers and operators that were away: nothing is lost, and nothing old is taken.

use fixtures::mqtt::eventually;
use fixtures::{Need, need};

use fleet::record::Encoder;

use crate::bench::{Bench, Operator};

#[test]
fn a_door_that_was_away_for_many_changes_catches_up_and_a_new_one_is_complete() {
    need!(Need::Mosquitto);
    let mut bench = Bench::new(2);
    (0..40).for_each(|at| bench.operator.enrol(&format!("person {at}")));
    bench.publish(false);
    bench.up(0);
    bench.complete(0);
    assert_eq!(bench.doors[0].board.names().len(), 40);

    bench.doors[0].down().expect("it ran");
    (0..10).for_each(|at| bench.operator.remove(&format!("person {at}")));
    bench.operator.change("person 20", |person| person.suspended = true);
    bench.operator.enrol("somebody new");
    bench.publish(false);
    let behind = bench.standing(0);
    assert!(!behind.complete && behind.behind >= 12, "{behind:?}");
    bench.up(0);
    bench.up(1);
    for door in 0..2 {
        bench.complete(door);
        let board = &bench.doors[door].board;
        assert_eq!(board.names().len(), 31);
        assert!(!board.has("person 3") && board.has("somebody new"));
        let suspended = board.lock().people["person 20"].clone().expect("a rule").suspended;
        assert!(suspended);
        assert!(bench.standing(door).complete, "{:?}", bench.standing(door));
    }
}

#[test]
fn a_broker_that_starts_again_and_a_partition_of_half_of_the_doors_lose_nothing() {
    need!(Need::Mosquitto);
    let mut bench = Bench::new(6);
    (0..20).for_each(|at| bench.operator.enrol(&format!("person {at}")));
    bench.publish(false);
    (0..6).for_each(|door| bench.up(door));
    (0..6).for_each(|door| bench.complete(door));

    (0..3).for_each(|door| bench.doors[door].down().expect("it ran"));
    bench.operator.remove("person 0");
    bench.publish(false);
    (3..6).for_each(|door| bench.complete(door));
    bench.broker.down();
    // What is changed while the broker is away is in the folder.
    bench.operator.remove("person 1");
    bench.operator.enrol("somebody new");
    bench.operator = std::mem::replace(&mut bench.operator, Operator::new(9)).reopen();
    bench.broker.up();
    bench.publish(false);
    (3..6).for_each(|door| bench.complete(door));
    (0..3).for_each(|door| bench.up(door));
    for door in 0..6 {
        bench.complete(door);
        let board = &bench.doors[door].board;
        assert_eq!(board.names().len(), 19, "door {door}");
        assert!(!board.has("person 0") && !board.has("person 1") && board.has("somebody new"));
        let asked = board.lock().asked.clone();
        let enrolments = asked.iter().filter(|asked| asked.starts_with("enrol")).count();
        assert_eq!(enrolments, 21, "each person was enrolled once at door {door}");
    }
}

#[test]
fn a_board_that_does_not_answer_is_said_and_gets_everything_later() {
    need!(Need::Mosquitto);
    let mut bench = Bench::new(1);
    bench.operator.enrol("Ada");
    bench.publish(false);
    bench.doors[0].board.lock().lost = Some("nobody is there".to_owned());
    bench.up(0);
    eventually("it says so", || {
        bench.doors[0].acked().is_some_and(|ack| ack.trouble.as_deref() == Some("nobody is there"))
    });
    let standing = bench.standing(0);
    assert_eq!((standing.complete, standing.why.as_deref()), (false, Some("nobody is there")));
    bench.doors[0].board.lock().lost = None;
    eventually("it has everything", || bench.doors[0].board.has("Ada"));
    eventually("it says so", || bench.doors[0].acked().is_some_and(|ack| ack.trouble.is_none()));
    eventually("the operator knows", || bench.standing(0).complete);
}

#[test]
fn a_door_with_another_encoder_enrols_nobody_and_names_both() {
    need!(Need::Mosquitto);
    let mut bench = Bench::new(1);
    let encoder = |name: &str, byte| Encoder { name: name.to_owned(), sha256: [byte; 32] };
    bench.operator.enrol("Ada");
    bench.publish(false);
    bench.up(0);
    bench.complete(0);
    bench.doors[0].board.lock().encoder = Some(encoder("small", 1));
    bench.operator.folder.settings.encoder = Some(encoder("large", 2));
    bench.operator.enrol("Bob");
    bench.operator.change("Ada", |person| person.suspended = true);
    bench.publish(false);
    // Ada was enrolled before, and loses a right all the same.
    eventually("Ada is suspended", || {
        bench.doors[0].board.lock().people["Ada"].as_ref().is_some_and(|rule| rule.suspended)
    });
    eventually("the door says so", || bench.doors[0].acked().is_some_and(|ack| ack.trouble.is_some()));
    let why = bench.standing(0).why.expect("a reason");
    assert!(why.contains("has the encoder small") && why.contains("wants large (020202020202"), "{why}");
    bench.doors[0].board.lock().encoder = Some(encoder("large", 2));
    bench.complete(0);
    assert_eq!(bench.doors[0].board.names(), ["Ada", "Bob"]);
}

#[test]
fn a_board_that_did_not_answer_once_is_not_said_to_be_away_for_ever() {
    need!(Need::Mosquitto);
    let mut bench = Bench::with_ada(1);
    bench.doors[0].down().expect("it ran");
    bench.doors[0].board.lock().lost = Some("nobody is there".to_owned());
    bench.up(0);
    eventually("it says so", || {
        bench.doors[0].acked().is_some_and(|ack| ack.trouble.as_deref() == Some("nobody is there"))
    });
    // Nothing is to be done, so nothing else asks the board.
    bench.doors[0].board.lock().lost = None;
    eventually("it says that it is over", || bench.doors[0].acked().is_some_and(|ack| ack.trouble.is_none()));
    eventually("the operator knows", || bench.standing(0).complete);
}

#[test]
fn a_door_with_nothing_new_acknowledges_from_time_to_time() {
    need!(Need::Mosquitto);
    let mut bench = Bench::with_ada(1);
    bench.doors[0].down().expect("it ran");
    bench.doors[0].hourly = std::time::Duration::from_millis(500);
    bench.up(0);
    bench.complete(0);
    let number = |bench: &Bench| bench.doors[0].acked().expect("an acknowledgement").number;
    for _ in 0..2 {
        let before = number(&bench);
        eventually("it is heard again", || number(&bench) > before);
    }
    assert!(bench.standing(0).complete, "{:?}", bench.standing(0));
}
