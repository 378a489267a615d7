//! Each row of the state table in `challenge.rs`, with a tracker whose verdict the test chooses.

mod end;
mod scene;

use liveness::{
    Challenge, DONE_MS, EYES_CLOSED_SAMPLES, FAILED_MS, Gesture, MOTION_SAMPLES, Motion, RejectReason,
    STEP_MS, STEPS, Sample, Verdict,
};
use vision::Point;

use scene::{CLOSED, DRAWN, DRAWN_EYES, OPEN, Scene};

#[test]
fn a_tracker_that_decides_early_does_not_pass_the_challenge() {
    let mut scene = Scene::before_request(DRAWN, &[OPEN; MOTION_SAMPLES - 1]);
    scene.samples.clear();
    for _ in 1..MOTION_SAMPLES {
        assert_eq!(scene.observe(0, 0), Some(RejectReason::TooFewSamples), "the tracker accepts");
    }
    assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeRequested(Gesture::Left)));
}

#[test]
fn a_completed_challenge_passes_by_its_samples_and_expires() {
    let mut scene = Scene::requested();
    assert_eq!(scene.observe(8, 0), Some(RejectReason::ChallengeRequested(Gesture::Left)), "intermediate");
    assert_eq!(scene.observe(14, 0), Some(RejectReason::StraightRequested));
    assert_eq!(scene.observe(8, 0), Some(RejectReason::StraightRequested), "not frontal yet");
    assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeRequested(Gesture::Up)));
    assert_eq!(scene.observe(0, -20), Some(RejectReason::StraightRequested));
    assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeRequested(Gesture::Right)));
    assert_eq!(scene.observe(-14, 0), Some(RejectReason::StraightRequested));
    assert_eq!(scene.observe(0, 0), None);
    scene.tracker = Some(RejectReason::Still);
    assert_eq!(scene.observe(0, 0), Some(RejectReason::Still), "the passive checks of movement stay active");
    scene.tracker = None;
    scene.time += DONE_MS;
    assert_eq!(scene.observe(0, 0), Some(RejectReason::StraightRequested), "a passed challenge expires");
    let last = (2..MOTION_SAMPLES).map(|_| scene.observe(0, 0)).last();
    assert_eq!(last, Some(Some(RejectReason::ChallengeRequested(Gesture::Left))));
}

#[test]
fn a_slow_turn_is_one() {
    let mut scene = Scene::requested();
    for left in [2, 4, 5, 6, 6, 8] {
        assert_eq!(scene.observe(left, 0), Some(RejectReason::ChallengeRequested(Gesture::Left)), "{left}");
    }
    assert_eq!(scene.observe(11, 0), Some(RejectReason::StraightRequested));
}

#[test]
fn eyes_must_be_closed_for_a_time_whatever_the_pace() {
    let mut scene = Scene::blink_requested();
    scene.pace = 90;
    let reasons = [(); 4].map(|()| scene.observe_eyes(0, 0, CLOSED));
    assert!(
        reasons[..3].iter().all(|reason| *reason == Some(RejectReason::ChallengeRequested(Gesture::Blink)))
    );
    assert_eq!(reasons[3], Some(RejectReason::StraightRequested));
}

#[test]
fn a_wrong_gesture_fails_the_challenge_and_starts_the_pause() {
    for wrong in [[-14, 0], [0, 20], [0, -20]] {
        let mut scene = Scene::requested();
        assert_eq!(scene.observe(wrong[0], wrong[1]), Some(RejectReason::ChallengeFailed));
        for _ in 1..FAILED_MS / 200 {
            assert_eq!(scene.observe(0, 0), Some(RejectReason::TooFewSamples));
        }
        assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeRequested(Gesture::Left)));
    }
}

#[test]
fn the_challenge_advances_when_the_eyes_open_after_a_blink() {
    let mut scene = Scene::blink_requested();
    assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeRequested(Gesture::Blink)));
    assert_eq!(
        scene.observe_eyes(0, 0, CLOSED),
        Some(RejectReason::ChallengeRequested(Gesture::Blink)),
        "it may be a natural blink"
    );
    assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeRequested(Gesture::Blink)), "it was one");
    for _ in 1..EYES_CLOSED_SAMPLES {
        assert_eq!(scene.observe_eyes(0, 0, CLOSED), Some(RejectReason::ChallengeRequested(Gesture::Blink)));
    }
    for _ in 0..9 {
        assert_eq!(
            scene.observe_eyes(0, 0, CLOSED),
            Some(RejectReason::StraightRequested),
            "until the eyes are open again"
        );
    }
    assert_eq!(scene.observe(8, 0), Some(RejectReason::StraightRequested), "and the head is frontal");
    assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeRequested(Gesture::Left)));
    scene.observe(14, 0);
    assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeRequested(Gesture::Blink)));
    for _ in 0..EYES_CLOSED_SAMPLES {
        scene.observe_eyes(0, 0, CLOSED);
    }
    scene.observe(0, 0);
    assert!(!scene.challenge.is_under_way(), "done");
}

