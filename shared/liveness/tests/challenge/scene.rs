//! A challenge, and the samples that a test lets it see.

use liveness::{Challenge, Gesture, MOTION_SAMPLES, Motion, RejectReason, STEPS, Sample, Verdict};
use vision::Point;

/// Random bytes for the order left, up, right.
pub const DRAWN: [u8; STEPS] = [0, 1, 3];

/// Random bytes for the order blink, left, blink.
pub const DRAWN_EYES: [u8; STEPS] = [4, 0, 3];

/// Openness of open and of closed eyes.
pub const OPEN: u16 = 2_000;
pub const CLOSED: u16 = 900;

/// A challenge and the samples it has observed.
pub struct Scene {
    pub challenge: Challenge,
    pub samples: Vec<Sample>,
    pub time: u64,
    pub drawn: [u8; STEPS],
    /// The reject reason of the tracker.
    pub tracker: Option<RejectReason>,
    pub score: u16,
    /// Milliseconds from one sample to the next.
    pub pace: u64,
}

impl Scene {
    /// Has enough samples and requests the first gesture, a turn to the left.
    pub fn requested() -> Self {
        let mut scene = Self::before_request(DRAWN, &[OPEN; MOTION_SAMPLES - 1]);
        assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeRequested(Gesture::Left)));
        scene
    }

    /// Has samples with these values of openness; the next sample starts the challenge.
    pub fn before_request(drawn: [u8; STEPS], eyes: &[u16; MOTION_SAMPLES - 1]) -> Self {
        let (challenge, samples, tracker) = (Challenge::new(), Vec::new(), Some(RejectReason::TooFewSamples));
        let (time, score, pace) = (5_000, 30_000, 200);
        let mut scene = Self { challenge, samples, time, drawn, tracker, score, pace };
        for open in eyes {
            assert_eq!(scene.observe_eyes(0, 0, *open), Some(RejectReason::TooFewSamples));
        }
        scene.tracker = None;
        scene
    }

    /// Requests a blink.
    pub fn blink_requested() -> Self {
        let mut scene = Self::before_request(DRAWN_EYES, &[OPEN; MOTION_SAMPLES - 1]);
        assert_eq!(scene.observe(0, 0), Some(RejectReason::ChallengeRequested(Gesture::Blink)));
        scene
    }

    /// Observes a sample of a head with its nose this far left and its face this far down, in hundredths.
    pub fn observe(&mut self, left: i32, down: i32) -> Option<RejectReason> {
        self.observe_eyes(left, down, OPEN)
    }

    /// Shows a head with its nose this far left, in hundredths, that is too poor to be assessed.
    pub fn observe_poor(&mut self, left: i32) {
        self.time += self.pace;
        let place = Sample { landmarks: landmarks(left, 0), at_ms: self.time, ..Sample::default() };
        self.challenge.observe_poor(&place);
    }

    /// As [`Self::observe`], with this openness of the eyes.
    pub fn observe_eyes(&mut self, left: i32, down: i32, openness: u16) -> Option<RejectReason> {
        self.time += self.pace;
        self.samples.push(Sample {
            score: self.score,
            landmarks: landmarks(left, down),
            openness,
            at_ms: self.time,
            ..Sample::default()
        });
        let verdict = Verdict { score: 0, needed: 0, motion: Motion::Unclear, reject: self.tracker };
        self.challenge.observe(verdict, &self.samples, || self.drawn).reject
    }
}

/// The landmarks of a head with its nose this far left and its face this far down, in hundredths.
pub fn landmarks(left: i32, down: i32) -> [Point; 5] {
    let places = [[-500, -500], [500, -500], [10 * left, 0], [-400, 500], [400, 500]];
    places.map(|[x, y]| Point { x: 100 * x, y: 100 * (y + 10 * down) })
}
