//! Movements that a door asks for, in an order that nobody knows before.
//!
//! A recording shows what was asked when it was made, and a picture of a head cannot turn as one does. So a door that
//! needs more asks for [`STEPS`] movements, one after the other ([`order`]). The watch ([`LivenessTracker`](crate::LivenessTracker)) goes on
//! meanwhile with all its rules: another face, a leap or a pause begins the challenge anew, too.
//!
//! Everybody blinks. So closed eyes are never another movement than the one asked for, however long, and to be the one
//! that is asked for they must be closed in [`EYES_CLOSED_SAMPLES`] looks in a row, straight ahead.
//!
//! | state | look | next state | what speaks against |
//! |---|---|---|---|
//! | any but failed | the watch began anew: fewer than [`MIN_SAMPLES`] looks | idle | what the watch says |
//! | idle | the last [`MIN_SAMPLES`] looks are not all straight ahead | idle | [`RejectReason::StraightRequested`] |
//! | idle | they are: this is straight ahead from now on | asks the 1st, of an order that is drawn now | [`RejectReason::ChallengeRequested`] |
//! | asks the n-th | straight ahead, or between; with eyes open or closed | the same | [`RejectReason::ChallengeRequested`] |
//! | asks the n-th | that movement of the head | returns from the n-th | [`RejectReason::StraightRequested`] |
//! | asks the n-th, to close the eyes | straight ahead, and the eyes are closed in the [`EYES_CLOSED_SAMPLES`]th look in a row | returns from the n-th | [`RejectReason::StraightRequested`] |
//! | asks the n-th | another movement of the head | failed | [`RejectReason::ChallengeFailed`] |
//! | asks the n-th | none, and [`STEP_MS`] are over | failed | [`RejectReason::ChallengeFailed`] |
//! | returns from the n-th | not straight ahead | the same | [`RejectReason::StraightRequested`] |
//! | returns from the n-th, to close the eyes | they are closed | the same | [`RejectReason::StraightRequested`] |
//! | returns from the n-th | straight ahead; if it was to close the eyes, they are open | asks the next; done, if it was the last | [`RejectReason::ChallengeRequested`]; what the watch says |
//! | returns from the n-th | none of these, and [`STEP_MS`] are over | failed | [`RejectReason::ChallengeFailed`] |
//! | done | any | done | what the watch says |
//! | done | [`DONE_MS`] are over | idle | as idle |
//! | failed | any | the same | [`RejectReason::TooFewSamples`] |
//! | failed | [`FAILED_MS`] are over | idle | as idle |
//!
//! A look that the network takes for a picture ([`RejectReason::Score`]) moves no state on, except that time goes by; closed
//! eyes are not counted in it.

use crate::gesture::{Pose, PoseClass};
use crate::{Gesture, MIN_SAMPLES, RejectReason, STEPS, Sample, Verdict, order};

/// Looks in a row in which the eyes are closed of who was asked to close them. By themselves they mostly close for one
/// at five looks a second.
pub const EYES_CLOSED_SAMPLES: u8 = 2;

/// How long each may take, from the moment it is asked for until the head looks straight ahead again, in
/// milliseconds.
pub const STEP_MS: u64 = 10_000;

/// How long who passed the challenge need not do so again.
pub const DONE_MS: u64 = 10_000;

/// How long nobody is asked again after a challenge that failed.
pub const FAILED_MS: u64 = 3_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Asks(u8),
    Returns(u8),
    Done,
    Failed,
}

/// What a door asks for, and how far one has come with it.
#[derive(Clone, Copy, Debug)]
pub struct Challenge {
    state: State,
    order: [Gesture; STEPS],
    /// How the head is pose when it looks straight ahead.
    neutral: Pose,
    /// When the state began, in the time of the samples.
    since_ms: u64,
    /// Looks in a row, up to now, in which the eyes were closed and the head straight.
    eyes_closed: u8,
}

impl Challenge {
    /// Nobody was asked for anything.
    pub const fn new() -> Self {
        Self {
            state: State::Idle,
            order: [Gesture::Left; STEPS],
            neutral: Pose::UNKNOWN,
            since_ms: 0,
            eyes_closed: 0,
        }
    }

