//! Every line of the challenge's table, at a door whose watch says what a test wants it to.

use liveness::{
    Challenge, DONE_MS, EYES_CLOSED_SAMPLES, FAILED_MS, Gesture, MIN_SAMPLES, Motion, RejectReason, STEP_MS,
    STEPS, Sample, Verdict,
};
use vision::Point;

/// Asks for left, then up, then right.
const DRAWN: [u8; STEPS] = [0, 1, 3];

/// Asks to close the eyes, then for left, then to close the eyes.
const DRAWN_EYES: [u8; STEPS] = [4, 0, 3];

/// Eyes that are open, and closed ones.
const OPEN: u16 = 2_000;
const CLOSED: u16 = 900;

/// A door's challenge, and who stands before it.
struct Scene {
    challenge: Challenge,
    samples: Vec<Sample>,
    time: u64,
    drawn: [u8; STEPS],
    /// What the watch says.
    watch: Option<RejectReason>,
}

impl Scene {
    /// Watched for long enough, and asked for the first movement.
    fn asked() -> Self {
        let mut scene = Self::nearly_asked(DRAWN, &[OPEN; MIN_SAMPLES - 1]);
        assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeRequested(Gesture::Left)));
        scene
    }

    /// Looked at with eyes that are so far open, and to be asked at the next sample.
    fn nearly_asked(drawn: [u8; STEPS], eyes: &[u16; MIN_SAMPLES - 1]) -> Self {
        let (challenge, samples) = (Challenge::new(), Vec::new());
        let mut scene =
            Self { challenge, samples, time: 5_000, drawn, watch: Some(RejectReason::TooFewSamples) };
        for open in eyes {
            assert_eq!(scene.observe_eyes(0, 0, *open), Some(RejectReason::TooFewSamples));
        }
        scene.watch = None;
        scene
    }

    /// ChallengeRequested to close the eyes.
    fn asked_for_eyes() -> Self {
        let mut scene = Self::nearly_asked(DRAWN_EYES, &[OPEN; MIN_SAMPLES - 1]);
        assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeRequested(Gesture::Blink)));
        scene
    }

    /// The next look, at a head whose nose is so far to the left and which is so far down, in hundredths.
    fn observe(&mut self, left: i32, down: i32) -> Option<RejectReason> {
        self.observe_eyes(left, down, OPEN)
    }

    /// The same, with eyes that are so far open.
    fn observe_eyes(&mut self, left: i32, down: i32, openness: u16) -> Option<RejectReason> {
        self.time += 200;
        let places = [[-500, -500], [500, -500], [10 * left, 0], [-400, 500], [400, 500]];
        let landmarks = places.map(|[x, y]| Point { x: 100 * x, y: 100 * (y + 10 * down) });
        self.samples.push(Sample {
            score: 30_000,
            landmarks,
            openness,
            at_ms: self.time,
            ..Sample::default()
        });
        let verdict = Verdict { score: 0, needed: 0, motion: Motion::Unclear, reject: self.watch };
        self.challenge.observe(verdict, &self.samples, || self.drawn).reject
    }
}

#[test]
fn who_makes_each_movement_in_order_is_judged_by_the_watch_again() {
    let mut scene = Scene::asked();
    assert_eq!(scene.observe(8, 0), Some(RejectReason::ChallengeRequested(Gesture::Left)), "between");
    assert_eq!(scene.observe(14, 0), Some(RejectReason::StraightRequested));
    assert_eq!(scene.observe(8, 0), Some(RejectReason::StraightRequested), "not back yet");
    assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeRequested(Gesture::Up)));
    assert_eq!(scene.observe(0, -20), Some(RejectReason::StraightRequested));
    assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeRequested(Gesture::Right)));
    assert_eq!(scene.observe(-14, 0), Some(RejectReason::StraightRequested));
    assert_eq!(scene.observe(0, 0), None);
    scene.watch = Some(RejectReason::Sequence);
    assert_eq!(scene.observe(0, 0), Some(RejectReason::Sequence), "the passive rules stay in force");
    scene.watch = None;
    scene.time += DONE_MS;
    assert_eq!(scene.observe(0, 0), Some(RejectReason::StraightRequested), "and for a time only");
    let last = (2..MIN_SAMPLES).map(|_| scene.observe(0, 0)).last();
    assert_eq!(last, Some(Some(RejectReason::ChallengeRequested(Gesture::Left))));
}

