//! The liveness tracker: the last samples of one face and the verdict on them.
//!
//! After each sample the door decides, or waits for the next one. A face must be observed in at least [`MIN_SAMPLES`]
//! samples. It is accepted only if none of the following checks speaks against it, in this order:
//!
//! | check | rejects | waits |
//! |---|---|---|
//! | score of the newest sample | a score below [`SAMPLE_THRESHOLD`] | |
//! | number of samples | | fewer than [`MIN_SAMPLES`] samples |
//! | motion (`motion`) | a plane that turns, a recording in a loop; a still face, from [`MOTION_SAMPLES`] samples on | a still face |
//! | sequence model (`sequence`) over all stored samples | a ratio at the lower bound; one between the bounds, where no more samples can be stored | a ratio between the bounds |
//!
//! The sequence model covers what the other checks do not: how scores and landmarks change averaged over
//! time. It was trained on examples and may misjudge what was not among them. The other checks are plain
//! geometry.

use crate::{Decision, Gesture, MOTION_SAMPLES, Motion, SEQUENCE, Sample, WINDOW, features};

/// Least score for a decision on a single frame, Q15: 0.8.
pub const SINGLE_FRAME_THRESHOLD: u16 = 26_214;

/// Least score of every sample in a sequence, Q15: 0.03. Other samples cannot outweigh one that certainly
/// shows a picture.
pub const SAMPLE_THRESHOLD: u16 = 983;

/// Fewest samples on which a face is accepted.
pub const MIN_SAMPLES: usize = 2;

/// Longest pause between two consecutive samples, in milliseconds; a longer one resets the tracker. An emulated board on a busy
/// computer takes seconds for a look, and a request that compares a picture takes as long again; so a shorter one would let nobody
/// pass there. What such a pause leaves open is in docs/security.md, Street.
const MEMORY_MS: u64 = 15_000;

/// Most frames in a row that show the face too poorly for a sample; one more resets the tracker. A challenge knows when there may
/// be more ([`Challenge::patience`](crate::Challenge::patience)).
pub const MAX_UNUSABLE: u8 = 3;

/// Why a face is not accepted as a living one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RejectReason {
    /// The network's score is too low.
    Score,
    /// It moves like a plane.
    Flat,
    /// It does not move.
    Still,
    /// It moves like a recording in a loop.
    Repeats,
    /// The samples so far are too few to decide, or the pause after a failed challenge.
    TooFewSamples,
    /// The sequence model rejects the samples.
    Sequence,
    /// The challenge requests this gesture and waits for it.
    ChallengeRequested(Gesture),
    /// The challenge requests that the person looks straight ahead.
    StraightRequested,
    /// The requested gesture was wrong or missing.
    ChallengeFailed,
}

/// The verdict on the samples so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Verdict {
    /// Mean score of the last samples, Q15; for reports only.
    pub score: u16,
    /// Least score that the newest sample must have, Q15.
    pub needed: u16,
    /// Motion over all stored samples.
    pub motion: Motion,
    /// Why the face is rejected; `None` accepts it.
    pub reject: Option<RejectReason>,
}

/// The verdict on a single frame: the score of the network alone decides.
pub fn single_frame_verdict(score: u16) -> Verdict {
    let reject = (score < SINGLE_FRAME_THRESHOLD).then_some(RejectReason::Score);
    Verdict { score, needed: SINGLE_FRAME_THRESHOLD, motion: Motion::Unclear, reject }
}

/// The last samples of one face.
#[derive(Clone, Copy, Debug)]
pub struct LivenessTracker {
    /// The oldest first; the first `length` are valid.
    samples: [Sample; WINDOW],
    length: usize,
    /// Frames since the newest sample that showed the face too poorly for a sample.
    unusable: u8,
}

impl LivenessTracker {
    /// A tracker without samples.
    pub const fn new() -> Self {
        let landmarks = [vision::Point { x: 0, y: 0 }; 5];
        let none =
            Sample { score: 0, landmarks, openness: 0, at_ms: 0, similarity: 0, similarity_to_first: 0 };
        Self { samples: [none; WINDOW], length: 0, unusable: 0 }
    }

    /// Drops all samples.
    pub fn reset(&mut self) {
        self.length = 0;
    }

    /// The stored samples, the oldest first.
    pub fn samples(&self) -> &[Sample] {
        &self.samples[..self.length]
    }

    /// Takes a frame that gives no sample. `place` is a sample without score and similarities where the frame shows a
    /// face too poorly to be encoded; `None` where it shows no face. The tracker is reset unless the face can be the
    /// one it follows, and was not seen well enough for at most `most` frames.
    pub fn miss(&mut self, place: Option<Sample>, most: u8) {
        self.unusable = self.unusable.saturating_add(1);
        let follows = place.is_some_and(|place| self.is_near(&place));
        if !follows || self.unusable > most {
            self.reset();
        }
    }

