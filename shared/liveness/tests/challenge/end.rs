//! How a gesture ends, and what decides after the last one.

use liveness::{Challenge, Gesture, MAX_TURNED, MAX_UNUSABLE, MOTION_SAMPLES, RejectReason};

use crate::scene::{DRAWN, OPEN, Scene};

/// The reject reason after the last gesture of a challenge, if its samples had this score, the last one had that score, and the
/// tracker says so of the last one.
fn done(score: u16, last: u16, tracker: Option<RejectReason>) -> Option<RejectReason> {
    let mut scene = Scene::before_request(DRAWN, &[OPEN; MOTION_SAMPLES - 1]);
    scene.samples.iter_mut().for_each(|sample| sample.score = score);
    scene.score = score;
    for [left, down] in [[0, 0], [14, 0], [0, 0], [0, -20], [0, 0], [-14, 0]] {
        assert!(scene.observe(left, down).is_some());
    }
    (scene.tracker, scene.score) = (tracker, last);
    scene.observe(0, 0)
}

#[test]
fn the_whole_challenge_decides_and_not_its_end() {
    use RejectReason::{Flat, Repeats, Score, Sequence, Still, TooFewSamples};
    let [low, high] = [50, 32_700];
    for end in [None, Some(Flat), Some(Sequence), Some(TooFewSamples)] {
        assert_eq!(done(high, high, end), None, "{end:?}: the samples are those of a head");
        assert_eq!(done(high, 20_000, end), None, "{end:?}: and all of them but the last");
        assert_eq!(done(low, high, end), Some(Sequence), "{end:?}: those of an attack, but for the last");
    }
    let stay = [Score, Still, Repeats].map(Some);
    assert_eq!(stay.map(|reason| done(high, high, reason)), stay);
}

#[test]
fn a_head_that_still_nods_a_little_is_not_back() {
    let mut scene = Scene::requested();
    assert_eq!(scene.observe(14, 0), Some(RejectReason::StraightRequested));
    assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeRequested(Gesture::Up)));
    assert_eq!(scene.observe(0, -17), Some(RejectReason::StraightRequested));
    for _ in 0..6 {
        assert_eq!(scene.observe(0, -11), Some(RejectReason::StraightRequested), "it is on its way");
    }
    assert_eq!(scene.observe(0, -5), Some(RejectReason::ChallengeRequested(Gesture::Right)));
    assert_eq!(scene.observe(0, 4), Some(RejectReason::ChallengeRequested(Gesture::Right)), "no nod");
}

#[test]
fn who_stands_a_little_lower_after_a_gesture_is_back_in_time() {
    let mut scene = Scene::requested();
    assert_eq!(scene.observe(14, 0), Some(RejectReason::StraightRequested));
    let back = (0..40).position(|_| scene.observe(0, 10) != Some(RejectReason::StraightRequested));
    assert!(back.is_some_and(|samples| samples > 5), "{back:?}");
}

/// A face that is turned too far is too poor to be assessed, so it gives no sample.
#[test]
fn a_turn_that_goes_too_far_counts_and_leaves_time_to_come_back() {
    let mut scene = Scene::requested();
    assert_eq!((scene.challenge.requested(), scene.challenge.patience()), (Some(Gesture::Left), MAX_TURNED));
    for left in [-30, 0, 15] {
        scene.observe_poor(left);
        assert_eq!(scene.challenge.requested(), Some(Gesture::Left), "{left}: not to that side, or not far");
    }
    scene.observe_poor(30);
    assert_eq!((scene.challenge.requested(), scene.challenge.patience()), (None, MAX_TURNED), "it is made");
    assert_eq!(scene.observe(12, 0), Some(RejectReason::StraightRequested));
    assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeRequested(Gesture::Up)));
    assert_eq!(scene.challenge.patience(), MAX_UNUSABLE, "nobody turns to look up");
    scene.observe_poor(30);
    assert_eq!(scene.challenge.requested(), Some(Gesture::Up), "a turn is not what is asked for");
    let mut idle = Challenge::new();
    idle.observe_poor(&scene.samples[0]);
    assert_eq!((idle.requested(), idle.patience()), (None, MAX_UNUSABLE));
}

#[test]
fn a_sample_that_the_network_rejects_leaves_the_request_as_it_was() {
    let mut scene = Scene::requested();
    scene.tracker = Some(RejectReason::Score);
    assert_eq!(scene.observe(0, 0), Some(RejectReason::Score));
    assert_eq!(scene.challenge.requested(), Some(Gesture::Left));
}