#[test]
fn a_blink_needs_consecutive_samples_of_a_frontal_head() {
    let mut scene = Scene::blink_requested();
    for _ in 0..9 {
        assert_eq!(scene.observe_eyes(0, 0, CLOSED), Some(RejectReason::ChallengeRequested(Gesture::Blink)));
        assert_eq!(
            scene.observe_eyes(8, 0, CLOSED),
            Some(RejectReason::ChallengeRequested(Gesture::Blink)),
            "intermediate"
        );
    }
    assert_eq!(
        scene.observe_eyes(14, 0, CLOSED),
        Some(RejectReason::ChallengeFailed),
        "a turn is another gesture"
    );
    let mut scene = Scene::blink_requested();
    for _ in 0..9 {
        assert_eq!(scene.observe_eyes(0, 0, CLOSED), Some(RejectReason::ChallengeRequested(Gesture::Blink)));
        scene.tracker = Some(RejectReason::Score);
        assert_eq!(
            scene.observe_eyes(0, 0, CLOSED),
            Some(RejectReason::Score),
            "a rejected sample does not count"
        );
        scene.tracker = None;
        assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeRequested(Gesture::Blink)));
    }
}

#[test]
fn a_natural_blink_neither_fails_nor_passes_a_step() {
    let mut scene = Scene::requested();
    for _ in 0..20 {
        assert_eq!(scene.observe_eyes(0, 0, CLOSED), Some(RejectReason::ChallengeRequested(Gesture::Left)));
    }
    assert_eq!(
        scene.observe_eyes(14, 0, CLOSED),
        Some(RejectReason::StraightRequested),
        "a turn counts with closed eyes, too"
    );
    assert_eq!(
        scene.observe_eyes(0, 0, CLOSED),
        Some(RejectReason::ChallengeRequested(Gesture::Up)),
        "and so does the return"
    );
}

#[test]
fn closing_and_opening_the_eyes_have_a_timeout() {
    let mut scene = Scene::blink_requested();
    scene.time += STEP_MS - 400;
    assert_eq!(scene.observe_eyes(0, 0, CLOSED), Some(RejectReason::ChallengeRequested(Gesture::Blink)));
    assert_eq!(scene.observe_eyes(0, 0, CLOSED), Some(RejectReason::StraightRequested), "just in time");
    assert_eq!(scene.observe_eyes(0, 0, CLOSED), Some(RejectReason::ChallengeFailed), "the eyes stay closed");
    let mut scene = Scene::blink_requested();
    scene.time += STEP_MS;
    assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeFailed));
}

#[test]
fn blinks_before_the_request_do_not_change_the_neutral_openness() {
    let mut eyes = [OPEN; MOTION_SAMPLES - 1];
    (eyes[2], eyes[5]) = (0, 0);
    let mut scene = Scene::before_request(DRAWN_EYES, &eyes);
    scene.observe(0, 0);
    for _ in 1..EYES_CLOSED_SAMPLES {
        scene.observe_eyes(0, 0, CLOSED);
    }
    assert_eq!(
        scene.observe_eyes(0, 0, CLOSED),
        Some(RejectReason::StraightRequested),
        "they count as closed"
    );
}

#[test]
fn eyes_as_bright_as_skin_never_count_as_closed() {
    let mut scene = Scene::before_request(DRAWN_EYES, &[400; MOTION_SAMPLES - 1]);
    for _ in 0..9 {
        assert_eq!(scene.observe_eyes(0, 0, 400), Some(RejectReason::ChallengeRequested(Gesture::Blink)));
        assert_eq!(scene.observe_eyes(0, 0, 0), Some(RejectReason::ChallengeRequested(Gesture::Blink)));
        assert_eq!(scene.observe_eyes(0, 0, 0), Some(RejectReason::ChallengeRequested(Gesture::Blink)));
    }
}