#[test]
fn another_movement_fails_and_nobody_is_asked_for_a_time() {
    for wrong in [[-14, 0], [0, 20], [0, -20]] {
        let mut scene = Scene::asked();
        assert_eq!(scene.observe(wrong[0], wrong[1]), Some(RejectReason::ChallengeFailed));
        for _ in 1..FAILED_MS / 200 {
            assert_eq!(scene.observe(0, 0), Some(RejectReason::TooFewSamples));
        }
        assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeRequested(Gesture::Left)));
    }
}

#[test]
fn who_closes_the_eyes_for_long_enough_is_asked_for_the_next_when_they_are_open_again() {
    let mut scene = Scene::asked_for_eyes();
    assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeRequested(Gesture::Blink)));
    assert_eq!(
        scene.observe_eyes(0, 0, CLOSED),
        Some(RejectReason::ChallengeRequested(Gesture::Blink)),
        "that may be a mere blink"
    );
    assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeRequested(Gesture::Blink)), "and it was");
    for _ in 1..EYES_CLOSED_SAMPLES {
        assert_eq!(scene.observe_eyes(0, 0, CLOSED), Some(RejectReason::ChallengeRequested(Gesture::Blink)));
    }
    for _ in 0..9 {
        assert_eq!(
            scene.observe_eyes(0, 0, CLOSED),
            Some(RejectReason::StraightRequested),
            "until they are open again"
        );
    }
    assert_eq!(scene.observe(8, 0), Some(RejectReason::StraightRequested), "and the head is straight");
    assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeRequested(Gesture::Left)));
    scene.observe(14, 0);
    assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeRequested(Gesture::Blink)));
    for _ in 0..EYES_CLOSED_SAMPLES {
        scene.observe_eyes(0, 0, CLOSED);
    }
    assert_eq!(scene.observe(0, 0), None, "done");
}

#[test]
fn eyes_close_in_looks_in_a_row_at_a_head_that_is_straight() {
    let mut scene = Scene::asked_for_eyes();
    for _ in 0..9 {
        assert_eq!(scene.observe_eyes(0, 0, CLOSED), Some(RejectReason::ChallengeRequested(Gesture::Blink)));
        assert_eq!(
            scene.observe_eyes(8, 0, CLOSED),
            Some(RejectReason::ChallengeRequested(Gesture::Blink)),
            "between"
        );
    }
    assert_eq!(
        scene.observe_eyes(14, 0, CLOSED),
        Some(RejectReason::ChallengeFailed),
        "a turn is another movement"
    );
    let mut scene = Scene::asked_for_eyes();
    for _ in 0..9 {
        assert_eq!(scene.observe_eyes(0, 0, CLOSED), Some(RejectReason::ChallengeRequested(Gesture::Blink)));
        scene.watch = Some(RejectReason::Score);
        assert_eq!(scene.observe_eyes(0, 0, CLOSED), Some(RejectReason::Score), "and what is no picture");
        scene.watch = None;
        assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeRequested(Gesture::Blink)));
    }
}

#[test]
fn no_blink_fails_a_challenge_or_makes_another_movement() {
    let mut scene = Scene::asked();
    for _ in 0..20 {
        assert_eq!(scene.observe_eyes(0, 0, CLOSED), Some(RejectReason::ChallengeRequested(Gesture::Left)));
    }
    assert_eq!(
        scene.observe_eyes(14, 0, CLOSED),
        Some(RejectReason::StraightRequested),
        "a turn is one with closed eyes, too"
    );
    assert_eq!(
        scene.observe_eyes(0, 0, CLOSED),
        Some(RejectReason::ChallengeRequested(Gesture::Up)),
        "and so is the way back"
    );
}

#[test]
fn closing_the_eyes_and_opening_them_have_their_time() {
    let mut scene = Scene::asked_for_eyes();
    scene.time += STEP_MS - 400;
    assert_eq!(scene.observe_eyes(0, 0, CLOSED), Some(RejectReason::ChallengeRequested(Gesture::Blink)));
    assert_eq!(scene.observe_eyes(0, 0, CLOSED), Some(RejectReason::StraightRequested), "at the last moment");
    assert_eq!(
        scene.observe_eyes(0, 0, CLOSED),
        Some(RejectReason::ChallengeFailed),
        "and does not open them"
    );
    let mut scene = Scene::asked_for_eyes();
    scene.time += STEP_MS;
    assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeFailed));
}

