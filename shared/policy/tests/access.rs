//! The decision tables of `access`, row by row, and the properties that hold for any sequence of events.

use policy::{
    AccessPolicy, AuthEvent, Decision, Factor, Limits, Pin, Reason, Rule, Schedule, Tallies, TallyMemory,
    Window, Zone,
};
use proptest::prelude::*;

const LIMITS: Limits = Limits {
    failures: 3,
    lockout_ms: 10_000,
    passback_ms: 0,
    pin_ms: 15_000,
    zone: Zone::fixed(60),
    held_ms: 0,
    fail_safe: false,
};

fn pin(digits: &str) -> Pin {
    Pin::new(digits.as_bytes()).unwrap()
}

/// Person 1 needs the face alone, person 2 a PIN, person 3 has a schedule: weekdays from 8 to 18. Person 4 has
/// the PIN of person 2, and is suspended.
fn rule(person: u32) -> Rule {
    let office = Window { days: 0b1_1111, from: 8 * 60, to: 18 * 60 };
    match person {
        2 => Rule { pin: Some(pin("1234")), duress_pin: Some(pin("1235")), ..Rule::default() },
        4 => Rule { suspended: true, ..rule(2) },
        3 => Rule { schedule: Schedule::new(&[office]).unwrap(), ..Rule::default() },
        _ => Rule::default(),
    }
}

/// No failures.
fn tallies() -> Tallies<'static> {
    Tallies::new(Box::leak(Box::new(<TallyMemory>::new())).all())
}

struct Door {
    access: AccessPolicy<'static>,
    limits: Limits,
    clock: Option<u64>,
}

impl Door {
    fn new() -> Self {
        Self { access: AccessPolicy::new(tallies()), limits: LIMITS, clock: None }
    }

    fn authenticate(&mut self, now: u64, event: AuthEvent) -> Decision {
        self.access.decide(now, self.clock, event, &self.limits, rule)
    }

    fn face(&mut self, now: u64, person: u32) -> Decision {
        self.authenticate(now, AuthEvent::Face { person })
    }

    fn pin(&mut self, now: u64, digits: &str) -> Decision {
        self.authenticate(now, AuthEvent::Pin(pin(digits)))
    }
}

#[test]
fn a_face_alone_opens_without_a_pin_in_its_rule() {
    let mut door = Door::new();
    assert_eq!(door.face(0, 1), Decision::Open { person: 1, duress: false });
}

#[test]
fn face_and_pin_open_in_time_and_the_duress_pin_opens_alike() {
    let mut door = Door::new();
    assert_eq!(door.pin(0, "1234"), Decision::Ignored, "a PIN alone never opens");
    assert_eq!(door.face(0, 2), Decision::AskPin { person: 2 });
    assert_eq!(door.access.pin_requested(14_999), Some(2));
    assert_eq!(door.face(14_000, 2), Decision::AskPin { person: 2 }, "the timeout is not extended");
    assert_eq!(door.pin(14_999, "1234"), Decision::Open { person: 2, duress: false });
    assert_eq!(door.pin(14_999, "1234"), Decision::Ignored, "a PIN is accepted once");
    assert_eq!(door.face(20_000, 2), Decision::AskPin { person: 2 });
    assert_eq!(door.pin(21_000, "1235"), Decision::Open { person: 2, duress: true });
    door.face(30_000, 2);
    assert_eq!(door.pin(45_000, "1234"), Decision::Ignored, "too late");
}

#[test]
fn who_is_suspended_is_refused_whatever_their_rule_says() {
    let mut door = Door::new();
    assert_eq!(door.face(0, 4), Decision::Refused(Reason::Suspended));
    assert_eq!(door.pin(1, "1234"), Decision::Ignored, "no PIN is requested");
    assert_eq!(door.access.locked_out_until(Some(4), Factor::Face, 2), None, "it is no failure");
    door.authenticate(3, AuthEvent::Identity { person: Some(4), duress: false });
    assert_eq!(door.authenticate(4, AuthEvent::Verified { person: 4 }), Decision::Refused(Reason::Suspended));
    assert_eq!(door.face(5, 2), Decision::AskPin { person: 2 }, "nobody else");
}

#[test]
fn a_new_face_replaces_the_pin_request() {
    let mut door = Door::new();
    door.face(0, 2);
    assert_eq!(door.face(1, 1), Decision::Open { person: 1, duress: false });
    assert_eq!(door.pin(2, "1234"), Decision::Ignored);
}