    /// Forgets how far one has come.
    pub fn reset(&mut self) {
        self.state = State::Idle;
    }

    /// Takes what the watch made of the newest of `looks`, and tells what it comes to. `random` is asked for bytes
    /// when an order is drawn.
    pub fn observe(
        &mut self,
        verdict: Verdict,
        samples: &[Sample],
        random: impl FnOnce() -> [u8; STEPS],
    ) -> Verdict {
        let Some(sample) = samples.last() else { return verdict };
        let time = sample.at_ms.saturating_sub(self.since_ms);
        let over = match self.state {
            State::Failed if time < FAILED_MS => return rejected(verdict, RejectReason::TooFewSamples),
            _ if samples.len() < MIN_SAMPLES => {
                self.reset();
                return verdict;
            }
            State::Done if time < DONE_MS => return verdict,
            State::Idle | State::Done | State::Failed => {
                return self.begin(verdict, sample.at_ms, samples, random);
            }
            State::Asks(_) | State::Returns(_) => time >= STEP_MS,
        };
        if verdict.reject == Some(RejectReason::Score) && !over {
            return verdict;
        }
        let pose = Pose::of(sample);
        let pose_class = pose.classify(&self.neutral);
        let closed = pose.eyes_closed(&self.neutral);
        let frontal = pose_class == PoseClass::Frontal;
        self.eyes_closed = if frontal && closed { self.eyes_closed.saturating_add(1) } else { 0 };
        if frontal {
            self.neutral = self.neutral.towards(&pose);
        }
        let next = match self.state {
            State::Asks(step) if pose_class == PoseClass::Gesture(self.at(step)) => State::Returns(step),
            State::Asks(step)
                if self.at(step) == Gesture::Blink && self.eyes_closed >= EYES_CLOSED_SAMPLES =>
            {
                State::Returns(step)
            }
            State::Asks(_) if matches!(pose_class, PoseClass::Gesture(_)) => State::Failed,
            State::Returns(step) if frontal && !(closed && self.at(step) == Gesture::Blink) => {
                (self.since_ms, self.eyes_closed) = (sample.at_ms, 0);
                if usize::from(step) + 1 < STEPS { State::Asks(step + 1) } else { State::Done }
            }
            _ if over => State::Failed,
            same => same,
        };
        self.state = next;
        match next {
            State::Asks(step) => rejected(verdict, RejectReason::ChallengeRequested(self.at(step))),
            State::Returns(_) => rejected(verdict, RejectReason::StraightRequested),
            State::Failed => {
                self.since_ms = sample.at_ms;
                rejected(verdict, RejectReason::ChallengeFailed)
            }
            State::Idle | State::Done => verdict,
        }
    }

    /// Draws an order and asks for its first movement, once the head looks straight ahead.
    fn begin(
        &mut self,
        verdict: Verdict,
        now: u64,
        samples: &[Sample],
        random: impl FnOnce() -> [u8; STEPS],
    ) -> Verdict {
        self.state = State::Idle;
        let last = &samples[samples.len() - MIN_SAMPLES..];
        let Some(neutral) = Pose::neutral(last) else {
            return rejected(verdict, RejectReason::StraightRequested);
        };
        *self =
            Self { state: State::Asks(0), order: order(random()), neutral, since_ms: now, eyes_closed: 0 };
        rejected(verdict, RejectReason::ChallengeRequested(self.at(0)))
    }

    fn at(&self, step: u8) -> Gesture {
        self.order[usize::from(step) % STEPS]
    }
}

impl Default for Challenge {
    fn default() -> Self {
        Self::new()
    }
}

fn rejected(verdict: Verdict, reject: RejectReason) -> Verdict {
    // A picture that the network is sure of stays one, whatever was asked.
    let is_spoof = verdict.reject == Some(RejectReason::Score) && reject != RejectReason::ChallengeFailed;
    Verdict { reject: if is_spoof { verdict.reject } else { Some(reject) }, ..verdict }
}
