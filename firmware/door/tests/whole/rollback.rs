//! Older states of the flash: a board with a monotonic counter finds them, admits nobody, and says so in its log.

use crate::lost::lose;
use crate::simulation::{
    Board, World, engine,
    firmware::{BOARD, image},
    host::{self, signing_key},
    rules::{board, comes, denials, restore_limits, set_limits, set_rule, settings, two_factors},
};
use audit::{Fault, Kind};
use embassy_time::Duration;
use policy::Reason;
use protocol::{Enrolment, Error, Limits, MAX_CHUNK, Matching, ModelKind, Name, Request, Response, Settings};

/// The reasons of all faults in the log.
async fn faults(world: &mut World) -> Vec<u8> {
    let log = world.host.log().await.into_iter();
    log.filter(|(_, entry)| entry.kind == Kind::Fault).map(|(_, entry)| entry.reason).collect()
}

/// Puts the flash of an older board into a board.
fn restore(board: &mut Board, old: &Board) {
    let older = old.copy();
    (board.gallery, board.settings, board.log) = (older.gallery, older.settings, older.log);
    (board.firmware, board.record, board.requests) = (older.firmware, older.record, older.requests);
}

#[test]
fn an_older_copy_of_the_flash_admits_nobody_and_is_logged() {
    let mut board = board();
    let old = board.copy();
    board.boot(async |world: &mut World| {
        world.host.ask(Request::Remove { name: Name::try_from("Ann").unwrap() }).await.unwrap();
        set_rule(world, "Bob", two_factors()).await.unwrap();
    });
    let whole = board.copy();
    for all in [true, false] {
        let mut board = whole.copy();
        if all {
            restore(&mut board, &old)
        } else {
            board.settings = old.settings.clone()
        }
        board.boot(async |world: &mut World| {
            assert!(!comes(world, 1).await, "Ann was removed");
            assert!(!comes(world, 2).await, "Bob needs his PIN");
            let asked = world.host.ask(Request::GetSettings).await;
            assert_eq!(asked, Err(Error::HostsLost), "the hosts may be older ones: nobody is served");
        });
        // What the board wrote is read by a board whose settings are the newest.
        let mut reader = whole.copy();
        reader.log = board.log.clone();
        reader.boot(async |world: &mut World| {
            assert!(faults(world).await.contains(&(Fault::RolledBack as u8)));
        });
    }
}

#[test]
fn a_board_without_a_counter_says_so_and_works() {
    let mut board = Board::unpaired();
    board.counter = None;
    board.boot(host::pair);
    board.boot(async |world: &mut World| {
        let Ok(Response::Status(status)) = world.host.ask(Request::Status).await else { panic!() };
        assert_eq!((status.counter, status.hosts), (None, 1));
    });
    let mut board = self::board();
    board.boot(async |world: &mut World| {
        let counter = async |world: &mut World| {
            let Ok(Response::Status(status)) = world.host.ask(Request::Status).await else { panic!() };
            status.counter.unwrap()
        };
        let before = counter(world).await;
        assert!(comes(world, 1).await);
        assert_eq!(counter(world).await, before, "an entry does not raise it");
        world.host.enrol("Eve", 3).await.unwrap();
        assert_eq!(
            counter(world).await,
            before + 2,
            "the first change of a boot, and the number of a person"
        );
        let more = world.host.enrol_as("Eve", 3, 1, Enrolment::AddAnyTemplate).await;
        assert!(more.is_ok() && counter(world).await == before + 2, "a template does not");
        set_limits(world, Limits::default()).await;
        assert_eq!(counter(world).await, before + 5, "three records of the settings");
        world.host.enrol("Fay", 4).await.unwrap();
        assert_eq!(counter(world).await, before + 6, "the number of a person");
    });
}

