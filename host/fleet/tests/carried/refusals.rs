//! A board that refuses: what is tried again, what is kept as a refusal, and who may pass meanwhile.

use std::time::Duration;

use fleet::door::Again;
use fleet::follower::{Follower, Step};
use fleet::record::{Holds, Person, Record};

use crate::local::{Local, enrolled, give, operator, removed};

/// Works until nothing is to be done, whatever the board refuses meanwhile. Returns how often the door waited.
fn patiently(local: &Local, follower: &mut Follower) -> u32 {
    for waits in 0..1000 {
        // One change more is allowed, or as many as an enrolment takes, if the door waits for these.
        let allowed = match local.work_on(follower) {
            Step::Idle => return waits,
            Step::Later(Some(_)) => 1,
            _ => 8,
        };
        assert!(follower.has_trouble(), "a wait says why");
        let account = &mut local.board.lock().account;
        *account = account.map(|left| left + allowed);
    }
    panic!("the door makes no progress: {:?}", local.board.lock().asked);
}

/// What is asked of the board, and the record that leads to it.
type Revocation = (&'static str, fn(&Person) -> Record);

#[test]
fn a_revocation_that_the_board_refuses_is_done_later_whatever_the_refusal() {
    let us = operator(1);
    let revocations: [Revocation; 3] = [
        ("remove Ada", |_| removed(1, 2)),
        ("suspend Ada", |ada| enrolled(1, 2, &Person { suspended: true, ..ada.clone() })),
        ("rule Ada", |ada| enrolled(1, 2, &Person { hours: "sat 10:00-12:00".to_owned(), ..ada.clone() })),
    ];
    for (word, revocation) in revocations {
        for again in [Again::Alone, Again::All(None), Again::All(Some(Duration::ZERO)), Again::Never] {
            if word == "rule Ada" && again == Again::Never {
                continue;
            }
            let mut local = Local::new();
            let (ada, bob) = (local.person("Ada"), local.person("Bob"));
            let mut follower = local.start(&[us.public()]);
            give(&mut follower, 0, &us, &enrolled(1, 1, &ada));
            assert!(local.work(&mut follower));
            local.board.lock().refusals = vec![(word, 3, again)];
            let record = revocation(&ada);
            give(&mut follower, 0, &us, &record);
            if again == Again::Alone {
                // Nobody waits for a request that the board refuses to one person.
                give(&mut follower, 0, &us, &enrolled(2, 1, &bob));
            }
            assert_eq!(patiently(&local, &mut follower), 3, "{word} {again:?}");
            let (ack, _) = follower.ack(0, 1).expect("kept");
            assert_eq!((ack.refusals, ack.waiting, ack.trouble), (0, 0, None), "{word} {again:?}");
            let board = local.board.lock();
            match record.holds {
                Holds::Enrolled(wanted) => {
                    let rule = board.people["Ada"].clone().expect("a rule");
                    assert_eq!((rule.suspended, rule.hours), (wanted.suspended, wanted.hours));
                }
                _ => assert!(!board.people.contains_key("Ada"), "{word} {again:?}"),
            }
        }
    }
}

#[test]
fn a_suspension_waits_for_neither_a_name_nor_pictures() {
    let us = operator(1);
    let mut local = Local::new();
    let (ada, other) = (local.person("Ada"), local.person("other pictures"));
    local.board.lock().people.insert("Local".to_owned(), None);
    for change in [
        Person { name: "Local".to_owned(), suspended: true, ..ada.clone() },
        Person { pictures: other.pictures, suspended: true, ..ada.clone() },
    ] {
        let mut door = Local::new();
        door.pictures.clone_from(&local.pictures);
        door.board.lock().people.insert("Local".to_owned(), None);
        let mut follower = door.start(&[us.public()]);
        give(&mut follower, 0, &us, &enrolled(1, 1, &ada));
        assert!(door.work(&mut follower));
        give(&mut follower, 0, &us, &enrolled(1, 2, &change));
        // The pictures do not come.
        while matches!(follower.step().expect("a place"), Step::Done) {}
        assert!(door.board.lock().people["Ada"].as_ref().expect("a rule").suspended, "{change:?}");
    }
}

/// Whoever is enrolled has a rule before anybody passes, however few changes the board allows.
#[test]
fn an_account_that_runs_out_at_each_request_leaves_nobody_to_pass_without_a_rule() {
    let us = operator(1);
    for account in 0..12 {
        let mut local = Local::new();
        let (ada, bob) = (local.person("Ada"), local.person("Bob"));
        let mut follower = local.start(&[us.public()]);
        local.board.lock().account = Some(account);
        give(&mut follower, 0, &us, &enrolled(1, 1, &ada));
        give(&mut follower, 0, &us, &enrolled(2, 1, &Person { suspended: true, ..bob }));
        let other = local.person("other pictures of Ada");
        patiently(&local, &mut follower);
        give(&mut follower, 0, &us, &enrolled(1, 2, &Person { pictures: other.pictures, ..ada }));
        patiently(&local, &mut follower);
        let board = local.board.lock().clone();
        assert_eq!(board.exposed, [""; 0], "with {account} changes");
        assert!(board.people.len() == 2 && board.people.values().all(Option::is_some), "{board:?}");
        let enrolments = board.asked.iter().filter(|asked| asked.starts_with("enrol")).count();
        assert_eq!(enrolments, 3, "nobody is enrolled and taken back without end: {:?}", board.asked);
        assert_eq!(follower.ack(0, 1).expect("kept").0.trouble, None);
    }
}

#[test]
fn a_removal_is_done_while_an_enrolment_waits_for_changes_that_the_board_allows() {
    let us = operator(1);
    let mut local = Local::new();
    let (ada, bob) = (local.person("Ada"), local.person("Bob"));
    let mut follower = local.start(&[us.public()]);
    give(&mut follower, 0, &us, &enrolled(1, 1, &ada));
    assert!(local.work(&mut follower));
    let mut board = local.board.lock();
    (board.account, board.refill) = (Some(0), Duration::from_secs(36_000));
    drop(board);
    give(&mut follower, 0, &us, &enrolled(2, 1, &bob));
    assert_eq!(local.work_on(&mut follower), Step::Later(None));
    local.board.lock().account = Some(1);
    give(&mut follower, 0, &us, &removed(1, 2));
    assert_eq!(local.work_on(&mut follower), Step::Later(None), "Bob waits");
    assert_eq!(local.people(), []);
    assert!(follower.ack(0, 1).expect("kept").0.trouble.is_some());
}

/// The fleet changes and removes only who it enrolled, by the board's number.
#[test]
fn who_took_the_name_of_somebody_of_the_fleet_stays() {
    let us = operator(1);
    let changes: [fn(&Person) -> Record; 3] = [
        |_| removed(1, 2),
        |ada| enrolled(1, 2, &Person { name: "Ada L.".to_owned(), ..ada.clone() }),
        |ada| enrolled(1, 2, &Person { hours: "sat 10:00-12:00".to_owned(), ..ada.clone() }),
    ];
    for change in changes {
        let mut local = Local::new();
        let ada = local.person("Ada");
        let mut follower = local.start(&[us.public()]);
        give(&mut follower, 0, &us, &enrolled(1, 1, &ada));
        assert!(local.work(&mut follower));
        // Somebody at the door removes her, and enrols another Ada.
        let mut board = local.board.lock();
        board.remove("Ada");
        board.people.insert("Ada".to_owned(), None);
        drop(board);
        give(&mut follower, 0, &us, &change(&ada));
        assert!(local.work(&mut follower));
        assert_eq!(local.people(), [("Ada".to_owned(), None)], "the other Ada is untouched");
    }
}

#[test]
fn who_was_renamed_at_the_door_is_removed_all_the_same() {
    let us = operator(1);
    let mut local = Local::new();
    let ada = local.person("Ada");
    let mut follower = local.start(&[us.public()]);
    give(&mut follower, 0, &us, &enrolled(1, 1, &ada));
    assert!(local.work(&mut follower));
    local.board.lock().rename("Ada", "Eve");
    give(&mut follower, 0, &us, &removed(1, 2));
    assert!(local.work(&mut follower));
    assert_eq!(local.people(), []);
}

/// An enrolment whose answer was lost is taken back. Somebody who had a lower number is not the one who was enrolled.
#[test]
fn an_enrolment_whose_answer_is_lost_takes_nobody_else_with_it() {
    let us = operator(1);
    let mut local = Local::new();
    let ada = local.person("Ada");
    local.board.lock().people.insert("Local".to_owned(), None);
    let mut follower = local.start(&[us.public()]);
    // The pause is the last request that the board does.
    local.board.lock().refusals = vec![("enrol", 1, Again::All(None))];
    give(&mut follower, 0, &us, &enrolled(1, 1, &ada));
    assert!(!local.work(&mut follower));
    local.board.lock().rename("Local", "Ada");
    assert!(local.work(&mut follower));
    assert_eq!(local.people(), [("Ada".to_owned(), None)]);
    assert_eq!(follower.ack(0, 1).expect("kept").0.refusals, 1);
}

/// The fleet ends its own suspensions alone.
#[test]
fn a_suspension_that_was_made_at_the_door_stays() {
    let us = operator(1);
    let mut local = Local::new();
    let ada = local.person("Ada");
    let mut follower = local.start(&[us.public()]);
    give(&mut follower, 0, &us, &enrolled(1, 1, &ada));
    assert!(local.work(&mut follower));
    let at_the_door = |suspended| {
        let mut board = local.board.lock();
        board.people.get_mut("Ada").and_then(Option::as_mut).expect("a rule").suspended = suspended;
    };
    let is_suspended = || local.board.lock().people["Ada"].clone().expect("a rule").suspended;
    at_the_door(true);
    let later = Person { hours: "sat 10:00-12:00".to_owned(), ..ada.clone() };
    give(&mut follower, 0, &us, &enrolled(1, 2, &later));
    assert!(local.work(&mut follower) && is_suspended());
    assert_eq!(local.people(), [("Ada".to_owned(), Some(later.hours.clone()))], "the hours hold");
    let (ack, _) = follower.ack(0, 1).expect("kept");
    assert_eq!((ack.refusals, ack.waiting), (1, 0), "{:?}", ack.refused);
    // Somebody resumes her there, and starts the program again.
    at_the_door(false);
    let mut follower = local.start(&[us.public()]);
    assert!(local.work(&mut follower) && !is_suspended());
    assert_eq!(follower.ack(0, 2).expect("kept").0.refusals, 0);
    // The operator suspends and resumes her: that ends what was made at the door, too.
    at_the_door(true);
    give(&mut follower, 0, &us, &enrolled(1, 3, &Person { suspended: true, ..later.clone() }));
    assert!(local.work(&mut follower) && is_suspended());
    give(&mut follower, 0, &us, &enrolled(1, 4, &later));
    assert!(local.work(&mut follower) && !is_suspended());
    assert_eq!(follower.ack(0, 3).expect("kept").0.refusals, 0);
}

/// Other pictures are another enrolment on the board, and no reason to let somebody pass who was suspended there.
#[test]
fn a_suspension_that_was_made_at_the_door_stays_with_other_pictures_wherever_the_power_is_cut() {
    let us = operator(1);
    for power in 0..8 {
        let mut local = Local::new();
        let ada = local.person("Ada");
        let mut follower = local.start(&[us.public()]);
        give(&mut follower, 0, &us, &enrolled(1, 1, &ada));
        assert!(local.work(&mut follower));
        let rule = |local: &Local| local.board.lock().people.get("Ada").cloned().flatten();
        local.board.lock().people.get_mut("Ada").and_then(Option::as_mut).expect("a rule").suspended = true;
        let pictures = local.person("Ada, later").pictures;
        let later = Person { pictures, hours: "sat 10:00-12:00".to_owned(), ..ada };
        // The last one is not cut at all.
        local.board.lock().power = (power < 7).then_some(power);
        give(&mut follower, 0, &us, &enrolled(1, 2, &later));
        let whole = local.work(&mut follower);
        (local.board.lock().power, local.board.lock().lost) = (None, None);
        if !whole {
            follower = local.start(&[us.public()]);
            assert!(local.work(&mut follower), "after {power}");
        }
        let rule_now = rule(&local).expect("a rule");
        assert!(rule_now.suspended && rule_now.hours == later.hours, "after {power}: {rule_now:?}");
        let (ack, _) = follower.ack(0, 1).expect("kept");
        assert_eq!((ack.refusals, ack.waiting), (1, 0), "after {power}: {:?}", ack.refused);
        // The operator suspends and resumes her: that ends what was made at the door, too.
        give(&mut follower, 0, &us, &enrolled(1, 3, &Person { suspended: true, ..later.clone() }));
        give(&mut follower, 0, &us, &enrolled(1, 4, &later));
        assert!(local.work(&mut follower));
        give(&mut follower, 0, &us, &enrolled(1, 5, &Person { suspended: true, ..later.clone() }));
        assert!(local.work(&mut follower));
        give(&mut follower, 0, &us, &enrolled(1, 6, &later));
        assert!(local.work(&mut follower) && !rule(&local).expect("a rule").suspended, "after {power}");
    }
}
