//! Liveness over frames: the tracker, the challenge, and what finds a change of the face.
//!
//! The encoder tells whether two frames show one face, and costs as much as the rest of a frame. So it is asked where
//! something hints at a change: the place, or the pixels of the aligned face ([`Thumbnail`]), of which another face's
//! differ. It is asked again for each frame that passes liveness, before anybody is matched: that template must be alike
//! to the last one and to the first of the track.
//!
//! A challenge that is under way when its track ends has failed, whatever ended the track
//! ([`LivenessWatch::take_abandoned`]): the face that began is the face that ends.

use liveness::{
    Challenge, Gesture, LivenessTracker, MIN_SIMILARITY, MIN_SIMILARITY_TO_FIRST, STEPS, Sample, Verdict,
};
use template::{CosineScore, Template};
use vision::{Face, Thumbnail};

/// What shows that a face is a living one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LivenessMode {
    /// No check: a photo of an enrolled person opens the door.
    Off,
    /// Score and movement over several frames.
    Passive,
    /// The same, and the gestures that the door asks for.
    Challenge,
}

/// One face of one frame.
pub(crate) struct LiveFace<'f> {
    /// The score of the liveness network, Q15.
    pub(crate) score: u16,
    pub(crate) face: &'f Face,
    pub(crate) openness: u16,
    pub(crate) thumbnail: Thumbnail,
    /// Its template, if [`LivenessWatch::needs_template`].
    pub(crate) template: Option<&'f Template>,
    pub(crate) at_ms: u64,
}

/// The frames of one face so far.
pub(crate) struct LivenessWatch {
    tracker: LivenessTracker,
    challenge: Challenge,
    /// The thumbnail of the newest sample.
    thumbnail: Option<Thumbnail>,
    /// The template that was encoded last.
    last: Option<Template>,
    /// The template of the first frame of this face.
    first: Option<Template>,
    /// The template when the challenge that is under way began.
    asked: Option<Template>,
    /// The face of a challenge whose track ended in the middle of it.
    abandoned: Option<Template>,
}

impl LivenessWatch {
    /// No frames.
    pub(crate) fn new() -> Self {
        Self {
            tracker: LivenessTracker::new(),
            challenge: Challenge::new(),
            thumbnail: None,
            last: None,
            first: None,
            asked: None,
            abandoned: None,
        }
    }

    /// Forgets the frames so far.
    pub(crate) fn reset(&mut self) {
        let last = self.tracker.samples().last().map_or(0, |sample| sample.at_ms);
        self.tracker.reset();
        self.abandon(last);
    }

    /// The same, for nothing that the face did: a challenge that is under way ends without a failure. One that failed before stays
    /// failed.
    pub(crate) fn interrupt(&mut self) {
        let failed = self.abandoned.take();
        self.reset();
        self.abandoned = failed;
    }

    /// The track ended.
    fn abandon(&mut self, now_ms: u64) {
        if self.challenge.abandon(now_ms) {
            self.abandoned = self.asked.take();
        }
    }

    /// The face of a challenge that failed because its track ended, once: as it was when the challenge began.
    pub(crate) fn take_abandoned(&mut self) -> Option<Template> {
        self.abandoned.take()
    }

    /// Whether a challenge is under way, or failed and was not told.
    pub(crate) fn is_asking(&self) -> bool {
        self.challenge.is_under_way() || self.abandoned.is_some()
    }

    /// The gesture that is requested and not made yet.
    pub(crate) fn requested(&self) -> Option<Gesture> {
        self.challenge.requested()
    }

    /// The face of the challenge that is under way, as it was when the challenge began.
    pub(crate) fn asked(&self) -> Option<&Template> {
        self.asked.as_ref()
    }