/// Steps of a counter are few. Who types at the keypad without being asked spends none.
#[test]
fn pins_that_are_compared_with_nothing_raise_no_counter() {
    let mut board = board();
    let counter = board.counter.clone().unwrap();
    let steps = || counter.load(std::sync::atomic::Ordering::Relaxed);
    board.boot(async |world: &mut World| {
        let before = steps();
        for _ in 0..50 {
            world.type_keys("1111#").await;
        }
        assert_eq!(steps(), before, "nobody asked for a PIN");
        let limits = Limits { failures: 2, lockout_ms: 3_600_000, ..Limits::default() };
        let settings = Settings { matching: Matching::Verify, limits, ..settings() };
        world.host.ask(Request::SetSettings(settings)).await.unwrap();
        let before = steps();
        for _ in 0..50 {
            world.type_keys("1111#").await;
        }
        assert_eq!(steps(), before + 2, "two failures, and then PINs are locked out");
    });
}

/// A counter that can no longer be raised ends changes, and not the door.
#[test]
fn a_worn_counter_refuses_changes_before_the_board_distrusts_its_flash() {
    let mut board = board();
    crate::simulation::counter::wear_out(true);
    board.boot(async |world: &mut World| {
        for turn in 0..100 {
            let limits = Limits { held_ms: 1_000 + turn, ..Limits::default() };
            let settings = Settings { limits, ..settings() };
            assert!(world.host.ask(Request::SetSettings(settings)).await.is_err(), "not confirmed");
        }
    });
    board.boot(async |world: &mut World| {
        assert!(comes(world, 1).await, "people still come in");
        // A stranger is refused, and no failure can be listed.
        let before = faults(world).await.len();
        for _ in 0..30 {
            assert!(!comes(world, 9).await);
        }
        let after = faults(world).await.len();
        assert!(after <= before + 1, "{before} faults, then {after}: not one for each frame");
    });
    crate::simulation::counter::wear_out(false);
    board.boot(async |world: &mut World| {
        set_limits(world, Limits::default()).await;
        assert!(comes(world, 1).await);
    });
}

/// The list of rules is in flash twice. A boot that cannot write the second again goes by the first.
#[test]
fn a_rule_that_is_refused_by_a_worn_counter_shuts_nobody_else_out() {
    let mut board = board();
    crate::simulation::counter::wear_out(true);
    for tries in [1, 100] {
        let mut board = board.copy();
        board.boot(async |world: &mut World| {
            for _ in 0..tries {
                assert!(set_rule(world, "Bob", two_factors()).await.is_err(), "not confirmed");
            }
        });
        for _ in 0..2 {
            board.boot(async |world: &mut World| assert!(comes(world, 1).await, "after {tries} tries"));
        }
    }
    crate::simulation::counter::wear_out(false);
    board.boot(async |world: &mut World| assert!(comes(world, 1).await));
}

/// Whoever cuts the power gains no try by a counter that can no longer be raised, and no room in the log.
#[test]
fn failures_and_rations_outlive_resets_where_the_counter_cannot_be_raised() {
    let mut board = Board::with_two_people();
    board.boot(async |world: &mut World| {
        let limits = Limits { failures: 10, lockout_ms: 3_600_000, ..Limits::default() };
        world.host.ask(Request::SetSettings(Settings { limits, ..Settings::default() })).await.unwrap();
    });
    crate::simulation::counter::wear_out(true);
    let fail = async |world: &mut World| {
        for _ in 0..3 {
            world.scene.show_bytes(engine::photograph(1));
            world.wait(50).await;
        }
        world.wait(100).await;
        denials(world, &mut 0).await
    };
    for boot in 0..3 {
        board.boot(async |world: &mut World| {
            for failure in 0..3 {
                assert_eq!(fail(world).await, [], "boot {boot}, failure {failure}");
            }
        });
    }
    board.boot(async |world: &mut World| {
        assert_eq!(fail(world).await, [(Some(1), Reason::LockedOut)], "the tenth");
        // The log has one fault a boot, and not one for each failure.
        assert_eq!(faults(world).await, [Fault::Settings as u8; 4]);
    });
    board.boot(async |world: &mut World| {
        for _ in 0..12 {
            world.show(1).await;
        }
        assert!(!world.is_open(), "Ann is locked out");
        for _ in 0..12 {
            world.show(2).await;
        }
        assert!(world.is_open(), "and Bob is not");
    });
    let press = async |world: &mut World| {
        for _ in 0..64 {
            world.press().await;
        }
        let log = world.host.log().await.into_iter();
        log.filter(|(_, entry)| entry.kind == Kind::Button).count()
    };
    let before = board.boot(press);
    assert!((50..=62).contains(&before), "{before} presses");
    let after = board.boot(press);
    assert!(after < before + 10, "{before}, then {after}");
    crate::simulation::counter::wear_out(false);
}

