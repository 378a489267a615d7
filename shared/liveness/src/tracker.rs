//! The last looks at a face, and what they come to.
//!
//! Whoever is to pass must have been watched for [`MIN_SAMPLES`] looks in a row. Then every rule may refuse, in this
//! order, and whom none refuses passes:
//!
//! | rule | refuses |
//! |---|---|
//! | the newest look by itself | a network's score below [`SAMPLE_THRESHOLD`] |
//! | so far | fewer than [`MIN_SAMPLES`] looks |
//! | movement (`motion`) | what is still, what turns as a plane, what repeats as a recording in a loop |
//! | the sequence model (`sequence`) over all looks that are kept | a logit that is not above zero |
//!
//! The last knows what the others do not: how scores, landmarks and similarities go together over time. It was
//! trained on examples, and what it was not shown it may mistake; the others are plain geometry.

use crate::{Gesture, MIN_SAMPLES, Motion, SEQUENCE, Sample, features};

/// Looks that are kept.
pub const WINDOW: usize = 24;

/// The score that one look needs where there is no other, Q15: 0.9.
pub const SINGLE_FRAME_THRESHOLD: u16 = 29_491;

/// The score that every look needs, Q15, 0.03: others do not make up for one that surely shows a picture.
pub const SAMPLE_THRESHOLD: u16 = 983;

/// The longest pause between two looks that count together, in milliseconds.
const MEMORY_MS: u64 = 15_000;

/// What speaks against a living face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RejectReason {
    /// The network's score is too low.
    Score,
    /// It moves as a plane.
    Flat,
    /// It does not move.
    Still,
    /// It moves as a recording in a loop.
    Repeats,
    /// It was not watched for long enough.
    TooFewSamples,
    /// Looks and movement together are not those of a living head.
    Sequence,
    /// It is asked to make this movement.
    ChallengeRequested(Gesture),
    /// It is asked to look straight ahead.
    StraightRequested,
    /// It did not do what it was asked to.
    ChallengeFailed,
}

/// What the looks so far come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Verdict {
    /// Mean of the network's scores over the looks that count, Q15.
    pub score: u16,
    /// The score that the newest look needs, Q15.
    pub needed: u16,
    /// How the face moves over all looks that are kept.
    pub motion: Motion,
    /// What speaks against a living face; none lets it pass.
    pub reject: Option<RejectReason>,
}

/// What one look comes to where there is no other: the network alone decides.
pub fn single_frame_verdict(score: u16) -> Verdict {
    let reject = (score < SINGLE_FRAME_THRESHOLD).then_some(RejectReason::Score);
    Verdict { score, needed: SINGLE_FRAME_THRESHOLD, motion: Motion::Unclear, reject }
}

/// The last looks at one face.
#[derive(Clone, Copy, Debug)]
pub struct LivenessTracker {
    /// The oldest first; `length` of them.
    samples: [Sample; WINDOW],
    length: usize,
}

impl LivenessTracker {
    /// No looks yet.
    pub const fn new() -> Self {
        let landmarks = [vision::Point { x: 0, y: 0 }; 5];
        let none =
            Sample { score: 0, landmarks, openness: 0, at_ms: 0, similarity: 0, similarity_to_first: 0 };
        Self { samples: [none; WINDOW], length: 0 }
    }

    /// Forgets all samples.
    pub fn reset(&mut self) {
        self.length = 0;
    }

    /// The looks so far, the oldest first.
    pub fn samples(&self) -> &[Sample] {
        &self.samples[..self.length]
    }

    /// Takes a look, and tells what the looks so far come to.
    ///
    /// The verdict's score is the mean over the last `together` samples.
    pub fn observe(&mut self, mut sample: Sample, together: usize) -> Verdict {
        let goes_on = self.samples().last().is_some_and(|last| {
            sample.continues(last) && sample.at_ms.saturating_sub(last.at_ms) <= MEMORY_MS
        });
        if !goes_on {
            self.reset();
            // How it differs from another face tells nothing of this one.
            (sample.similarity, sample.similarity_to_first) = (i16::MAX, i16::MAX);
        }
        if self.length == WINDOW {
            self.samples.rotate_left(1);
            self.length -= 1;
        }
        self.samples[self.length] = sample;
        self.length += 1;
        let score = self.score(together);
        let motion = Motion::of(self.samples());
        let reject = match motion {
            _ if sample.score < SAMPLE_THRESHOLD => Some(RejectReason::Score),
            _ if self.length < MIN_SAMPLES => Some(RejectReason::TooFewSamples),
            Motion::Still => Some(RejectReason::Still),
            Motion::Flat => Some(RejectReason::Flat),
            Motion::Repeats => Some(RejectReason::Repeats),
            _ if SEQUENCE.logit(&features(self.samples())) <= 0 => Some(RejectReason::Sequence),
            _ => None,
        };
        Verdict { score, needed: SAMPLE_THRESHOLD, motion, reject }
    }

