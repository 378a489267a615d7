//! The pins: door contact, cover switch, alarm output, fail-safe and fail-secure lock.

use crate::simulation::{Board, World};
use audit::Kind;
use policy::Alarm;
use protocol::{Error, EventKind, FrameResult, Limits, Request, Response, Settings};

/// A board that knows person 1.
fn board() -> Board {
    let mut board = Board::with_models();
    board.boot(async |world: &mut World| {
        world.host.enrol("Ann", 1).await.unwrap();
    });
    board
}

/// Person 1 stands there until the lock changes, or for as many frames as an admission takes.
async fn comes(world: &mut World) {
    // A fail-safe lock has current while it is locked.
    let locked = world.is_open();
    for _ in 0..12 {
        world.show(1).await;
        if world.is_open() != locked {
            break;
        }
    }
}

async fn contact(world: &World, open: bool) {
    world.wires.contact.set(open);
    world.wait(100).await;
}

async fn cover(world: &World, open: bool) {
    world.wires.cover.set(open);
    world.wait(100).await;
}

/// The alarms in the audit log, and whether each entry reports the end of an alarm.
async fn alarms(world: &mut World) -> Vec<(u8, bool)> {
    let log = world.host.log().await.into_iter().map(|(_, entry)| entry);
    log.filter(|entry| entry.kind == Kind::Alarm).map(|entry| (entry.reason, entry.detail[0] == 1)).collect()
}

#[test]
fn a_forced_door_alarms_until_it_is_closed() {
    board().boot(async |world: &mut World| {
        world.wait(200).await;
        assert!(!world.wires.alarm.get());
        contact(world, true).await;
        assert!(world.wires.alarm.get() && !world.is_open());
        world.wait(60_000).await;
        assert_eq!(alarms(world).await, [(Alarm::Forced as u8, false)], "once");
        contact(world, false).await;
        assert!(!world.wires.alarm.get());
        let events = world.host.ask(Request::NextEvents { after: 0 }).await;
        let Ok(Response::Events { events, .. }) = events else { panic!("{events:?}") };
        let forced = EventKind::Alarm { alarm: Alarm::Forced, over: false };
        assert!(events.iter().any(|event| event.kind == forced));
    });
}

#[test]
fn the_status_says_contact_cover_and_alarm_as_they_are_now() {
    /// Contact, cover, alarm.
    async fn status(world: &mut World) -> (bool, bool, bool) {
        let Ok(Response::Status(status)) = world.host.ask(Request::Status).await else { panic!("no status") };
        (status.contact_open, status.cover_open, status.alarm)
    }
    board().boot(async |world: &mut World| {
        world.wait(200).await;
        assert_eq!(status(world).await, (false, false, false));
        contact(world, true).await;
        assert_eq!(status(world).await, (true, false, true), "forced open");
        contact(world, false).await;
        assert_eq!(status(world).await, (false, false, false));
        world.press().await;
        contact(world, true).await;
        assert_eq!(status(world).await, (true, false, false), "somebody goes out");
        contact(world, false).await;
        cover(world, true).await;
        // An open cover ends the session.
        world.host.become_host(7);
        assert_eq!(status(world).await, (false, true, true));
    });
}

#[test]
fn a_door_that_is_used_is_no_alarm_and_one_held_open_is() {
    board().boot(async |world: &mut World| {
        comes(world).await;
        contact(world, true).await;
        world.wait(5_000).await;
        contact(world, false).await;
        world.press().await;
        contact(world, true).await;
        world.wait(20_000).await;
        assert!(!world.wires.alarm.get(), "not within the time");
        world.wait(15_000).await;
        assert!(world.wires.alarm.get());
        contact(world, false).await;
        assert!(!world.wires.alarm.get());
        assert_eq!(alarms(world).await, [(Alarm::Held as u8, false)]);

        let limits = Limits { held_ms: 0, ..Limits::default() };
        world.host.ask(Request::SetSettings(Settings { limits, ..Settings::default() })).await.unwrap();
        world.press().await;
        contact(world, true).await;
        world.wait(120_000).await;
        assert!(!world.wires.alarm.get(), "it may stand open");
    });
}