#[test]
fn blinks_before_it_asks_do_not_change_what_closed_is() {
    let mut eyes = [OPEN; MIN_SAMPLES - 1];
    (eyes[2], eyes[5]) = (0, 0);
    let mut scene = Scene::nearly_asked(DRAWN_EYES, &eyes);
    scene.observe(0, 0);
    for _ in 1..EYES_CLOSED_SAMPLES {
        scene.observe_eyes(0, 0, CLOSED);
    }
    assert_eq!(
        scene.observe_eyes(0, 0, CLOSED),
        Some(RejectReason::StraightRequested),
        "they are seen to be closed"
    );
}

#[test]
fn eyes_that_cannot_be_told_from_skin_are_never_closed() {
    let mut scene = Scene::nearly_asked(DRAWN_EYES, &[400; MIN_SAMPLES - 1]);
    for _ in 0..9 {
        assert_eq!(scene.observe_eyes(0, 0, 400), Some(RejectReason::ChallengeRequested(Gesture::Blink)));
        assert_eq!(scene.observe_eyes(0, 0, 0), Some(RejectReason::ChallengeRequested(Gesture::Blink)));
        assert_eq!(scene.observe_eyes(0, 0, 0), Some(RejectReason::ChallengeRequested(Gesture::Blink)));
    }
}

#[test]
fn each_movement_and_the_way_back_have_their_time() {
    let mut scene = Scene::asked();
    scene.time += STEP_MS - 200;
    assert_eq!(scene.observe(14, 0), Some(RejectReason::StraightRequested), "at the last moment");
    assert_eq!(scene.observe(14, 0), Some(RejectReason::ChallengeFailed), "and does not come back");
    let mut scene = Scene::asked();
    scene.time += STEP_MS;
    assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeFailed));
}

#[test]
fn who_is_never_still_is_not_asked() {
    let mut scene = Scene::asked();
    scene.challenge.reset();
    for number in 0..20 {
        assert_eq!(
            scene.observe(if number % 2 == 0 { 9 } else { -9 }, 0),
            Some(RejectReason::StraightRequested)
        );
    }
}

#[test]
fn a_watch_that_begins_anew_begins_the_challenge_anew_but_ends_no_penalty() {
    let mut scene = Scene::asked();
    assert_eq!(scene.observe(14, 0), Some(RejectReason::StraightRequested));
    scene.samples.clear();
    scene.watch = Some(RejectReason::TooFewSamples);
    assert_eq!(scene.observe(0, 0), Some(RejectReason::TooFewSamples));
    for _ in 2..MIN_SAMPLES {
        scene.observe(0, 0);
    }
    assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeRequested(Gesture::Left)), "the first again");
    assert_eq!(scene.observe(-14, 0), Some(RejectReason::ChallengeFailed));
    scene.samples.clear();
    scene.watch = None;
    assert_eq!(scene.observe(0, 0), Some(RejectReason::TooFewSamples), "another face waits as well");
}

#[test]
fn what_the_network_takes_for_a_picture_makes_no_movement_and_time_goes_by() {
    let mut scene = Scene::asked();
    scene.watch = Some(RejectReason::Score);
    assert_eq!(scene.observe(14, 0), Some(RejectReason::Score));
    scene.time += STEP_MS;
    assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeFailed));
}

#[test]
fn no_landmarks_overflow() {
    let far = |x: i32| Sample { landmarks: [Point { x, y: -(x / 2) }; 5], ..Sample::default() };
    let samples = [far(i32::MIN), far(i32::MAX), far(0), far(5)].repeat(4);
    let verdict = Verdict { score: 0, needed: 0, motion: Motion::Unclear, reject: None };
    let mut challenge = Challenge::new();
    for end in 1..samples.len() {
        challenge.observe(verdict, &samples[..end], || [255; STEPS]);
    }
    // ChallengeRequested by a calm head, and then far away.
    let mut scene = Scene::asked();
    scene.samples.push(far(i32::MAX));
    let verdict = scene.challenge.observe(verdict, &scene.samples, || DRAWN);
    assert!(matches!(
        verdict.reject,
        Some(RejectReason::ChallengeRequested(_) | RejectReason::ChallengeFailed)
    ));
}