    /// Mean score of the last `together` samples, at least one.
    fn score(&self, together: usize) -> u16 {
        let together = together.clamp(1, self.length.max(1));
        let last = &self.samples()[self.length.saturating_sub(together)..];
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
    use vision::Point;

    use super::*;
    use crate::{MIN_SIMILARITY, MIN_SIMILARITY_TO_FIRST};

    /// A look at a face at `x`, whose nose is `nose` to the right of the middle.
    fn sample(score: u16, x: i32, nose: i32, second: u64) -> Sample {
        let places = [[-20, -20], [20, -20], [nose, 0], [-15, 20], [15, 20]];
        let landmarks = places.map(|[dx, dy]| Point { x: (x + dx) << 10, y: (100 + dy) << 10 });
        let alike = i16::MAX;
        Sample {
            score,
            landmarks,
            at_ms: 1000 * second,
            similarity: alike,
            similarity_to_first: alike,
            ..Sample::default()
        }
    }

    #[test]
    fn a_face_is_watched_before_it_passes() {
        let mut watch = LivenessTracker::new();
        for number in 1..MIN_SAMPLES {
            assert_eq!(
                watch.observe(sample(32_000, 100, number as i32, 0), 3).reject,
                Some(RejectReason::TooFewSamples)
            );
        }
        assert_ne!(watch.observe(sample(32_000, 100, 3, 0), 3).reject, Some(RejectReason::TooFewSamples));
        assert_eq!(watch.observe(sample(900, 100, 0, 0), 1).reject, Some(RejectReason::Score));
    }

    #[test]
    fn the_score_is_the_mean_of_the_looks_that_agree_together() {
        let mut watch = LivenessTracker::new();
        let scores =
            [30_000, 30_000, 12_000, 12_000, 12_000].map(|score| watch.observe(sample(score, 100, 0, 0), 3));
        assert_eq!(scores.map(|verdict| verdict.score), [30_000, 30_000, 24_000, 18_000, 12_000]);
    }

    #[test]
    fn one_look_alone_must_be_a_sure_one() {
        assert_eq!(single_frame_verdict(SINGLE_FRAME_THRESHOLD).reject, None);
        assert_eq!(single_frame_verdict(SINGLE_FRAME_THRESHOLD - 1).reject, Some(RejectReason::Score));
    }

    #[test]
    fn another_face_and_a_pause_begin_anew() {
        let mut watch = LivenessTracker::new();
        watch.observe(sample(30_000, 60, 0, 0), 3);
        assert_eq!(watch.observe(sample(20_000, 63, 0, 1), 3).score, 25_000);
        assert_eq!(watch.observe(sample(10_000, 150, 0, 2), 3).score, 10_000, "it jumped");
        assert_eq!(watch.observe(sample(20_000, 150, 0, 30), 3).score, 20_000, "it was away");
        assert_eq!(watch.samples().len(), 1);
    }

    #[test]
    fn pictures_swapped_in_one_place_begin_anew() {
        let mut watch = LivenessTracker::new();
        for number in 0..30 {
            let swapped = number % 4 == 0;
            let similarity = if swapped { MIN_SIMILARITY - 1 } else { 31_000 };
            let sample = Sample { similarity, ..sample(32_000, 100, if swapped { 1 } else { -1 }, number) };
            watch.observe(sample, 3);
            assert_eq!(watch.samples().len() as u64, number % 4 + 1);
            assert_eq!(watch.samples()[0].similarity, i16::MAX, "of one face alone");
        }
    }

    #[test]
    fn a_face_that_turns_slowly_into_another_one_begins_anew() {
        let mut watch = LivenessTracker::new();
        let observe = |watch: &mut LivenessTracker, similarity_to_first| {
            watch.observe(Sample { similarity: 32_000, similarity_to_first, ..sample(32_000, 100, 0, 0) }, 3);
            watch.samples().len()
        };
        let lengths = [5, 30_000, 20_000, MIN_SIMILARITY_TO_FIRST, MIN_SIMILARITY_TO_FIRST - 1]
            .map(|alike| observe(&mut watch, alike));
        assert_eq!(lengths, [1, 2, 3, 4, 1]);
        assert_eq!(watch.samples()[0].similarity_to_first, i16::MAX, "it is the first itself");
    }

    #[test]
    fn a_picture_and_its_mirror_image_in_one_place_begin_anew() {
        let mut watch = LivenessTracker::new();
        for number in 0..40 {
            let nose = if number / 4 % 2 == 0 { 5 } else { -5 };
            let verdict = watch.observe(sample(32_000, 100 + number % 3, nose, 0), 3);
            assert_eq!(verdict.reject, Some(RejectReason::TooFewSamples));
            assert_eq!(watch.samples().len() as i32, number % 4 + 1);
        }
    }

    #[test]
    fn what_is_still_does_not_pass_however_alive_it_looks() {
        let mut watch = LivenessTracker::new();
        let last = (0..30).map(|_| watch.observe(sample(32_768, 100, 0, 0), 3)).last();
        let last = last.map(|verdict| (verdict.motion, verdict.reject));
        assert_eq!(last, Some((Motion::Still, Some(RejectReason::Still))));
    }
}
