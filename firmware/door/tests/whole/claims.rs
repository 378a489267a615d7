//! A door that verifies: what is seen belongs to the claim under which it was seen. Before a claim nothing counts, and nothing tells.

use crate::challenge::{self, Visitor, asked};
use crate::simulation::rules::{board, code, comes, denials, events, set_rule, settings, two_factors};
use crate::simulation::{World, engine, engine::Pose};
use policy::{Reason, Rule};
use protocol::{EventKind, FrameResult, Limits, LivenessMode, Matching, Request, Settings};

/// Sets the door to verify. Ann types 1234, Bob 7777.
async fn verify(world: &mut World, liveness: LivenessMode, limits: Limits) {
    let settings = Settings { matching: Matching::Verify, limits, liveness, ..settings() };
    world.host.ask(Request::SetSettings(settings)).await.unwrap();
    set_rule(world, "Ann", two_factors()).await.unwrap();
    set_rule(world, "Bob", Rule { pin: code("7777"), ..Rule::default() }).await.unwrap();
}

/// Shows a living face, or what stays of one, for some frames. Returns how many it took until the door was open.
async fn shows(world: &mut World, person: u8, moments: impl Iterator<Item = u8>) -> Option<usize> {
    for (at, moment) in moments.enumerate() {
        world.scene.show_bytes(engine::moment(person, moment));
        world.wait(50).await;
        if world.is_open() {
            return Some(at + 1);
        }
    }
    None
}

/// Whatever is held up before a PIN is typed tells nothing: neither the lamp, nor the LEDs, nor what hosts are told.
#[test]
fn before_the_pin_nothing_tells_what_would_pass() {
    for liveness in [LivenessMode::Passive, LivenessMode::Challenge] {
        board().boot(async |world: &mut World| {
            verify(world, liveness, Limits::default()).await;
            let mut after = 0;
            events(world, &mut after).await;
            for moment in 0..40 {
                let shown = match moment % 2 {
                    0 => engine::photograph(1),
                    _ => engine::moment(1, moment),
                };
                world.scene.show_bytes(if moment > 20 { engine::moment(1, moment) } else { shown });
                world.wait(50).await;
                assert!(!world.wires.refused.get() && asked(world).is_none(), "{liveness:?}, {moment}");
            }
            for event in events(world, &mut after).await {
                if let EventKind::FrameAssessed { result, liveness, .. } = event {
                    assert!(matches!(result, FrameResult::Unclaimed | FrameResult::NoFace), "{result:?}");
                    assert_eq!(liveness, None);
                }
            }
        });
    }
}

/// Liveness that was passed before the PIN vouches for no photograph after it.
#[test]
fn a_living_face_before_the_pin_vouches_for_no_photograph_after_it() {
    board().boot(async |world: &mut World| {
        verify(world, LivenessMode::Passive, Limits { failures: 100, ..Limits::default() }).await;
        assert_eq!(shows(world, 1, 0..30).await, None, "nobody said who they are");
        world.type_keys("1234#").await;
        assert_eq!(shows(world, 1, [29; 60].into_iter()).await, None, "a picture that stands still");
        world.type_keys("1234#").await;
        let frames = shows(world, 1, 40..80).await.expect("Ann herself");
        assert!(frames >= liveness::MIN_SAMPLES, "{frames} frames, all of them after the PIN");
    });
}

/// The frames of one claim decide for no other one, and none outlives its claim.
#[test]
fn another_claim_and_the_same_one_again_begin_with_frames_of_their_own() {
    board().boot(async |world: &mut World| {
        verify(world, LivenessMode::Passive, Limits::default()).await;
        for again in ["7777#", "1234#"] {
            world.type_keys(again).await;
            assert_eq!(shows(world, 1, 0..liveness::MIN_SAMPLES as u8).await, None);
            world.type_keys("1234#").await;
            let frames = shows(world, 1, 8..48).await.expect("Ann herself");
            assert!(frames >= liveness::MIN_SAMPLES, "{frames} frames after the PIN of {again}");
            while world.is_open() {
                world.wait(100).await;
            }
        }
        // Two frames of three agree when the wait ends; the next wait begins at none.
        world.type_keys("1234#").await;
        let few = 0..liveness::MIN_SAMPLES as u8 + 1;
        assert_eq!(shows(world, 1, few).await, None);
        world.wait(15_100).await;
        world.type_keys("1234#").await;
        let frames = shows(world, 1, 10..50).await.expect("Ann herself");
        assert!(frames >= liveness::MIN_SAMPLES, "{frames} frames");
    });
}

/// A challenge is asked of whoever claims to be somebody, and of nobody before; what was passed before does not count.
#[test]
fn a_challenge_begins_with_the_claim() {
    challenge::board().boot(async |world: &mut World| {
        let settings = Settings { matching: Matching::Verify, ..challenge::settings() };
        world.host.ask(Request::SetSettings(settings)).await.unwrap();
        set_rule(world, "Ann", two_factors()).await.unwrap();
        let mut visitor = Visitor::default();
        let (_, gestures) = visitor.visit(world, 60, Some).await;
        assert_eq!(gestures, [], "nobody said who they are");
        world.type_keys("1234#").await;
        let (_, gestures) = visitor.visit(world, 200, Some).await;
        assert!(!gestures.is_empty() && world.is_open(), "{gestures:?}");
    });
}

/// Orders are not drawn until one suits, by letting the wait end, by the same PIN again, or by somebody else's.
#[test]
fn a_challenge_that_outlives_its_claim_fails_for_who_was_claimed() {
    for end in 0..3 {
        challenge::board().boot(async |world: &mut World| {
            world.host.enrol("Bob", 2).await.unwrap();
            let limits = Limits { failures: 1, lockout_ms: 60_000, pin_ms: 5_000, ..Limits::default() };
            verify(world, LivenessMode::Challenge, limits).await;
            world.type_keys("1234#").await;
            let mut visitor = Visitor::default();
            while asked(world).is_none() {
                visitor.step(world, Pose::default()).await;
            }
            match end {
                0 => world.wait(5_000).await,
                1 => world.type_keys("1234#").await,
                _ => world.type_keys("7777#").await,
            }
            visitor.step(world, Pose::default()).await;
            assert_eq!(denials(world, &mut 0).await, [(Some(1), Reason::LockedOut)], "{end}");
            if end == 2 {
                world.type_keys("7777#").await;
                visitor = Visitor::of(2);
                let (_, gestures) = visitor.visit(world, 200, Some).await;
                assert!(world.is_open(), "Bob has failed nothing: {gestures:?}");
            }
        });
    }
}

/// A rule that a computer sets ends the wait for its person, and is none of their failures.
#[test]
fn a_wait_that_a_request_ends_is_nobodys_failure() {
    challenge::board().boot(async |world: &mut World| {
        let limits = Limits { failures: 1, lockout_ms: 60_000, ..Limits::default() };
        let settings = Settings { matching: Matching::Verify, limits, ..challenge::settings() };
        world.host.ask(Request::SetSettings(settings)).await.unwrap();
        set_rule(world, "Ann", two_factors()).await.unwrap();
        world.type_keys("1234#").await;
        let mut visitor = Visitor::default();
        while asked(world).is_none() {
            visitor.step(world, Pose::default()).await;
        }
        set_rule(world, "Ann", two_factors()).await.unwrap();
        for _ in 0..4 {
            visitor.step(world, Pose::default()).await;
        }
        assert_eq!((denials(world, &mut 0).await, asked(world)), (Vec::new(), None));
        assert!(!comes(world, 1).await);
    });
}
