//! The policy on the running door: schedules, PINs, lockout, anti-passback, and attempts to bypass them.

use crate::simulation::rules::{
    board, code, comes, denials, events, office, set_limits, set_rule, settings, two_factors,
};
use crate::simulation::{World, engine};
use audit::{Entry, Kind};
use policy::{Reason, Rule, Schedule};
use protocol::{Error, EventKind, Limits, Name, Request, Response, Role, Settings, Zone};

/// 2026-11-25, a Wednesday, 12:00 UTC.
const NOON: u64 = 1_795_608_000_000;
const HOUR: u64 = 3_600_000;

#[test]
fn who_has_hours_passes_within_them_and_only_by_a_clock_that_is_sure() {
    let mut board = board();
    board.boot(async |world: &mut World| {
        let mut after = 0;
        set_rule(world, "Ann", office()).await.unwrap();
        assert!(!comes(world, 1).await);
        assert_eq!(denials(world, &mut after).await, [(Some(1), Reason::Clock)]);
        assert!(comes(world, 2).await, "who has no hours needs no clock");
        world.host.ask(Request::SetClock { unix_ms: NOON }).await.unwrap();
        assert!(comes(world, 1).await);
        // 18:00 at a door an hour ahead of UTC is 17:00 UTC.
        set_limits(world, Limits { zone: Zone::fixed(60), ..Limits::default() }).await;
        world.host.ask(Request::SetClock { unix_ms: NOON + 5 * HOUR - 20_000 }).await.unwrap();
        assert!(comes(world, 1).await);
        world.wait(20_000).await;
        assert!(!comes(world, 1).await);
        assert_eq!(denials(world, &mut after).await, [(Some(1), Reason::Schedule)]);
        assert!(comes(world, 2).await);
        let log = world.host.log().await;
        let refused: Vec<_> = log.iter().filter(|(_, entry)| entry.kind == Kind::Refused).collect();
        assert_eq!(refused.len(), 2);
        assert!(refused.iter().all(|(_, entry)| entry.person == Some(1) && entry.score > 20_000));
    });
    board.boot(async |world: &mut World| {
        let mut after = 0;
        assert!(!comes(world, 1).await, "after a power cut nobody knows how late it is");
        assert_eq!(denials(world, &mut after).await, [(Some(1), Reason::Clock)]);
        set_rule(world, "Ann", Rule::default()).await.unwrap();
        assert!(comes(world, 1).await);
    });
}

#[test]
fn a_clock_of_the_board_lets_in_who_has_hours_and_only_goes_forwards() {
    let mut board = board();
    board.boot(async |world: &mut World| {
        set_rule(world, "Ann", office()).await.unwrap();
        assert!(!comes(world, 1).await, "the board does not know the time");
        world.wires.unix_ms.set(Some(NOON));
        world.wait(2_000).await;
        assert!(comes(world, 1).await);
        // Whoever forges the time closes the door to her, and fills no log.
        for step in 1..=100 {
            world.wires.unix_ms.set(Some(NOON + step * HOUR));
            world.wait(2_000).await;
        }
        let log = world.host.log().await;
        let set = |log: &[(u32, Entry)]| log.iter().filter(|(_, entry)| entry.kind == Kind::Clock).count();
        assert_eq!(set(&log), 1, "one step in ten minutes");
        assert!(comes(world, 1).await);
        world.wires.unix_ms.set(Some(NOON - HOUR));
        world.wait(700_000).await;
        assert!(comes(world, 1).await, "it does not go back");
        world.wires.unix_ms.set(Some(NOON + 8 * HOUR));
        world.wait(2_000).await;
        assert!(!comes(world, 1).await);
        assert_eq!(set(&world.host.log().await), 2);
    });
}