    /// Takes a frame that gives no sample: without a face, or with a face that is too poor to be encoded.
    pub(crate) fn miss(&mut self, face: Option<&Face>, now_ms: u64) {
        let place = face.map(|face| Sample::new(0, face, 0, 0, [i16::MAX; 2]));
        self.tracker.miss(place, self.challenge.patience());
        match place {
            Some(place) if !self.tracker.samples().is_empty() => self.challenge.observe_poor(&place),
            _ => self.abandon(now_ms),
        }
    }

    /// Whether a face is the one that is followed, where the door asks for gestures. Somebody who turns too far to be assessed
    /// does not leave the door to a face behind them.
    pub(crate) fn follows(&self, face: &Face, mode: LivenessMode) -> bool {
        let place = Sample::new(0, face, 0, 0, [i16::MAX; 2]);
        mode == LivenessMode::Challenge && self.tracker.is_near(&place)
    }

    /// Whether a frame's face must be encoded before [`see`](Self::see): it is the first of a track, or does not resemble the
    /// one before by place or pixels. A challenge takes seconds, so each of its frames is encoded.
    pub(crate) fn needs_template(
        &self,
        face: &Face,
        thumbnail: &Thumbnail,
        mode: LivenessMode,
        now_ms: u64,
    ) -> bool {
        let sample = Sample::new(0, face, 0, now_ms, [i16::MAX; 2]);
        let resembles = self.thumbnail.as_ref().is_some_and(|last| last.resembles(thumbnail));
        mode == LivenessMode::Challenge || !resembles || !self.tracker.is_continued_by(&sample)
    }

    /// The template that was encoded last.
    pub(crate) fn template(&self) -> Option<&Template> {
        self.last.as_ref()
    }

    /// Takes the template of the newest sample, which had none. If it is another face than the one that was followed, the
    /// frames so far are forgotten, and this returns `false`.
    pub(crate) fn confirm(&mut self, template: &Template) -> bool {
        let [last, first] = self.alike(template);
        self.last = Some(template.clone());
        let same = last >= MIN_SIMILARITY && first >= MIN_SIMILARITY_TO_FIRST;
        if !same {
            self.reset();
        }
        same
    }

    /// The cosines of a template and those of the last and the first frame.
    fn alike(&self, template: &Template) -> [i16; 2] {
        [&self.last, &self.first].map(|other| {
            let alike = other.as_ref().and_then(|other| other.similarity(template));
            alike.map_or(i16::MAX, q15)
        })
    }

    /// Takes a frame. The verdict's score is the mean over the last `together` frames. `random` draws the gestures of the
    /// challenge; it is used in [`LivenessMode::Challenge`] alone.
    pub(crate) fn see(
        &mut self,
        live: LiveFace<'_>,
        mode: LivenessMode,
        together: u8,
        random: impl FnOnce() -> [u8; STEPS],
    ) -> Verdict {
        let LiveFace { score, face, openness, thumbnail, template, at_ms } = live;
        // The encoder finds that another face took the place of the one before, even if nothing jumped.
        let alike = template.map_or([i16::MAX; 2], |template| self.alike(template));
        self.thumbnail = Some(thumbnail);
        if let Some(template) = template {
            self.last = Some(template.clone());
        }
        let sample = Sample::new(score, face, openness, at_ms, alike);
        if !self.tracker.is_continued_by(&sample) {
            self.abandon(at_ms);
            self.first = template.cloned();
        }
        let verdict = self.tracker.observe(sample, together.into());
        let samples = self.tracker.samples();
        if mode != LivenessMode::Challenge {
            return verdict;
        }
        let was_asked = self.challenge.is_under_way();
        let verdict = self.challenge.observe(verdict, samples, random);
        if !was_asked && self.challenge.is_under_way() {
            self.asked = template.cloned();
        }
        verdict
    }
}

/// A cosine in 16 bits, as liveness samples have it; 1.0 becomes the largest value.
fn q15(score: CosineScore) -> i16 {
    score.0.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cosine_of_one_fits_in_sixteen_bits() {
        assert_eq!(q15(CosineScore::ONE), i16::MAX);
        assert_eq!(q15(CosineScore(-40_000)), i16::MIN);
    }
}
