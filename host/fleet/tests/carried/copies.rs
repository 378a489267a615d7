//! Folders that are older copies, and operators who are trusted no more.

use fixtures::{Need, need};
use fleet::folder::{KeptDoor, LogFault};
use fleet::record::{LogHead, Person};
use fleet::standing::standing;

use crate::bench::Bench;
use crate::local::{Local, enrolled, give, operator, removed};

#[test]
fn an_older_copy_of_the_folder_is_said_and_never_has_everything() {
    need!(Need::Mosquitto);
    let mut bench = Bench::with_ada(1);
    let copy = bench.operator.copied();
    let other = bench.operator.copied();
    bench.operator.change("Ada", |ada| ada.suspended = true);
    bench.publish(false);
    bench.complete(0);
    assert!(bench.standing(0).complete);

    bench.operator = copy;
    let standing = bench.standing(0);
    let why = standing.why.expect("a reason");
    assert!(
        !standing.complete && why.contains("older copy") && why.contains("`postern fleet recover`"),
        "{why}"
    );

    // A change in the copy has the run and the counter of the change that it does not have.
    bench.operator = other;
    bench.operator.change("Ada", |ada| ada.hours = "sat 10:00-12:00".to_owned());
    bench.publish(false);
    let standing = bench.standing(0);
    assert!(!standing.complete && standing.why.is_some(), "{standing:?}");
    assert!(bench.doors[0].board.lock().people["Ada"].as_ref().expect("a rule").suspended);
}

#[test]
fn who_is_trusted_no_more_decides_nothing_more() {
    let (us, other) = (operator(1), operator(2));
    for of_other in [removed(1, 900), enrolled(1, 900, &Local::new().person("Mallory"))] {
        let mut local = Local::new();
        let ada = local.person("Ada");
        let both = [us.public(), other.public()];
        let mut follower = local.start(&both);
        give(&mut follower, 0, &us, &enrolled(1, 3, &ada));
        assert!(local.work(&mut follower));
        give(&mut follower, 1, &other, &of_other);
        let overruled = |follower: &mut fleet::follower::Follower, number| {
            follower.ack(number, 1).expect("kept").0.overruled
        };
        assert_eq!((overruled(&mut follower, 0), overruled(&mut follower, 1)), (1, 0), "we are told");
        drop(follower);
        let mut follower = local.start(&[us.public()]);
        assert!(local.work(&mut follower));
        assert_eq!(local.people(), [("Ada".to_owned(), Some("always".to_owned()))]);
        assert_eq!(overruled(&mut follower, 0), 0);
        let later = Person { hours: "sat 10:00-12:00".to_owned(), ..ada };
        give(&mut follower, 0, &us, &enrolled(1, 4, &later));
        assert!(local.work(&mut follower));
        assert_eq!(local.people(), [("Ada".to_owned(), Some(later.hours))]);
    }
}

#[test]
fn a_counter_far_above_the_last_one_is_not_taken() {
    use fleet::envelope::{Kind, Sealer};
    let us = operator(1);
    let mut local = Local::new();
    let ada = local.person("Ada");
    let mut follower = local.start(&[us.public()]);
    give(&mut follower, 0, &us, &enrolled(1, 1, &ada));
    let far = removed(1, 2_000_000);
    let envelope =
        Sealer::new(&us, follower.public()).expect("a key").seal(Kind::Record, &far).expect("short");
    assert!(matches!(follower.record(0, far.id, &envelope), Err(fleet::Error::Far)));
    assert!(local.work(&mut follower));
    assert_eq!(local.people().len(), 1);
    assert!(give(&mut follower, 0, &us, &removed(1, 1_000_000)), "it is not that far");
}

/// The first acknowledgement says which board signs the log; no later one another.
#[test]
fn a_log_of_another_board_and_a_shorter_one_are_said() {
    need!(Need::Mosquitto);
    let mut bench = Bench::with_ada(1);
    assert!(bench.standing(0).complete);
    let (_, door) = bench.operator.folder.fleet_doors().next().expect("the door");
    let mut door: KeptDoor = door.clone();
    let ack = door.ack.clone().expect("acknowledged");
    let folder = &bench.operator.folder;
    let mut take = |signer: u8, number: u32| {
        let log = LogHead {
            number,
            entry: Vec::new(),
            chain: [0; 16],
            unix_ms: 0,
            exact: true,
            signer: [signer; 32],
            signature: Vec::new(),
        };
        door.take(fleet::record::Ack { log: Some(log), ..ack.clone() });
        let standing = standing(folder, &fleet::standing::digest(folder), &door, None);
        (door.log_fault, standing.complete)
    };
    assert_eq!(take(1, 10), (None, true));
    assert_eq!(take(1, 12), (None, true));
    assert_eq!(take(2, 13), (Some(LogFault::OtherBoard), false));
    assert_eq!(take(1, 11), (Some(LogFault::Shorter), false));
    assert_eq!(take(1, 12), (None, true));
}

/// The number of the run is in a file before anything follows from it.
#[test]
fn an_older_head_is_not_taken_after_a_power_cut_either() {
    use fleet::envelope::{Kind, Sealer};
    use fleet::record::Head;
    let us = operator(1);
    let local = Local::new();
    let mut follower = local.start(&[us.public()]);
    let sealer = Sealer::new(&us, follower.public()).expect("a key");
    let head = |run| {
        let head = Head { run, unix_ms: 0, records: 0, digest: [0; 32], parts: [[0; 4]; 16], encoder: None };
        sealer.seal(Kind::Head, &head).expect("short")
    };
    follower.head(0, &head(7)).expect("newer");
    drop(follower);
    let mut follower = local.start(&[us.public()]);
    assert!(follower.head(0, &head(6)).is_err());
    follower.head(0, &head(7)).expect("the same");
}