#[test]
fn a_contact_that_bounces_is_no_forced_door() {
    board().boot(async |world: &mut World| {
        for _ in 0..200 {
            world.wires.contact.set(!world.wires.contact.get());
            world.wait(20).await;
        }
        world.wires.contact.set(false);
        world.wait(100).await;
        assert!(alarms(world).await.is_empty());
    });
}

#[test]
fn an_open_cover_locks_wipes_the_session_and_lets_nobody_in_from_outside() {
    board().boot(async |world: &mut World| {
        comes(world).await;
        assert!(world.is_open());
        assert!(world.host.ask(Request::GetSettings).await.is_ok());
        cover(world, true).await;
        assert!(!world.is_open() && world.wires.alarm.get(), "it locks at once");
        assert_eq!(world.host.ask(Request::GetSettings).await, Err(Error::NoSession));

        comes(world).await;
        assert!(!world.is_open());
        world.press().await;
        assert!(world.is_open(), "nobody is locked in");
        world.wait(3_000).await;
        cover(world, false).await;
        assert!(!world.wires.alarm.get());
        comes(world).await;
        assert!(world.is_open());

        world.host.become_host(7);
        assert_eq!(alarms(world).await, [(Alarm::Cover as u8, false), (Alarm::Cover as u8, true)]);
        let log = world.host.log().await;
        assert!(log.iter().all(|(_, entry)| entry.kind != Kind::Refused), "no frame was assessed");
    });
}

#[test]
fn no_frame_is_assessed_while_the_cover_is_open() {
    board().boot(async |world: &mut World| {
        cover(world, true).await;
        world.host.become_host(7);
        // Neither somebody who is known nor a stranger.
        for person in [1, 9] {
            world.show(person).await;
        }
        let events = world.host.ask(Request::NextEvents { after: 0 }).await;
        let Ok(Response::Events { events, .. }) = events else { panic!("{events:?}") };
        let results: Vec<_> = events
            .iter()
            .filter_map(|event| match &event.kind {
                EventKind::FrameAssessed { result, faces, .. } => Some((result.clone(), *faces)),
                _ => None,
            })
            .collect();
        assert!(results.len() >= 2);
        assert!(results.iter().all(|seen| *seen == (FrameResult::Unable, 0)), "{results:?}");
    });
}

#[test]
fn a_pairing_does_not_outlive_an_open_cover() {
    Board::unpaired().boot(async |world: &mut World| {
        world.host.begin_pairing(protocol::Role::Installer, "desk").await.unwrap();
        assert!(world.wires.code.get().is_some());
        cover(world, true).await;
        assert_eq!(world.wires.code.get(), None);
        world.confirm().await;
        assert_eq!(world.host.ask(Request::PollPairing).await, Err(Error::NoSession));
    });
}

#[test]
fn a_fail_safe_lock_holds_by_current_and_opens_without() {
    let mut board = board();
    board.boot(async |world: &mut World| {
        let limits = Limits { fail_safe: true, ..Limits::default() };
        world.host.ask(Request::SetSettings(Settings { limits, ..Settings::default() })).await.unwrap();
        world.wait(100).await;
        let current = |world: &World| world.wires.lock.get();
        assert!(current(world), "it holds");
        comes(world).await;
        assert!(!current(world), "it lets go");
        world.wait(3_100).await;
        assert!(current(world));
        world.wires.hung.set(true);
        world.wait(61_000).await;
        assert!(
            current(world),
            "a back that hangs locks, until the watchdog resets the board, which lets go"
        );
    });
    board.boot(async |world: &mut World| {
        world.wait(100).await;
        assert!(world.wires.lock.get(), "after a boot it holds again");
        assert!(!matches!(world.host.ask(Request::Status).await, Ok(Response::Status(status)) if status.door != protocol::Door::Locked));
    });
}

/// An `InterruptExecutor` only takes futures that are `Send`.
#[test]
fn input_and_output_can_run_at_interrupt_priority() {
    use crate::simulation::parts::SendParts;
    fn is_send(_: &impl Send) {}
    static LINK: door::Link = door::Link::new();
    is_send(&door::run_io(SendParts::io(), &LINK));
}