    /// Whether a face is where the newest sample was, and about as large. `place` is a sample without score and similarities.
    pub fn is_near(&self, place: &Sample) -> bool {
        self.samples().last().is_some_and(|last| place.is_near(last))
    }

    /// Whether a sample continues the track: it can show the face of the newest sample, and comes soon enough after it.
    pub fn is_continued_by(&self, sample: &Sample) -> bool {
        let mut newest = self.samples().iter().rev();
        let (last, earlier) = (newest.next(), newest.next());
        last.is_some_and(|last| {
            sample.continues(last, earlier) && sample.at_ms.saturating_sub(last.at_ms) <= MEMORY_MS
        })
    }

    /// Adds a sample and returns the verdict on all stored samples.
    ///
    /// The score of the verdict is the mean over the last `averaged` samples.
    pub fn observe(&mut self, mut sample: Sample, averaged: usize) -> Verdict {
        if !self.is_continued_by(&sample) {
            self.reset();
            // The similarities compare with another face, so they say nothing about this one.
            (sample.similarity, sample.similarity_to_first) = (i16::MAX, i16::MAX);
        }
        if self.length == WINDOW {
            self.samples.rotate_left(1);
            self.length -= 1;
        }
        self.samples[self.length] = sample;
        self.length += 1;
        self.unusable = 0;
        let score = self.score(averaged);
        let motion = Motion::of(self.samples());
        let reject = match motion {
            _ if sample.score < SAMPLE_THRESHOLD => Some(RejectReason::Score),
            _ if self.length < MIN_SAMPLES => Some(RejectReason::TooFewSamples),
            Motion::Still if self.length < MOTION_SAMPLES => Some(RejectReason::TooFewSamples),
            Motion::Still => Some(RejectReason::Still),
            Motion::Flat => Some(RejectReason::Flat),
            Motion::Repeats => Some(RejectReason::Repeats),
            Motion::Solid | Motion::Unclear => match SEQUENCE.decide(&features(self.samples())) {
                Decision::Alive => None,
                Decision::Open if self.length < WINDOW => Some(RejectReason::TooFewSamples),
                Decision::Open | Decision::Attack => Some(RejectReason::Sequence),
            },
        };
        Verdict { score, needed: SAMPLE_THRESHOLD, motion, reject }
    }

    /// Mean score of the last `averaged` samples, at least one.
    fn score(&self, averaged: usize) -> u16 {
        let averaged = averaged.clamp(1, self.length.max(1));
        let last = &self.samples()[self.length.saturating_sub(averaged)..];
        let sum: u32 = last.iter().map(|sample| u32::from(sample.score)).sum();
        (sum / last.len().max(1) as u32) as u16
    }
}

impl Default for LivenessTracker {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use vision::Point;

    use super::*;
    use crate::{MIN_SIMILARITY, MIN_SIMILARITY_TO_FIRST};

    /// A sample of a face at `x`, with its nose `nose` pixels to the right of the middle.
    fn sample(score: u16, x: i32, nose: i32, second: u64) -> Sample {
        let places = [[-20, -20], [20, -20], [nose, 0], [-15, 20], [15, 20]];
        let landmarks = places.map(|[dx, dy]| Point { x: (x + dx) << 10, y: (100 + dy) << 10 });
        Sample {
            score,
            landmarks,
            at_ms: 1000 * second,
            similarity: i16::MAX,
            similarity_to_first: i16::MAX,
            ..Sample::default()
        }
    }

    #[test]
    fn a_face_needs_enough_samples() {
        let mut tracker = LivenessTracker::new();
        for number in 1..MIN_SAMPLES {
            assert_eq!(
                tracker.observe(sample(32_000, 100, number as i32, 0), 3).reject,
                Some(RejectReason::TooFewSamples)
            );
        }
        assert_eq!(tracker.observe(sample(900, 100, 0, 0), 1).reject, Some(RejectReason::Score));
    }

    #[test]
    fn the_score_is_the_mean_of_the_last_samples() {
        let mut tracker = LivenessTracker::new();
        let scores = [30_000, 30_000, 12_000, 12_000, 12_000]
            .map(|score| tracker.observe(sample(score, 100, 0, 0), 3));
        assert_eq!(scores.map(|verdict| verdict.score), [30_000, 30_000, 24_000, 18_000, 12_000]);
    }

    #[test]
    fn a_single_frame_needs_a_higher_score() {
        assert_eq!(single_frame_verdict(SINGLE_FRAME_THRESHOLD).reject, None);
        assert_eq!(single_frame_verdict(SINGLE_FRAME_THRESHOLD - 1).reject, Some(RejectReason::Score));
    }