#[test]
fn wrong_pins_lock_out_the_person_whose_pin_was_asked_for() {
    let mut door = Door::new();
    door.face(0, 2);
    for now in 1..=3 {
        assert_eq!(door.pin(now, "9999"), Decision::Refused(Reason::WrongPin));
    }
    assert_eq!(door.access.locked_out_until(Some(2), Factor::Pin, 4), Some(10_003));
    assert_eq!(door.pin(4, "1234"), Decision::Ignored, "the request ended with the lockout");
    assert_eq!(door.face(5, 2), Decision::Refused(Reason::LockedOut));
    assert!(matches!(door.face(6, 1), Decision::Open { person: 1, .. }), "nobody else");
    assert_eq!(door.face(7, 2), Decision::Refused(Reason::LockedOut), "their success changes nothing");
    assert_eq!(door.face(10_004, 2), Decision::AskPin { person: 2 });
    assert_eq!(door.pin(10_005, "9999"), Decision::Refused(Reason::WrongPin), "one more is enough");
    assert_eq!(door.face(10_006, 2), Decision::Refused(Reason::LockedOut));
    assert_eq!(door.face(30_006, 2), Decision::AskPin { person: 2 });
    assert!(matches!(door.pin(30_007, "1234"), Decision::Open { person: 2, .. }));
    assert_eq!(door.access.tallies().iter().count(), 0, "their own success clears it");
}

#[test]
fn strangers_and_spoofs_shut_the_door_to_nobody_else() {
    let mut door = Door::new();
    for now in 0..3 {
        assert_eq!(door.authenticate(now, AuthEvent::Stranger), Decision::Refused(Reason::Stranger));
    }
    assert_eq!(door.authenticate(3, AuthEvent::Stranger), Decision::Refused(Reason::LockedOut));
    assert_eq!(door.access.locked_out_until(None, Factor::Face, 3), Some(10_002));
    let spoof = AuthEvent::Spoof { like: Some(2) };
    for now in 4..7 {
        assert_eq!(door.authenticate(now, spoof), Decision::Refused(Reason::NotLive));
    }
    assert_eq!(door.face(8, 2), Decision::Refused(Reason::LockedOut), "a picture of theirs is rationed");
    assert!(matches!(door.face(9, 1), Decision::Open { person: 1, .. }));
}

#[test]
fn a_schedule_needs_its_hours_and_a_clock() {
    let mut door = Door::new();
    assert_eq!(door.face(0, 3), Decision::Refused(Reason::Clock));
    // Wednesday 2026-11-25, 06:59 and 07:00 UTC: 7:59 and 8:00 at the door.
    door.clock = Some(1_795_589_999_000);
    assert_eq!(door.face(1, 3), Decision::Refused(Reason::Schedule));
    door.clock = Some(1_795_590_000_000);
    assert_eq!(door.face(2, 3), Decision::Open { person: 3, duress: false });
    assert_eq!(door.access.tallies().iter().count(), 0);
}

#[test]
fn nobody_enters_twice_within_the_passback_time() {
    let mut door = Door::new();
    door.limits.passback_ms = 60_000;
    assert!(matches!(door.face(0, 1), Decision::Open { .. }));
    assert_eq!(door.face(59_999, 1), Decision::Refused(Reason::Passback));
    assert!(matches!(door.face(60_000, 1), Decision::Open { .. }));
    door.access.forget(1);
    assert!(matches!(door.face(60_001, 1), Decision::Open { .. }));
}

/// An event, by a number.
fn event(number: u8) -> AuthEvent {
    match number {
        0 => AuthEvent::Stranger,
        1 => AuthEvent::Spoof { like: Some(2) },
        2 => AuthEvent::Pin(pin("1234")),
        3 => AuthEvent::Pin(pin("1235")),
        4 => AuthEvent::Pin(pin("0000")),
        person => AuthEvent::Face { person: u32::from(person) - 4 },
    }
}

proptest! {
    /// The door opens only for a known face, only before the PIN timeout if a PIN is needed, and never during
    /// a lockout.
    #[test]
    fn the_door_opens_only_as_the_rules_allow(steps in proptest::collection::vec((0u8..8, 0u64..9_000), 1..200)) {
        let (mut door, mut now) = (Door::new(), 0);
        let mut face_2 = None;
        for (number, wait) in steps {
            now += wait;
            let shut = door.access.tallies().is_locked_out(2, now);
            let decision = door.authenticate(now, event(number));
            if number == 6 && !shut {
                face_2 = Some(now);
            }
            if let Decision::Open { person, duress } = decision {
                match person {
                    1 => prop_assert!(number == 5 && !duress),
                    2 => {
                        prop_assert!(!shut);
                        prop_assert!(face_2.is_some_and(|at| now - at < LIMITS.pin_ms.into()));
                        prop_assert_eq!(duress, number == 3);
                        prop_assert!(number == 2 || number == 3);
                    }
                    _ => prop_assert!(false, "person 3 has a schedule, and there is no clock"),
                }
            }
        }
    }

    /// Guesses of a person's PIN are rationed, whoever else comes in between, and however often the board is reset.
    #[test]
    fn guesses_are_rationed_over_successes_of_others_and_resets(
        steps in proptest::collection::vec((0u8..6, 0u64..4_000), 1..400),
    ) {
        let (mut door, mut now, mut guesses) = (Door::new(), 0u64, 0u32);
        for (step, wait) in steps {
            now += wait;
            match step {
                0 => {
                    door.face(now, 1);
                }
                1 => {
                    let mut boot = tallies();
                    let before = door.access.tallies();
                    for (place, tally) in (0..before.pages()).flat_map(|page| before.page(page)).enumerate() {
                        tally.person().into_iter().for_each(|person| boot.restore(place, person, *tally.lockouts()));
                    }
                    boot.restore_nobody(*before.nobody(), now);
                    door.access = AccessPolicy::new(boot);
                }
                2 => {
                    door.authenticate(now, AuthEvent::Stranger);
                }
                _ => {
                    door.face(now, 2);
                    guesses += u32::from(door.pin(now, "0000") == Decision::Refused(Reason::WrongPin));
                }
            }
        }
        // Three guesses, then one more after 10, 30, 70, … seconds.
        let allowed = 3 + (now / 10_000 + 1).ilog2();
        prop_assert!(guesses <= allowed, "{guesses} guesses in {now} ms");
    }
}