#[test]
fn two_factors_are_two_and_duress_looks_the_same() {
    board().boot(async |world: &mut World| {
        let mut after = 0;
        set_rule(world, "Ann", two_factors()).await.unwrap();
        world.type_keys("1234#").await;
        assert!(!world.is_open(), "a PIN alone opens nothing");
        assert!(!comes(world, 1).await, "nor does a face alone");
        let asked = events(world, &mut after).await;
        assert!(asked.iter().any(|event| matches!(event, EventKind::PinRequested { person: 1, .. })));
        world.type_keys("1234#").await;
        assert!(world.is_open());
        assert!(comes(world, 2).await, "others need none");

        assert!(!comes(world, 1).await);
        world.wait(15_100).await;
        world.type_keys("1234#").await;
        assert!(!world.is_open(), "too late");
        assert!(!comes(world, 1).await);
        world.type_keys("9999#").await;
        assert!(!world.is_open());
        assert_eq!(denials(world, &mut after).await, [(Some(1), Reason::WrongPin)]);

        let leds = |world: &World| (world.wires.ready.get(), world.wires.refused.get());
        let before = leds(world);
        world.type_keys("1235#").await;
        assert!(world.is_open(), "who is forced gets in");
        assert_eq!(leds(world), before, "and nothing at the door shows it");
        let told = events(world, &mut after).await;
        assert!(told.iter().any(|event| matches!(event, EventKind::Duress { person: 1, .. })));
        let (_, last) = world.host.log().await.pop().unwrap();
        assert_eq!((last.kind, last.reason, last.person), (Kind::Admitted, 1, Some(1)));
    });
}

#[test]
fn a_face_of_another_person_does_not_use_the_code_asked_of_the_first() {
    board().boot(async |world: &mut World| {
        set_rule(world, "Ann", two_factors()).await.unwrap();
        let bobs = Rule { pin: code("7777"), ..Rule::default() };
        set_rule(world, "Bob", bobs).await.unwrap();
        assert!(!comes(world, 1).await && !comes(world, 2).await);
        world.type_keys("1234#").await;
        assert!(!world.is_open(), "Bob with Ann's PIN");
        world.type_keys("7777#").await;
        assert!(world.is_open());
    });
}

#[test]
fn a_stranger_is_slowed_and_shuts_the_door_to_nobody() {
    board().boot(async |world: &mut World| {
        let mut after = 0;
        set_limits(world, Limits { failures: 3, lockout_ms: 10_000, ..Limits::default() }).await;
        for _ in 0..3 {
            assert!(!comes(world, 9).await);
        }
        assert_eq!(denials(world, &mut after).await, [(None, Reason::LockedOut)], "the stranger is slowed");
        assert!(comes(world, 1).await && comes(world, 2).await, "and nobody else");
        for _ in 0..20 {
            assert!(!comes(world, 9).await);
        }
        assert_eq!(
            denials(world, &mut after).await,
            [],
            "what comes meanwhile neither counts nor is compared"
        );
        world.wait(10_000).await;
        assert!(!comes(world, 9).await);
        assert_eq!(denials(world, &mut after).await, [(None, Reason::LockedOut)], "one more is enough now");
        assert!(comes(world, 1).await);
        assert!(world.host.kinds().await.iter().filter(|kind| **kind == Kind::Refused).count() >= 4);
    });
}

/// Pictures of somebody are rationed: they shut the door to that person, for an hour at most, and to nobody else.
#[test]
fn pictures_of_somebody_shut_the_door_to_them_alone_and_a_reset_forgets_nothing() {
    let mut board = board();
    board.boot(async |world: &mut World| {
        let mut after = 0;
        let limits = Limits { failures: 3, lockout_ms: 30_000, ..Limits::default() };
        let settings = Settings { limits, ..Settings::default() };
        world.host.ask(Request::SetSettings(settings)).await.unwrap();
        for _ in 0..9 {
            world.scene.show_bytes(engine::photograph(1));
            world.wait(50).await;
        }
        assert_eq!(denials(world, &mut after).await, [(Some(1), Reason::LockedOut)]);
        for _ in 0..12 {
            world.show(1).await;
        }
        assert!(!world.is_open(), "Ann is locked out");
        for _ in 0..12 {
            world.show(2).await;
        }
        assert!(world.is_open(), "Bob is not");
    });
    board.boot(async |world: &mut World| {
        for _ in 0..12 {
            world.show(1).await;
        }
        assert!(!world.is_open(), "a reset ends no lockout");
        world.wait(30_000).await;
        for _ in 0..30 {
            world.show(1).await;
        }
        assert!(world.is_open(), "and lengthens none");
    });
}