#[test]
fn each_gesture_and_the_return_have_a_timeout() {
    let mut scene = Scene::requested();
    scene.time += STEP_MS - 200;
    assert_eq!(scene.observe(14, 0), Some(RejectReason::StraightRequested), "just in time");
    assert_eq!(scene.observe(14, 0), Some(RejectReason::ChallengeFailed), "the head does not return");
    let mut scene = Scene::requested();
    scene.time += STEP_MS;
    assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeFailed));
}

#[test]
fn no_challenge_starts_without_a_neutral_pose() {
    let mut scene = Scene::before_request(DRAWN, &[OPEN; MOTION_SAMPLES - 1]);
    for number in 0..20 {
        assert_eq!(
            scene.observe(if number % 2 == 0 { 9 } else { -9 }, 0),
            Some(RejectReason::StraightRequested)
        );
    }
}

/// Another face, a leap, or whatever else the tracker begins again for.
#[test]
fn a_track_that_ends_in_the_middle_fails_the_challenge_and_its_order_is_asked_no_more() {
    for after in 0..3 {
        let mut scene = Scene::requested();
        if after > 0 {
            assert_eq!(scene.observe(14, 0), Some(RejectReason::StraightRequested));
        }
        if after > 1 {
            assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeRequested(Gesture::Up)));
        }
        scene.samples.clear();
        scene.drawn = [1, 0, 3];
        scene.tracker = Some(RejectReason::TooFewSamples);
        assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeFailed), "{after}");
        for _ in 1..FAILED_MS / 200 {
            assert_eq!(
                scene.observe(0, 0),
                Some(RejectReason::TooFewSamples),
                "the pause, of another face too"
            );
        }
        scene.tracker = None;
        assert_eq!(
            scene.observe(0, 0),
            Some(RejectReason::ChallengeRequested(Gesture::Right)),
            "another order"
        );
    }
}

#[test]
fn a_tracker_that_begins_again_before_or_after_a_challenge_fails_none() {
    let mut scene = Scene::before_request(DRAWN, &[OPEN; MOTION_SAMPLES - 1]);
    assert!(!scene.challenge.abandon(scene.time));
    scene.samples.clear();
    scene.tracker = Some(RejectReason::TooFewSamples);
    for _ in 1..MOTION_SAMPLES {
        assert_eq!(scene.observe(0, 0), Some(RejectReason::TooFewSamples));
    }
    scene.tracker = None;
    for (left, down) in [(0, 0), (14, 0), (0, 0), (0, -20), (0, 0), (-14, 0)] {
        assert!(scene.observe(left, down).is_some());
    }
    assert_eq!(scene.observe(0, 0), None, "done");
    assert!(!scene.challenge.abandon(scene.time));
    scene.samples.clear();
    for _ in 1..MOTION_SAMPLES {
        assert_eq!(scene.observe(0, 0), Some(RejectReason::TooFewSamples), "though the tracker accepts");
    }
    assert_eq!(
        scene.observe(0, 0),
        Some(RejectReason::ChallengeRequested(Gesture::Left)),
        "a passed challenge is of one track"
    );
}

#[test]
fn a_rejected_sample_makes_no_gesture_but_the_timeout_runs() {
    let mut scene = Scene::requested();
    scene.tracker = Some(RejectReason::Score);
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
    // A request to a calm head, and then distant landmarks.
    let mut scene = Scene::requested();
    scene.samples.push(far(i32::MAX));
    let verdict = scene.challenge.observe(verdict, &scene.samples, || DRAWN);
    assert!(matches!(
        verdict.reject,
        Some(RejectReason::ChallengeRequested(_) | RejectReason::ChallengeFailed)
    ));
}

#[test]
fn who_leaves_has_failed_and_orders_are_not_drawn_until_one_suits() {
    let mut scene = Scene::requested();
    scene.drawn = [1, 0, 3];
    // The face goes away.
    assert!(scene.challenge.abandon(scene.time));
    assert!(!scene.challenge.abandon(scene.time), "it fails once");
    scene.samples.clear();
    for _ in 1..FAILED_MS / 200 {
        assert_eq!(scene.observe(0, 0), Some(RejectReason::TooFewSamples), "a pause, as after any failure");
        assert!(!scene.challenge.abandon(scene.time), "which no end of a track ends");
    }
    assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeRequested(Gesture::Right)), "another order");
}