    #[test]
    fn another_face_or_a_pause_resets_the_tracker() {
        let mut tracker = LivenessTracker::new();
        tracker.observe(sample(30_000, 60, 0, 0), 3);
        assert_eq!(tracker.observe(sample(20_000, 63, 0, 1), 3).score, 25_000);
        assert_eq!(tracker.observe(sample(10_000, 150, 0, 2), 3).score, 10_000, "after a jump");
        assert_eq!(tracker.observe(sample(20_000, 150, 0, 30), 3).score, 20_000, "after a pause");
        assert_eq!(tracker.samples().len(), 1);
    }

    #[test]
    fn an_empty_frame_resets_the_tracker_and_a_few_poor_ones_in_place_do_not() {
        let mut tracker = LivenessTracker::new();
        tracker.observe(sample(30_000, 100, 0, 0), 3);
        tracker.miss(None, MAX_UNUSABLE);
        assert!(tracker.samples().is_empty(), "nobody was there");
        tracker.observe(sample(30_000, 100, 0, 0), 3);
        for _ in 0..MAX_UNUSABLE {
            tracker.miss(Some(sample(0, 104, 0, 0)), MAX_UNUSABLE);
        }
        tracker.observe(sample(30_000, 100, 0, 0), 3);
        assert_eq!(tracker.samples().len(), 2, "poor frames of the same face");
        tracker.miss(Some(sample(0, 300, 0, 0)), MAX_UNUSABLE);
        assert!(tracker.samples().is_empty(), "a face somewhere else");
        tracker.observe(sample(30_000, 100, 0, 0), 3);
        for _ in 0..=MAX_UNUSABLE {
            tracker.miss(Some(sample(0, 100, 0, 0)), MAX_UNUSABLE);
        }
        assert!(tracker.samples().is_empty(), "not seen well for too long");
    }

    #[test]
    fn a_still_face_never_passes_and_is_known_after_some_samples() {
        let mut tracker = LivenessTracker::new();
        let rejects: std::vec::Vec<_> =
            (0..30).map(|second| tracker.observe(sample(32_768, 100, 0, second), 3).reject).collect();
        assert!(rejects.iter().all(Option::is_some), "{rejects:?}");
        assert!(rejects[MOTION_SAMPLES - 1..].iter().all(|reject| *reject == Some(RejectReason::Still)));
    }

    #[test]
    fn pictures_swapped_in_place_reset_the_tracker() {
        let mut tracker = LivenessTracker::new();
        for number in 0..30 {
            let swapped = number % 4 == 0;
            let similarity = if swapped { MIN_SIMILARITY - 1 } else { 31_000 };
            let sample = Sample { similarity, ..sample(32_000, 100, if swapped { 1 } else { -1 }, number) };
            tracker.observe(sample, 3);
            assert_eq!(tracker.samples().len() as u64, number % 4 + 1);
            assert_eq!(tracker.samples()[0].similarity, i16::MAX, "samples of one face alone");
        }
    }

    #[test]
    fn a_face_that_morphs_into_another_resets_the_tracker() {
        let mut tracker = LivenessTracker::new();
        let observe = |tracker: &mut LivenessTracker, similarity_to_first| {
            tracker
                .observe(Sample { similarity: 32_000, similarity_to_first, ..sample(32_000, 100, 0, 0) }, 3);
            tracker.samples().len()
        };
        let lengths = [5, 30_000, 20_000, MIN_SIMILARITY_TO_FIRST, MIN_SIMILARITY_TO_FIRST - 1]
            .map(|similarity| observe(&mut tracker, similarity));
        assert_eq!(lengths, [1, 2, 3, 4, 1]);
        assert_eq!(tracker.samples()[0].similarity_to_first, i16::MAX, "it is the first sample itself");
    }

    #[test]
    fn a_head_that_gathers_speed_stays_the_same_and_one_that_leaps_does_not() {
        let lengths = |noses: [i32; 4]| {
            let mut tracker = LivenessTracker::new();
            noses.map(|nose| {
                tracker.observe(sample(32_000, 100, nose, 0), 3);
                tracker.samples().len()
            })
        };
        // The eyes are 40 pixels apart.
        assert_eq!(lengths([0, 0, 3, 9]), [1, 2, 3, 4], "0.15 after 0.075");
        assert_eq!(lengths([0, 0, 1, 7]), [1, 2, 3, 1], "0.15 after 0.025");
        assert_eq!(lengths([0, 0, -3, 3]), [1, 2, 3, 1], "after a change to the other side");
        assert_eq!(lengths([0, 0, 4, 12]), [1, 2, 3, 1], "0.2");
    }

    #[test]
    fn a_mirrored_picture_in_place_resets_the_tracker() {
        let mut tracker = LivenessTracker::new();
        for number in 0..40 {
            let nose = if number / 3 % 2 == 0 { 5 } else { -5 };
            tracker.observe(sample(32_000, 100 + number % 3, nose, 0), 3);
            assert_eq!(tracker.samples().len() as i32, number % 3 + 1);
        }
    }
}