/// A living colleague between two looks at a picture does not end its count.
#[test]
fn pictures_of_somebody_count_though_others_come_in_between() {
    board().boot(async |world: &mut World| {
        let limits = Limits { failures: 3, lockout_ms: 30_000, ..Limits::default() };
        world.host.ask(Request::SetSettings(Settings { limits, ..Settings::default() })).await.unwrap();
        let mut admitted = 0;
        for _ in 0..4 {
            for _ in 0..2 {
                world.scene.show_bytes(engine::photograph(1));
                world.wait(50).await;
            }
            for _ in 0..12 {
                world.show(2).await;
            }
            admitted += u32::from(world.is_open());
            world.wait(6_000).await;
        }
        assert_eq!(admitted, 4, "Bob comes in");
        assert_eq!(
            denials(world, &mut 0).await,
            [(Some(1), Reason::LockedOut)],
            "eight looks after a boot are three failures"
        );
    });
}

#[test]
fn a_bad_look_is_no_failure() {
    board().boot(async |world: &mut World| {
        set_limits(world, Limits { failures: 1, ..Limits::default() }).await;
        for _ in 0..10 {
            world.glance(9).await;
            world.glance(9).await;
            assert!(comes(world, 1).await);
        }
        assert_eq!(denials(world, &mut 0).await, []);
    });
}

/// Ten guesses, then one more after each lockout: whoever comes in between, and however often the board is reset.
#[test]
fn guesses_of_a_code_are_rationed_over_entries_of_others_and_resets() {
    let mut board = board();
    board.boot(async |world: &mut World| {
        set_rule(world, "Ann", two_factors()).await.unwrap();
        set_limits(world, Limits { failures: 10, lockout_ms: 60_000, ..Limits::default() }).await;
    });
    let mut guesses = 0;
    for _ in 0..4 {
        board.boot(async |world: &mut World| {
            let mut after = 0;
            for _ in 0..3 {
                assert!(!comes(world, 1).await);
                world.type_keys(&format!("{guesses:04}#")).await;
                assert!(!world.is_open());
                let wrong = denials(world, &mut after).await;
                guesses += wrong.iter().filter(|one| **one == (Some(1), Reason::WrongPin)).count();
                assert!(comes(world, 2).await, "a colleague comes in between");
            }
        });
    }
    assert_eq!(guesses, 10, "the eleventh is not compared");
    board.boot(async |world: &mut World| {
        assert!(!comes(world, 1).await);
        world.type_keys("1234#").await;
        assert!(!world.is_open(), "the right one comes too late");
        let log = world.host.log().await;
        let told = |(_, entry): &&(u32, audit::Entry)| {
            (entry.kind, entry.reason, entry.person) == (Kind::Refused, Reason::WrongPin as u8, Some(1))
        };
        assert_eq!(log.iter().filter(told).count(), 10, "every wrong code is in the log");
        world.wait(60_000).await;
        assert!(!comes(world, 1).await);
        world.type_keys("1234#").await;
        assert!(world.is_open());
        for _ in 0..9 {
            assert!(!comes(world, 1).await);
            world.type_keys("0000#").await;
        }
        assert!(!comes(world, 1).await);
        world.type_keys("1234#").await;
        assert!(world.is_open(), "her own success cleared her count");
    });
}

#[test]
fn who_came_in_does_not_come_in_again_within_the_time() {
    board().boot(async |world: &mut World| {
        let mut after = 0;
        set_limits(world, Limits { passback_ms: 60_000, ..Limits::default() }).await;
        assert!(comes(world, 1).await);
        assert!(!comes(world, 1).await);
        assert_eq!(denials(world, &mut after).await, [(Some(1), Reason::Passback)]);
        assert!(comes(world, 2).await);
        world.wait(60_000).await;
        assert!(comes(world, 1).await);
    });
}

