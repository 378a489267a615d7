//! Verification: the door compares a face only with the person whose PIN was typed (1:1).

use crate::simulation::World;
use crate::simulation::rules::{
    board, code, comes, denials, events, office, set_rule, settings, two_factors,
};
use policy::{Reason, Rule};
use protocol::{EventKind, FrameResult, Limits, Matching, Request, Settings};

/// Sets the door to verify, and gives Ann a PIN and a duress PIN.
async fn verify(world: &mut World, limits: Limits) {
    let settings = Settings { matching: Matching::Verify, limits, ..settings() };
    world.host.ask(Request::SetSettings(settings)).await.unwrap();
    set_rule(world, "Ann", two_factors()).await.unwrap();
}

#[test]
fn a_door_that_verifies_opens_to_the_face_whose_code_was_typed() {
    board().boot(async |world: &mut World| {
        let mut after = 0;
        verify(world, Limits::default()).await;
        assert!(!comes(world, 1).await && !comes(world, 2).await, "nobody said who they are");
        let seen = events(world, &mut after).await;
        assert!(matches!(seen.last(), Some(EventKind::FrameAssessed { result: FrameResult::Unclaimed, .. })));
        world.type_keys("1234#").await;
        assert!(!world.is_open(), "a PIN alone opens nothing");
        let told = events(world, &mut after).await;
        assert!(told.iter().any(|event| matches!(event, EventKind::FaceRequested { person: 1, .. })));
        assert!(!comes(world, 2).await, "Bob with Ann's PIN");
        assert!(comes(world, 1).await);
        assert!(!comes(world, 1).await, "a PIN is valid once");
        world.type_keys("1234#").await;
        world.wait(15_100).await;
        assert!(!comes(world, 1).await, "too late");
        world.type_keys("1235#").await;
        events(world, &mut after).await;
        assert!(comes(world, 1).await, "who is forced gets in");
        let told = events(world, &mut after).await;
        assert!(told.iter().any(|event| matches!(event, EventKind::Duress { person: 1, .. })));
    });
}

/// A 1:1 comparison needs a lower threshold than a 1:N search, at the same false-accept rate.
#[test]
fn a_door_that_verifies_asks_for_the_threshold_of_one_comparison() {
    board().boot(async |world: &mut World| {
        for (number, name) in (10..30).zip('a'..) {
            world.host.enrol(&name.to_string(), number).await.unwrap();
        }
        let mut after = 0;
        let mut needed = async |world: &mut World| {
            comes(world, 1).await;
            let assessed = events(world, &mut after).await.into_iter().rev();
            let threshold = assessed.filter_map(|event| match event {
                EventKind::FrameAssessed { threshold, .. } => threshold,
                _ => None,
            });
            threshold.into_iter().next().unwrap()
        };
        let everybody = needed(world).await;
        verify(world, Limits::default()).await;
        world.type_keys("1234#").await;
        let one = needed(world).await;
        assert!(one < everybody, "{one} {everybody}");
    });
}

#[test]
fn codes_of_nobody_and_of_several_are_failures_of_a_door_that_verifies() {
    board().boot(async |world: &mut World| {
        verify(world, Limits { failures: 3, lockout_ms: 60_000, ..Limits::default() }).await;
        for guess in ["0000#", "0001#", "0002#", "1234#"] {
            world.type_keys(guess).await;
        }
        assert!(!comes(world, 1).await, "the right one comes too late");
        world.wait(60_000).await;
        world.type_keys("1234#").await;
        assert!(comes(world, 1).await);
        set_rule(world, "Bob", Rule { pin: code("1234"), ..Rule::default() }).await.unwrap();
        world.type_keys("1234#").await;
        assert!(!comes(world, 1).await && !comes(world, 2).await, "it says of nobody who they are");
        world.type_keys("1235#").await;
        assert!(!comes(world, 1).await, "that was a failure more, which nobody's success cleared");
        world.wait(120_000).await;
        world.type_keys("1235#").await;
        assert!(comes(world, 1).await, "this one is Ann's alone");
    });
}

/// Where nobody typed a PIN, a picture counts for nobody; after a PIN it counts against its owner alone.
#[test]
fn a_picture_alone_shuts_a_door_that_verifies_to_nobody() {
    board().boot(async |world: &mut World| {
        let limits = Limits { failures: 3, lockout_ms: 60_000, ..Limits::default() };
        verify(world, limits).await;
        set_rule(world, "Bob", Rule { pin: code("7777"), ..Rule::default() }).await.unwrap();
        let settings = Settings { matching: Matching::Verify, limits, ..Settings::default() };
        world.host.ask(Request::SetSettings(settings)).await.unwrap();
        let mut after = 0;
        let mut picture = async |world: &mut World| {
            for _ in 0..9 {
                world.scene.show_bytes(crate::simulation::engine::photograph(9));
                world.wait(50).await;
            }
            denials(world, &mut after).await
        };
        for _ in 0..4 {
            assert_eq!(picture(world).await, []);
        }
        world.type_keys("1234#").await;
        assert_eq!(picture(world).await, [(Some(1), Reason::LockedOut)]);
        world.type_keys("1234#").await;
        assert_eq!(picture(world).await, [(Some(1), Reason::LockedOut)], "Ann is locked out");
        world.type_keys("7777#").await;
        for _ in 0..12 {
            world.show(2).await;
        }
        assert!(world.is_open(), "Bob is not");
    });
}

#[test]
fn hours_hold_at_a_door_that_verifies() {
    board().boot(async |world: &mut World| {
        let mut after = 0;
        verify(world, Limits::default()).await;
        let rule = Rule { schedule: office().schedule, ..two_factors() };
        set_rule(world, "Ann", rule).await.unwrap();
        world.type_keys("1234#").await;
        assert!(!comes(world, 1).await);
        assert_eq!(denials(world, &mut after).await, [(Some(1), Reason::Clock)]);
    });
}

/// Whoever tries PINs while they are locked out, or while the cover is open, does not learn whether one is somebody's.
#[test]
fn a_pin_of_somebody_looks_like_any_other_while_none_is_heard() {
    let guesses = async |world: &mut World| {
        let mut shown = Vec::new();
        for guess in ["1233#", "1234#", "1235#", "1236#"] {
            world.glance(0).await;
            world.type_keys(guess).await;
            shown.push(world.wires.refused.get());
        }
        shown.dedup();
        shown
    };
    board().boot(async |world: &mut World| {
        let mut after = 0;
        verify(world, Limits { failures: 3, lockout_ms: 3_600_000, ..Limits::default() }).await;
        for guess in ["0000#", "0001#", "0002#"] {
            world.type_keys(guess).await;
        }
        events(world, &mut after).await;
        assert_eq!(guesses(world).await, [true], "all are refused alike");
        let denied = denials(world, &mut after).await;
        assert!(denied.iter().all(|denied| *denied == (None, Reason::LockedOut)), "{denied:?}");
    });
    board().boot(async |world: &mut World| {
        verify(world, Limits::default()).await;
        world.wires.cover.set(true);
        world.wait(100).await;
        assert_eq!(guesses(world).await.len(), 1, "all are ignored alike");
    });
}
