//! Somebody whose PIN is requested looks at the keypad: what the camera sees of them meanwhile is no try, and leads nowhere.

use crate::challenge::{Visitor, asked};
use crate::simulation::rules::{board, denials, set_rule, settings, two_factors};
use crate::simulation::{Board, World, engine, engine::Pose};
use audit::Kind;
use liveness::{MIN_SAMPLES, MOTION_SAMPLES};
use policy::Reason;
use protocol::{Limits, LivenessMode, Request, Settings};

/// A board where Ann has a PIN, and one failure locks out.
fn guarded(liveness: LivenessMode) -> Board {
    let mut board = board();
    board.boot(async |world: &mut World| {
        let limits = Limits { failures: 1, lockout_ms: 3_600_000, pin_ms: 30_000, ..Limits::default() };
        world.host.ask(Request::SetSettings(Settings { limits, liveness, ..settings() })).await.unwrap();
        set_rule(world, "Ann", two_factors()).await.unwrap();
    });
    board
}

/// Shows a living face for some frames.
async fn moves(world: &mut World, person: u8, moments: impl Iterator<Item = u8>) {
    for moment in moments {
        world.scene.show_bytes(engine::moment(person, moment));
        world.wait(50).await;
    }
}

/// Shows the same frame again and again.
async fn holds(world: &mut World, frame: Vec<u8>, frames: usize) {
    for _ in 0..frames {
        world.scene.show_bytes(frame.clone());
        world.wait(50).await;
    }
}

async fn types(world: &mut World, pin: &str) -> bool {
    world.type_keys(pin).await;
    world.is_open()
}

/// As many frames as an admission takes without a PIN.
const ENOUGH: u8 = MIN_SAMPLES as u8 + 2;

#[test]
fn who_stands_still_while_their_pin_is_asked_for_fails_nothing() {
    guarded(LivenessMode::Passive).boot(async |world: &mut World| {
        moves(world, 1, 0..ENOUGH).await;
        for frame in [engine::moment(1, 9), engine::photograph(1)] {
            holds(world, frame, 5 * MOTION_SAMPLES).await;
            assert!(!world.wires.refused.get(), "nor does the LED say so");
        }
        assert_eq!(denials(world, &mut 0).await, []);
        assert!(types(world, "1234#").await);
        let seen = world.host.kinds().await.iter().filter(|kind| **kind == Kind::Refused).count();
        assert!(seen > 0, "the log has what was held up");
    });
    // It is of that person, and of that time.
    guarded(LivenessMode::Passive).boot(async |world: &mut World| {
        moves(world, 1, 0..ENOUGH).await;
        holds(world, engine::photograph(2), 3).await;
        assert_eq!(denials(world, &mut 0).await, [(Some(2), Reason::LockedOut)], "Bob's picture");
        world.wait(30_000).await;
        holds(world, engine::photograph(1), 3).await;
        let denied = denials(world, &mut 0).await;
        assert_eq!(denied.last(), Some(&(Some(1), Reason::LockedOut)), "the request is over");
    });
}

/// Whoever has passed once by a picture has no looks for nothing that lead to the next request.
#[test]
fn what_was_seen_while_a_pin_was_asked_for_counts_for_nothing_after_it() {
    guarded(LivenessMode::Passive).boot(async |world: &mut World| {
        moves(world, 1, 0..ENOUGH).await;
        world.wait(29_000).await;
        // All but the last of the frames that agree.
        moves(world, 1, 10..10 + ENOUGH - 1).await;
        world.wait(1_000).await;
        moves(world, 1, 30..31).await;
        assert!(!types(world, "1234#").await, "nothing is asked");
        moves(world, 1, 31..30 + ENOUGH).await;
        assert!(types(world, "1234#").await, "it takes as many frames as ever");
    });
}

/// Nor has anybody an order drawn for nothing: none is drawn.
#[test]
fn nobody_is_asked_to_move_while_their_pin_is_asked_for() {
    guarded(LivenessMode::Challenge).boot(async |world: &mut World| {
        let mut visitor = Visitor::default();
        let (_, gestures) = visitor.visit(world, 120, Some).await;
        assert_eq!(gestures.len(), liveness::STEPS, "before the PIN is asked for");
        // As long as a gesture is waited for, and more.
        for _ in 0..250 {
            visitor.step(world, Pose::default()).await;
            assert_eq!(asked(world), None);
        }
        assert_eq!(denials(world, &mut 0).await, []);
        assert!(types(world, "1234#").await);
    });
}