#[test]
fn a_typed_identity_opens_with_that_face_once_and_in_time() {
    let mut door = Door::new();
    let says = |person, duress| AuthEvent::Identity { person: Some(person), duress };
    let verified = |person| AuthEvent::Verified { person };
    assert_eq!(door.authenticate(0, verified(1)), Decision::Ignored, "no PIN was typed");
    assert_eq!(door.authenticate(0, says(2, false)), Decision::AskFace { person: 2 });
    assert_eq!(door.access.face_requested(14_999), Some(2));
    assert_eq!(door.authenticate(1, verified(1)), Decision::Ignored, "another person");
    assert_eq!(door.authenticate(2, AuthEvent::Stranger), Decision::Refused(Reason::Stranger));
    assert_eq!(door.authenticate(3, verified(2)), Decision::Open { person: 2, duress: false });
    assert_eq!(door.authenticate(4, verified(2)), Decision::Ignored, "a face is accepted once");
    door.authenticate(5, says(2, true));
    assert_eq!(door.authenticate(6, verified(2)), Decision::Open { person: 2, duress: true });
    door.authenticate(10, says(2, false));
    assert_eq!(door.authenticate(15_010, verified(2)), Decision::Ignored, "too late");
    door.authenticate(20_000, says(3, false));
    assert_eq!(
        door.authenticate(20_001, verified(3)),
        Decision::Refused(Reason::Clock),
        "the schedule applies"
    );
    assert_eq!(door.authenticate(20_002, verified(3)), Decision::Ignored);
    door.authenticate(30_000, says(2, false));
    door.access.forget(2);
    assert_eq!(
        door.authenticate(30_001, verified(2)),
        Decision::Ignored,
        "a person who is no longer enrolled"
    );
}

#[test]
fn unknown_pins_lock_the_keypad_out_and_end_the_face_request() {
    let mut door = Door::new();
    let nobody = AuthEvent::Identity { person: None, duress: false };
    let somebody = AuthEvent::Identity { person: Some(1), duress: false };
    door.authenticate(0, somebody);
    for _ in 0..3 {
        assert_eq!(door.authenticate(1, nobody), Decision::Refused(Reason::WrongPin));
    }
    assert_eq!(door.authenticate(2, AuthEvent::Verified { person: 1 }), Decision::Ignored);
    assert_eq!(door.authenticate(3, somebody), Decision::Refused(Reason::LockedOut), "guesses are rationed");
    assert_eq!(door.authenticate(10_001, somebody), Decision::AskFace { person: 1 });
    assert!(matches!(door.authenticate(10_002, AuthEvent::Verified { person: 1 }), Decision::Open { .. }));
    assert_eq!(door.authenticate(10_003, nobody), Decision::Refused(Reason::WrongPin));
    assert_eq!(
        door.authenticate(10_004, somebody),
        Decision::Refused(Reason::LockedOut),
        "nobody's success clears it"
    );
}

#[test]
fn another_face_after_a_pin_counts_against_its_owner() {
    let mut door = Door::new();
    for now in 0..3 {
        door.authenticate(now, AuthEvent::Identity { person: Some(2), duress: false });
        assert_eq!(door.authenticate(now, AuthEvent::Stranger), Decision::Refused(Reason::Stranger));
    }
    let again = door.authenticate(4, AuthEvent::Identity { person: Some(2), duress: false });
    assert_eq!(again, Decision::Refused(Reason::LockedOut));
    let other = door.authenticate(5, AuthEvent::Identity { person: Some(1), duress: false });
    assert_eq!(other, Decision::AskFace { person: 1 });
}