/// PINs wear neither the counter nor the flash where they are not heard.
#[test]
fn pins_that_are_not_heard_for_a_worn_counter_write_nothing() {
    let mut board = board();
    board.boot(async |world: &mut World| {
        world
            .host
            .ask(Request::SetSettings(Settings { matching: Matching::Verify, ..settings() }))
            .await
            .unwrap();
        set_rule(world, "Ann", two_factors()).await.unwrap();
    });
    crate::simulation::counter::wear_out(true);
    board.boot(async |world: &mut World| {
        for _ in 0..2 {
            world.type_keys("1234#").await;
            assert!(!comes(world, 1).await, "no PIN is heard");
        }
        world.supply.trace.replace(Some(Vec::new()));
        for _ in 0..20 {
            world.type_keys("1234#").await;
        }
        let trace = world.supply.trace.replace(None).unwrap();
        assert!(trace.iter().all(|(partition, _)| *partition != "settings"), "{trace:?}");
    });
    crate::simulation::counter::wear_out(false);
    board.boot(async |world: &mut World| {
        world.type_keys("1234#").await;
        assert!(comes(world, 1).await);
    });
}

/// Sends release 2 of the firmware.
async fn send_update(world: &mut World) {
    let update = image(BOARD, 2, &signing_key());
    world.host.ask(host::begin(&signing_key(), ModelKind::Firmware, &update, 2)).await.unwrap();
    for (at, data) in (0u32..).zip(update.chunks(MAX_CHUNK)) {
        world.host.ask(Request::ModelChunk { offset: at * MAX_CHUNK as u32, data }).await.unwrap();
    }
    world.host.ask(Request::CommitModel).await.unwrap();
}

/// Makes release 2 of the firmware the active one: it is on trial, confirmed, and known.
fn update(board: &mut Board) {
    board.boot(send_update);
    for _ in 0..2 {
        board.boot(async |world: &mut World| world.wait(3_000).await);
    }
    board.boot(async |world: &mut World| assert!(comes(world, 1).await));
}

/// The flash of what is requested of the boot loader may fail, or be worn. The boot record is known all the same.
#[test]
fn an_older_boot_record_admits_nobody_where_requests_cannot_be_read_or_written() {
    let mut board = board();
    board.boot(send_update);
    for _ in 0..boot::TRIALS {
        // It is reset before it can confirm itself.
        board.boot(async |_: &mut World| ());
    }
    let supply = board.supply.clone();
    supply.broken.set(Some("requests"));
    board.boot(async |world: &mut World| assert!(comes(world, 1).await, "release 1 is the newest that ran"));
    supply.broken.set(None);
    // Its record says that release 2 came back, which the firmware has to settle.
    let old = board.copy();
    update(&mut board);
    (board.firmware, board.record, board.requests) = (old.firmware, old.record, old.requests);
    for fails in ["write", "read"] {
        let mut board = board.copy();
        let broken = if fails == "write" { &board.supply.broken } else { &board.supply.unreadable };
        broken.set(Some("requests"));
        board.boot(async |world: &mut World| {
            assert!(!comes(world, 1).await, "{fails}");
            assert_eq!(faults(world).await, [Fault::RolledBack as u8], "{fails}");
            let update = image(BOARD, 2, &signing_key());
            let begun = world.host.ask(host::begin(&signing_key(), ModelKind::Firmware, &update, 2)).await;
            assert_eq!(begun, Err(Error::Flash), "{fails}");
        });
    }
}

