//! Folders that are older copies, operators who are trusted no more, and boards that were erased.

use std::collections::BTreeMap;

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

/// Nobody who is left knows the person: what is on the board stays, and nothing more is done.
#[test]
fn what_a_revoked_operator_alone_wanted_is_not_done() {
    let (us, other) = (operator(1), operator(2));
    let mut local = Local::new();
    let (bob, mallory) = (local.person("Bob"), local.person("Mallory"));
    let mut follower = local.start(&[us.public(), other.public()]);
    give(&mut follower, 1, &other, &enrolled(1, 1, &Person { suspended: true, ..bob.clone() }));
    assert!(local.work(&mut follower));
    give(&mut follower, 1, &other, &enrolled(2, 1, &mallory));
    give(&mut follower, 1, &other, &enrolled(1, 2, &Person { name: "Robert".to_owned(), ..bob }));
    drop(follower);
    for start in 1..=2 {
        let mut follower = local.start(&[us.public()]);
        assert!(local.work(&mut follower));
        assert_eq!(local.people(), [("Bob".to_owned(), Some("always".to_owned()))]);
        assert!(local.board.lock().people["Bob"].as_ref().expect("a rule").suspended);
        let (ack, _) = follower.ack(0, start).expect("kept");
        assert_eq!((ack.people, ack.orphans, follower.open(), ack.refusals), (1, 1, 0, 0));
    }
}

/// The power fails at each request of an enrolment, and whoever wanted it is trusted no more then.
#[test]
fn an_enrolment_that_a_revoked_operator_began_is_taken_back() {
    let (us, other) = (operator(1), operator(2));
    let mut left = 0;
    for cut in 0..5 {
        let mut local = Local::new();
        let mallory = local.person("Mallory");
        let mut follower = local.start(&[us.public(), other.public()]);
        give(&mut follower, 1, &other, &enrolled(1, 1, &mallory));
        local.board.lock().power = Some(cut);
        let is_whole = local.work(&mut follower);
        drop(follower);
        (local.board.lock().power, local.board.lock().lost) = (None, None);
        let mut follower = local.start(&[us.public()]);
        assert!(local.work(&mut follower));
        assert!(is_whole || local.people().is_empty(), "cut {cut}: {:?}", local.people());
        left += u32::from(!is_whole);
    }
    assert!(left > 2, "{left} were cut");
}

/// The board was erased, and the door's computer paired with it again. Its numbers begin again, too.
#[test]
fn who_has_a_number_of_before_on_an_erased_board_stays_as_they_are() {
    use fleet::simulated::{OnBoard, Rule};
    let us = operator(1);
    let mut local = Local::new();
    let (ada, bob) = (local.person("Ada"), local.person("Bob"));
    let mut follower = local.start(&[us.public()]);
    give(&mut follower, 0, &us, &enrolled(1, 1, &ada));
    give(&mut follower, 0, &us, &enrolled(2, 1, &bob));
    assert!(local.work(&mut follower));
    drop(follower);
    let rule = Rule { hours: "mon 03:00-03:15".to_owned(), pin: None, suspended: true };
    let by_hand: BTreeMap<_, _> =
        ["Eve", "Mal"].map(|name| (name.to_owned(), Some(rule.clone()))).into_iter().collect();
    {
        let mut board = local.board.lock();
        *board = OnBoard::default();
        board.people.clone_from(&by_hand);
    }
    fleet::place::begin_again(&mut local.place.clone(), true).expect("kept");
    let mut follower = local.start(&[us.public()]);
    assert_eq!(follower.ack(0, 1).expect("kept").0.people, 0, "nobody is there by the fleet");
    give(&mut follower, 0, &us, &removed(1, 2));
    let later = Person { hours: "mon-sun 06:00-23:00".to_owned(), ..bob };
    give(&mut follower, 0, &us, &enrolled(2, 2, &later));
    assert!(local.work(&mut follower));
    let mut people = local.board.lock().people.clone();
    assert_eq!(people.remove("Bob").flatten().map(|rule| rule.hours), Some(later.hours));
    assert_eq!(people, by_hand);
}

