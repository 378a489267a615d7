//! Nobody outside the door can flush the audit log.

use crate::journal::board;
use crate::simulation::{World, engine};
use audit::{Entry, Fault, Kind};
use board_api::ResetReason;
use policy::Reason;
use protocol::{LivenessMode, Request, Settings};

/// A stranger who stands at the door for twelve minutes makes twelve entries, not seven hundred.
#[test]
fn somebody_who_stays_is_logged_once_a_minute_and_counted() {
    let mut board = board();
    board.boot(async |world: &mut World| {
        let settings = Settings { liveness: LivenessMode::Off, ..Settings::default() };
        world.host.ask(Request::SetSettings(settings)).await.unwrap();
        let before = world.host.log().await.len();
        for _ in 0..720 {
            world.glance(9).await;
            world.wait(950).await;
        }
        let log = world.host.log().await;
        assert!(log[before..].iter().all(|(_, entry)| entry.kind == Kind::Refused));
        let of = |reason: Reason| {
            let entries = log[before..].iter().map(|(_, entry)| entry);
            entries.filter(|entry| entry.reason == reason as u8).collect::<Vec<_>>()
        };
        // The lockouts last half a minute, then one, two, four and eight minutes.
        assert_eq!(of(Reason::LockedOut).len(), 5);
        let refusals = of(Reason::Stranger);
        assert_eq!((refusals.len(), log.len()), (12, before + 17));
        let looks = |entry: &audit::Entry| u32::from_le_bytes(entry.detail[..4].try_into().unwrap());
        assert_eq!(looks(refusals[0]), 0);
        assert!(refusals[1..].iter().all(|entry| (58..=60).contains(&looks(entry))));
        world.wait(11_000).await;
        world.glance(9).await;
        assert_eq!(world.host.log().await.len(), before + 18, "after ten seconds it is somebody new");
        for _ in 0..30 {
            world.glance(0).await;
        }
        assert_eq!(world.host.log().await.len(), before + 18, "nobody there is no decision");
    });
}

/// A phone that shows two people in turn is somebody new at each frame. Its entries are rationed, and the others counted.
#[test]
fn pictures_in_turn_cannot_flush_the_log() {
    let mut board = board();
    board.boot(async |world: &mut World| {
        world.host.enrol("Bob", 2).await.unwrap();
        let before = world.host.log().await.len();
        for frame in 0..600_u32 {
            world.scene.show_bytes(engine::photograph(1 + (frame % 2) as u8));
            world.wait(100).await;
        }
        let log = world.host.log().await;
        let entries = log.len() - before;
        assert!((2..=65).contains(&entries), "{entries} entries of 600 frames in a minute");
    });
}

#[test]
fn the_exit_button_hides_no_alarm() {
    board().boot(async |world: &mut World| {
        for _ in 0..64 {
            world.press().await;
        }
        world.wires.cover.set(true);
        world.wait(300).await;
        let log = world.host.log().await;
        let cover = |entry: &Entry| entry.kind == Kind::Alarm && entry.reason == policy::Alarm::Cover as u8;
        assert!(log.iter().any(|(_, entry)| cover(entry)));
    });
}

/// Neither a reset nor a power cut renews what somebody outside, or at the button, may write.
#[test]
fn a_restart_gives_no_ration_back() {
    let mut board = board();
    let before = board.boot(async |world: &mut World| {
        world.host.enrol("Bob", 2).await.unwrap();
        world.host.log().await.len()
    });
    for power_on in 0..6 {
        board.reset = (power_on % 2 == 0).then_some(ResetReason::Watchdog);
        board.boot(async |world: &mut World| {
            for step in 0..50 {
                world.scene.show_bytes(engine::photograph(1 + (step % 2) as u8));
                world.press().await;
            }
        });
    }
    board.boot(async |world: &mut World| {
        let log = world.host.log().await;
        let of = |kind| log[before..].iter().filter(|(_, entry)| entry.kind == kind).count();
        // A minute has passed, in which one comes back.
        assert!((50..=62).contains(&of(Kind::Button)), "{} presses", of(Kind::Button));
        assert!((20..=62).contains(&of(Kind::Refused)), "{} refusals", of(Kind::Refused));
    });
}

#[test]
fn the_exit_button_cannot_flush_the_log() {
    board().boot(async |world: &mut World| {
        let presses = async |world: &mut World| {
            let log = world.host.log().await;
            log.iter().filter(|(_, entry)| entry.kind == Kind::Button).count()
        };
        for _ in 0..300 {
            world.press().await;
        }
        // A minute has passed.
        let entries = presses(world).await;
        assert!((60..=63).contains(&entries), "{entries} entries");
        world.wait(60_000).await;
        world.press().await;
        let log = world.host.log().await;
        let of_missed = |entry: &Entry| entry.kind == Kind::Fault && entry.reason == Fault::Missed as u8;
        let missed = log.iter().map(|(_, entry)| *entry).filter(of_missed);
        let others: u32 = missed.map(|entry| u32::from_le_bytes(*entry.detail.first_chunk().unwrap())).sum();
        assert_eq!(others, 300 - entries as u32, "the others are counted");
        assert_eq!(presses(world).await, entries + 1);
    });
}