#[test]
fn an_older_boot_record_and_its_firmware_admit_nobody() {
    let mut board = board();
    let old = board.copy();
    update(&mut board);
    let newest = board.copy();
    (board.firmware, board.record, board.requests) =
        (old.firmware.clone(), old.record.clone(), old.requests.clone());
    let older = board.copy();
    board.boot(async |world: &mut World| {
        assert!(!comes(world, 1).await, "release 1 is not the newest that ran");
        assert_eq!(faults(world).await, [Fault::RolledBack as u8]);
        set_limits(world, Limits::default()).await;
        assert!(!comes(world, 1).await, "another setting makes the firmware no newer");
        restore_limits(world, Limits::default()).await;
        assert!(!comes(world, 1).await, "nor do all of them");
    });
    // A record that was lost has a second one, and where both are lost no boot record is new enough.
    for (board, lost, admits) in [
        (&newest, &[NEWEST_FIRMWARE][..], true),
        (&older, &[NEWEST_FIRMWARE], false),
        (&older, &[NEWEST_FIRMWARE, SECOND], false),
        (&newest, &[NEWEST_FIRMWARE, SECOND], false),
    ] {
        let mut board = board.copy();
        lost.iter().for_each(|key| lose(&mut board, *key));
        for boots in 1..=3 {
            board.boot(async |world: &mut World| {
                assert_eq!(comes(world, 1).await, admits, "{lost:x?}, boot {boots}");
                let found =
                    faults(world).await.iter().filter(|fault| **fault == Fault::RolledBack as u8).count();
                assert_eq!(found, if admits { 0 } else { boots }, "{lost:x?}");
                // It is found at the next boot, too.
                restore_limits(world, Limits::default()).await;
                assert_eq!(comes(world, 1).await, admits, "{lost:x?}");
            });
        }
    }
}

/// The keys of the records of the newest release of the firmware.
const NEWEST_FIRMWARE: u16 = 0x0224;
const SECOND: u16 = 0x0204;

/// The keys of the index of the failures, and of their first page.
const FAILURES: [u16; 2] = [0x023b, 0x0260];

#[test]
fn lost_failures_lock_everybody_out_for_an_hour_or_until_an_installer_sets_all_settings() {
    for key in FAILURES {
        failures_are_lost(key);
    }
}

fn failures_are_lost(key: u16) {
    let mut board = board();
    board.boot(async |world: &mut World| {
        set_rule(world, "Ann", two_factors()).await.unwrap();
        assert!(!comes(world, 1).await);
        world.type_keys("9999#").await;
    });
    lose(&mut board, key);
    let damaged = board.copy();
    board.boot(async |world: &mut World| {
        assert!(!comes(world, 9).await);
        world.type_keys("9999#").await;
    });
    board.boot(async |world: &mut World| {
        assert!(!comes(world, 2).await, "neither a failure nor a reset in between ends it");
    });
    board.boot(async |world: &mut World| {
        assert!(!comes(world, 2).await, "nobody knows who was locked out");
        assert!(faults(world).await.contains(&(Fault::Settings as u8)));
        set_limits(world, Limits::default()).await;
        assert!(!comes(world, 2).await, "that one setting changes says nothing of who was locked out");
        restore_limits(world, Limits::default()).await;
        assert!(comes(world, 2).await);
    });
    board.boot(async |world: &mut World| assert!(comes(world, 2).await, "and it stays so"));
    let mut board = damaged;
    board.boot(async |world: &mut World| {
        for minute in 0..60 {
            assert!(minute % 10 != 0 || !comes(world, 2).await, "minute {minute}");
            for _ in 0..3 {
                mock_time::advance(Duration::from_secs(20));
                world.wait(1_100).await;
            }
        }
        assert!(comes(world, 2).await, "after an hour failures are counted again");
    });
}