/// The door's computer was paired again, and the board was not erased: a removal is not done, and is never said to be.
#[test]
fn who_may_be_of_before_a_new_pairing_is_not_forgotten() {
    let us = operator(1);
    // Removed before the pairing, after it, or given a rule after it; and an enrolment whose answer was lost, also with a name that
    // somebody changed before the pairing.
    for case in 0..5 {
        let mut local = Local::new();
        let bob = local.person("Bob");
        let mut follower = local.start(&[us.public()]);
        if case >= 3 {
            local.board.lock().power = Some(1);
        }
        give(&mut follower, 0, &us, &enrolled(1, 1, &bob));
        assert_eq!(local.work(&mut follower), case < 3);
        assert_eq!(local.people().len(), 1, "{case}");
        if case == 0 {
            give(&mut follower, 0, &us, &removed(1, 2));
        }
        drop(follower);
        (local.board.lock().power, local.board.lock().lost) = (None, None);
        if matches!(case, 1 | 4) {
            local.board.lock().rename("Bob", "Robert");
        }
        fleet::place::begin_again(&mut local.place.clone(), false).expect("kept");
        fleet::place::begin_again(&mut local.place.clone(), false).expect("again");
        let mut follower = local.start(&[us.public()]);
        let later = Person { hours: "sat 10:00-12:00".to_owned(), ..bob.clone() };
        match case {
            2 => give(&mut follower, 0, &us, &enrolled(1, 2, &later)),
            _ => give(&mut follower, 0, &us, &removed(1, 2)),
        };
        assert!(local.work(&mut follower));
        let (ack, _) = follower.ack(0, 1).expect("kept");
        assert_eq!((ack.refusals, ack.waiting, local.people().len()), (1, 0, 1), "{case}: {:?}", ack.refused);
        // Somebody removes them at the door: that is found by itself, as the board is compared each hour.
        let name = if matches!(case, 1 | 4) { "Robert" } else { "Bob" };
        local.board.lock().remove(name);
        follower.check_again();
        assert!(local.work(&mut follower));
        let (ack, _) = follower.ack(0, 2).expect("kept");
        assert_eq!((ack.refusals, local.people().len()), (0, usize::from(case == 2)), "{case}");
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
    let mut claim = |signer: u8, number: u32, is_signed: bool| {
        let log = LogHead {
            number,
            entry: Vec::new(),
            chain: [0; 16],
            unix_ms: 0,
            exact: true,
            signer: [signer; 32],
            signature: Vec::new(),
        };
        door.take(fleet::record::Ack { log: Some(log), ..ack.clone() }, &|_| is_signed);
        let standing = standing(folder, &fleet::standing::digest(folder), &door, None);
        (door.log_fault, standing.complete)
    };
    let unsigned = (Some(LogFault::Unsigned), false);
    assert_eq!(claim(2, 4_000_000_000, false), unsigned, "nor is it the board's from now on");
    let mut take = |signer, number| claim(signer, number, true);
    assert_eq!(take(1, 10), (None, true));
    assert_eq!(take(1, 12), (None, true));
    assert_eq!(take(2, 13), (Some(LogFault::OtherBoard), false));
    assert_eq!(take(1, 11), (Some(LogFault::Shorter), false));
    assert_eq!(take(1, 12), (None, true));
    assert_eq!(claim(1, 4_000_000_000, false), unsigned);
    assert_eq!(
        claim(1, 12, true),
        (None, true),
        "a number that no board signed is no floor for those that one did"
    );
}

/// People who no operator knows may pass: the door does not have what the operators want.
#[test]
fn a_door_with_people_of_nobody_does_not_have_everything() {
    need!(Need::Mosquitto);
    let mut bench = Bench::with_ada(1);
    assert!(bench.standing(0).complete);
    let folder = &bench.operator.folder;
    let (_, door) = folder.fleet_doors().next().expect("the door");
    let ack = door.ack.clone().expect("acknowledged");
    for orphans in [0, 1] {
        let ack = fleet::record::Ack { orphans, ..ack.clone() };
        let door = KeptDoor { ack: Some(ack), ..door.clone() };
        let standing = standing(folder, &fleet::standing::digest(folder), &door, None);
        assert_eq!(standing.complete, orphans == 0, "{:?}", standing.why);
    }
}

/// Who is trusted no more for a while says nothing older afterwards.
#[test]
fn an_operator_who_is_trusted_again_is_heard_from_where_they_were() {
    use fleet::envelope::{Kind, Sealer};
    use fleet::record::Head;
    let (us, other) = (operator(1), operator(2));
    let local = Local::new();
    let both = [us.public(), other.public()];
    let sealer = Sealer::new(&other, local.start(&both).public()).expect("a key");
    let head = |run| {
        let head = Head { run, unix_ms: 0, records: 0, digest: [0; 32], parts: [[0; 4]; 16], encoder: None };
        sealer.seal(Kind::Head, &head).expect("short")
    };
    local.start(&both).head(1, &head(7)).expect("newer");
    local.start(&[us.public()]).ack(0, 1).expect("kept");
    let mut follower = local.start(&both);
    assert!(follower.head(1, &head(6)).is_err());
    follower.head(1, &head(7)).expect("the same");
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
