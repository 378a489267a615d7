//! What a door tells an operator of its board, and what it does not.

use fixtures::{Need, need};
use fleet::Error;
use fleet::door::Again;
use fleet::envelope::{Kind, Sealer};
use fleet::folder::KeptDoor;
use fleet::follower::{Follower, Step};
use fleet::record::{Ack, Holds, Record};
use fleet::setup::{self, Active, BOARDS, image_id, settings_id};
use fleet::standing::{digest, standing};

use crate::bench::Bench;
use crate::local::{Local, enrolled, give, operator, removed};

/// A door whose files were lost knows nobody on its board, and a removal does nothing: that they are there is told.
#[test]
fn people_on_the_board_who_the_fleet_did_not_put_there_are_counted() {
    let us = operator(1);
    let mut local = Local::new();
    let (ada, bob) = (local.person("Ada"), local.person("Bob"));
    let mut follower = local.start(&[us.public()]);
    give(&mut follower, 0, &us, &enrolled(1, 1, &ada));
    give(&mut follower, 0, &us, &enrolled(2, 1, &bob));
    assert!(local.work(&mut follower));
    local.board.lock().people.insert("Eve".to_owned(), None);
    let (ack, _) = follower.ack(0, 1).expect("kept");
    assert_eq!((ack.people, ack.others), (2, 1));
    local.place = Default::default();
    let mut follower = local.start(&[us.public()]);
    give(&mut follower, 0, &us, &removed(1, 2));
    assert!(local.work(&mut follower));
    let (ack, _) = follower.ack(0, 2).expect("kept");
    assert_eq!((ack.people, ack.others, local.people().len()), (0, 3, 3));
}

/// The reason of a refusal names people.
#[test]
fn an_operator_reads_no_refusal_of_somebody_who_another_one_enrols() {
    let (us, other) = (operator(1), operator(2));
    let mut local = Local::new();
    let (ada, bob) = (local.person("Ada"), local.person("Bob"));
    local.board.lock().refuses = vec!["Ada".to_owned(), "Bob".to_owned()];
    let mut follower = local.start(&[us.public(), other.public()]);
    give(&mut follower, 0, &us, &enrolled(1, 1, &ada));
    give(&mut follower, 1, &other, &enrolled(2, 1, &bob));
    assert!(local.work(&mut follower));
    for (of, name) in [(0, "Ada"), (1, "Bob")] {
        let (ack, _) = follower.ack(of, 1).expect("kept");
        assert_eq!((ack.refusals, ack.refused.len()), (1, 1));
        assert!(ack.refused[0].why.contains(name), "{:?}", ack.refused);
    }
}

/// What another operator's people wait for makes no door incomplete for us.
#[test]
fn what_another_operators_people_wait_for_is_no_concern_of_ours() {
    let (us, other) = (operator(1), operator(2));
    let mut local = Local::new();
    let (ada, bob, cleo) = (local.person("Ada"), local.person("Bob"), local.person("Cleo"));
    local.board.lock().refusals = vec![("enrol Cleo", u32::MAX, Again::Alone)];
    let mut follower = local.start(&[us.public(), other.public()]);
    give(&mut follower, 0, &us, &enrolled(1, 1, &ada));
    local.work_on(&mut follower);
    // The pictures of one never come, and the board does not enrol the other for now.
    give(&mut follower, 1, &other, &enrolled(2, 1, &bob));
    give(&mut follower, 1, &other, &enrolled(3, 1, &cleo));
    let mut wants = 0;
    while wants < 2 {
        match follower.step().expect("a place") {
            Step::Wants(_, digest) => {
                wants += 1;
                if digest == cleo.pictures.digest {
                    follower.pictures(&digest, &local.pictures[&digest]).expect("its pictures");
                }
            }
            Step::Done => {}
            other => panic!("{other:?}"),
        }
    }
    let Step::Later(_) = local_step(&mut follower) else { panic!("it is put off") };
    let (ours, _) = follower.ack(0, 1).expect("kept");
    assert_eq!((ours.waiting, ours.pictures, ours.refusals), (0, 0, 0), "{ours:?}");
    assert_eq!(ours.trouble, None, "a reason can have names in it");
    let (theirs, _) = follower.ack(1, 1).expect("kept");
    assert_eq!((theirs.waiting, theirs.pictures), (1, 1), "{theirs:?}");
    assert!(theirs.trouble.is_some_and(|why| why.contains("refuses to enrol")));
}

/// The next step that is not just done.
fn local_step(follower: &mut Follower) -> Step {
    loop {
        match follower.step().expect("a place") {
            Step::Done => {}
            step => return step,
        }
    }
}

/// With long names, a reason has room for what is to be done.
#[test]
fn a_reason_says_what_to_do_whatever_the_names_are() {
    let us = operator(1);
    let mut local = Local::new();
    let (name, other) = ("B".repeat(64), "R".repeat(64));
    let bob = local.person(&name);
    let mut follower = local.start(&[us.public()]);
    give(&mut follower, 0, &us, &enrolled(1, 1, &bob));
    assert!(local.work(&mut follower));
    local.board.lock().rename(&name, &other);
    fleet::place::begin_again(&mut local.place.clone(), false).expect("kept");
    let mut follower = local.start(&[us.public()]);
    give(&mut follower, 0, &us, &removed(1, 2));
    assert!(local.work(&mut follower));
    let ack = follower.ack(0, 1).expect("kept").0.bounded();
    let why = &ack.refused[0].why;
    assert!(why.contains(&name) && why.contains(&other) && why.contains("fleet join CODE --erased"), "{why}");
    assert!(why.ends_with("by itself within the hour") && !why.contains("  "), "{why}");
}

/// An operator's key fills no folder with records of nothing.
#[test]
fn a_record_of_nothing_that_a_board_has_is_not_taken() {
    let us = operator(1);
    let mut follower = Local::new().start(&[us.public()]);
    let sealer = Sealer::new(&us, follower.public()).expect("a key");
    let mut take = |id| {
        let record = Record { id, counter: 1, holds: Holds::Removed };
        let envelope = sealer.seal(Kind::Record, &record).expect("short");
        follower.record(0, id, &envelope)
    };
    for id in [settings_id(), image_id(setup::Kind::Encoder, ""), image_id(setup::Kind::Firmware, BOARDS[0])]
    {
        assert!(take(id).expect("it is a setup"));
    }
    for board in 0..50 {
        let refused = take(image_id(setup::Kind::Firmware, &format!("board {board}")));
        assert!(matches!(refused, Err(Error::Forged)), "{board}");
    }
}

/// A board that fell back runs firmware with holes that are known.
#[test]
fn a_door_whose_board_fell_back_does_not_have_everything() {
    need!(Need::Mosquitto);
    let mut bench = Bench::with_ada(1);
    assert!(bench.standing(0).complete);
    let folder = &bench.operator.folder;
    let (_, door) = folder.fleet_doors().next().expect("the door");
    let ack = door.ack.clone().expect("acknowledged");
    for newest in [None, Some(12)] {
        let firmware = Active { kind: setup::Kind::Firmware, name: "11".to_owned(), sha256: [0; 32], newest };
        let door = KeptDoor { ack: Some(Ack { active: vec![firmware], ..ack.clone() }), ..door.clone() };
        let standing = standing(folder, &digest(folder), &door, None);
        assert_eq!(standing.complete, newest.is_none(), "{:?}", standing.why);
        let says = standing.why.is_some_and(|why| why.contains("fell back to firmware release 11 from 12"));
        assert_eq!(says, newest.is_some());
    }
}