#[test]
fn rules_that_do_not_hold_together_are_refused_and_codes_are_told_to_nobody() {
    board().boot(async |world: &mut World| {
        let same = Rule { pin: code("1234"), duress_pin: code("1234"), ..Rule::default() };
        let alone = Rule { duress_pin: code("1234"), ..Rule::default() };
        for bad in [same, alone] {
            assert_eq!(set_rule(world, "Ann", bad).await, Err(Error::BadRule));
        }
        assert!(matches!(set_rule(world, "Eve", office()).await, Err(Error::UnknownPerson { .. })));
        let limits = Limits { failures: 0, ..Limits::default() };
        let refused = world.host.ask(Request::SetSettings(Settings { limits, ..settings() })).await;
        assert!(matches!(refused, Err(Error::BadSetting { .. })));
        assert!(comes(world, 1).await, "nothing changed");

        set_rule(world, "Ann", two_factors()).await.unwrap();
        world.host.ask(Request::Invite { role: Role::Auditor }).await.unwrap();
        world.host.become_host(8);
        world.host.begin_pairing(Role::Auditor, "audit").await.unwrap();
        world.confirm().await;
        world.host.ask(Request::PollPairing).await.unwrap();
        let told = world.host.ask(Request::GetRule { name: Name::try_from("Ann").unwrap() }).await;
        let rule = Response::Rule {
            person: 1,
            schedule: Schedule::ALWAYS,
            pin: true,
            duress_pin: true,
            suspended: false,
        };
        assert_eq!(told, Ok(rule));
        let refused = set_rule(world, "Ann", Rule::default()).await;
        assert_eq!(refused, Err(Error::Forbidden { needed: Role::Operator }));
    });
}

#[test]
fn an_unpaired_host_neither_reads_nor_sets_rules() {
    board().boot(async |world: &mut World| {
        world.host.become_host(66);
        assert_eq!(set_rule(world, "Ann", Rule::default()).await, Err(Error::Unpaired));
        let name = Name::try_from("Ann").unwrap();
        assert_eq!(world.host.ask(Request::GetRule { name }).await, Err(Error::Unpaired));
    });
}

#[test]
fn no_pin_is_heard_while_failures_cannot_be_written() {
    let mut board = board();
    board.boot(async |world: &mut World| {
        set_rule(world, "Ann", two_factors()).await.unwrap();
        assert!(!comes(world, 1).await);
        world.supply.broken.set(Some("settings"));
        world.type_keys("9999#").await;
        world.type_keys("1234#").await;
        assert!(!world.is_open(), "the guess before would be forgotten at a reset");
        world.supply.broken.set(None);
        world.type_keys("1234#").await;
        assert!(world.is_open(), "it is written now");
    });
}

#[test]
fn the_right_pin_opens_nothing_while_failures_cannot_be_written() {
    let mut board = board();
    board.boot(async |world: &mut World| set_rule(world, "Ann", two_factors()).await.map(drop).unwrap());
    // A power cycle would make the board forget a wrong one, so the right one must gain nothing either.
    board.boot(async |world: &mut World| {
        world.supply.broken.set(Some("settings"));
        assert!(!comes(world, 1).await);
        world.type_keys("1234#").await;
        assert!(!world.is_open());
        world.supply.broken.set(None);
        assert!(!comes(world, 1).await);
        world.type_keys("1234#").await;
        assert!(world.is_open());
    });
}

#[test]
fn no_pin_is_heard_while_the_door_is_paused() {
    let mut board = board();
    board.boot(async |world: &mut World| {
        set_rule(world, "Ann", two_factors()).await.unwrap();
        assert!(!comes(world, 1).await);
        world.host.ask(Request::PauseDoor { ms: 10_000 }).await.unwrap();
        world.type_keys("1234#").await;
        assert!(!world.is_open());
        world.wait(10_000).await;
        assert!(!comes(world, 1).await);
        world.type_keys("1234#").await;
        assert!(world.is_open());
    });
}
