//! The challenge: head gestures that the door requests in a random order.
//!
//! A recording shows only the gestures that were requested when it was made, and a flat picture of a head
//! cannot turn like a head. So a door that needs more certainty requests [`STEPS`] gestures one after the
//! other ([`order`]). The passive checks of the tracker ([`LivenessTracker`](crate::LivenessTracker)) stay
//! active meanwhile. A challenge is of one track: whatever ends the track in the middle of it, as another face, a
//! jump, a pause, an empty frame or a restart of the tracker, fails it ([`Challenge::abandon`]), and the next order is
//! a new one. So nobody at the door has orders drawn until one suits a recording without as many failures, and nobody learns an
//! order with a face of their own and has it asked of another one. What a cut of the power ends is the door's to count
//! (`firmware/door/src/worker/asked.rs`).
//!
//! Everybody blinks. So closed eyes never count as a wrong gesture, however long they are closed. When closed
//! eyes are the requested gesture, they must be closed in [`EYES_CLOSED_SAMPLES`] consecutive samples with a
//! frontal head, and for [`EYES_CLOSED_MS`].
//!
//! | state | sample | next state | reject reason |
//! |---|---|---|---|
//! | idle, done | the tracker was reset: fewer than [`MOTION_SAMPLES`] samples | idle | that of the tracker, or [`RejectReason::TooFewSamples`] where it accepts |
//! | requested(n), returning(n) | the same | failed | [`RejectReason::ChallengeFailed`] |
//! | idle | not all of the last [`MOTION_SAMPLES`] samples are frontal | idle | [`RejectReason::StraightRequested`] |
//! | idle | all are frontal; their mean becomes the neutral pose | requested(1), of an order drawn now | [`RejectReason::ChallengeRequested`] |
//! | requested(n) | frontal or intermediate, eyes open or closed | requested(n) | [`RejectReason::ChallengeRequested`] |
//! | requested(n) | the requested gesture of the head | returning(n) | [`RejectReason::StraightRequested`] |
//! | requested(n), a blink | frontal, and the eyes are closed in the [`EYES_CLOSED_SAMPLES`]th consecutive sample or a later one, for [`EYES_CLOSED_MS`] | returning(n) | [`RejectReason::StraightRequested`] |
//! | requested(n) | another gesture of the head | failed | [`RejectReason::ChallengeFailed`] |
//! | requested(n) | no gesture within [`STEP_MS`] | failed | [`RejectReason::ChallengeFailed`] |
//! | returning(n) | not frontal | returning(n) | [`RejectReason::StraightRequested`] |
//! | returning(n), a blink | the eyes are still closed | returning(n) | [`RejectReason::StraightRequested`] |
//! | requested(n), a turn | none: a face that is turned too far to be assessed, to that side ([`Challenge::observe_poor`]) | returning(n) | |
//! | returning(n) | frontal, and back from a nod; after a blink, the eyes are open | requested(n + 1), or done after the last | [`RejectReason::ChallengeRequested`]; as in done |
//! | returning(n) | none of these within [`STEP_MS`] | failed | [`RejectReason::ChallengeFailed`] |
//! | done | any | done | that of the tracker if it is [`RejectReason::Score`], [`RejectReason::Still`] or [`RejectReason::Repeats`]; else that of the whole challenge |
//! | done | [`DONE_MS`] have elapsed | idle | as in idle |
//! | requested(n), returning(n) | none: the track ended ([`Challenge::abandon`]) | failed | |
//! | idle, done | the same | idle | |
//! | failed | any | failed | [`RejectReason::TooFewSamples`] |
//! | failed | [`FAILED_MS`] have elapsed | idle | as in idle |
//!
//! **The whole challenge decides, not its end.** The tracker's last samples may lie behind the turn: the face may look flat in
//! them, and after a nod the sequence model is unsure. So in half of all samples of the challenge, or more, the model must decide
//! for a living head, whatever it says of the last ones. What else was
//! tried is in docs/liveness.md.
//!
//! A sample that the network rejects ([`RejectReason::Score`]) changes no state and does not count as closed
//! eyes, but the timeouts keep running.

use crate::gesture::{Pose, PoseClass};
use crate::tracker::MAX_UNUSABLE;
use crate::{
    Decision, Gesture, MOTION_SAMPLES, RejectReason, SEQUENCE, STEPS, Sample, Verdict, features, order,
};

/// Consecutive samples with eyes closed that count as a deliberate blink, if they span [`EYES_CLOSED_MS`].
pub const EYES_CLOSED_SAMPLES: u8 = 2;

/// Least time from the first of these samples to the last, in milliseconds. In a natural blink the lids are down for less.
pub const EYES_CLOSED_MS: u64 = 200;

/// Timeout of one gesture in milliseconds, from the request until the head is frontal again.
pub const STEP_MS: u64 = 10_000;

/// How long a passed challenge stays valid, in milliseconds.
pub const DONE_MS: u64 = 10_000;

/// Pause after a failed challenge before the next one starts, in milliseconds.
pub const FAILED_MS: u64 = 3_000;

/// Most frames in a row that show a face too poorly, while a turn is requested or made: its head may be turned too far to be
/// assessed, until the person has seen that it suffices. At any other time [`MAX_UNUSABLE`].
pub const MAX_TURNED: u8 = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Requested(u8),
    Returning(u8),
    Done,
    Failed,
}

/// The state machine of a challenge.
#[derive(Clone, Copy, Debug)]
pub struct Challenge {
    state: State,
    order: [Gesture; STEPS],
    /// Pose of the head when it looks straight ahead.
    neutral: Pose,
    /// When the state was entered, on the clock of the samples.
    since_ms: u64,
    /// Consecutive samples up to now with eyes closed and a frontal head.
    eyes_closed: u8,
    /// When the first of them was, on the clock of the samples.
    closed_ms: u64,
    /// Samples of this challenge of which the sequence model decides for a living head, and all of them.
    alive: u32,
    looks: u32,
}

impl Challenge {
    /// A challenge in the idle state.
    pub const fn new() -> Self {
        Self {
            state: State::Idle,
            order: [Gesture::Left; STEPS],
            neutral: Pose::UNKNOWN,
            since_ms: 0,
            eyes_closed: 0,
            closed_ms: 0,
            alive: 0,
            looks: 0,
        }
    }

    /// Whether something is requested.
    pub const fn is_under_way(&self) -> bool {
        matches!(self.state, State::Requested(_) | State::Returning(_))
    }

    /// The gesture that is requested, until it is made.
    pub fn requested(&self) -> Option<Gesture> {
        match self.state {
            State::Requested(step) => Some(self.gesture(step)),
            _ => None,
        }
    }

    /// Most frames in a row that may show the face too poorly for a sample.
    pub fn patience(&self) -> u8 {
        match self.state {
            State::Requested(step) | State::Returning(step) if self.gesture(step).is_turn() => MAX_TURNED,
            _ => MAX_UNUSABLE,
        }
    }

    /// Takes a frame that shows the face too poorly for a sample; `place` is where. It can show that the head made a turn.
    pub fn observe_poor(&mut self, place: &Sample) {
        if let State::Requested(step) = self.state
            && Pose::of(place).far_turn(&self.neutral) == Some(self.gesture(step))
        {
            self.state = State::Returning(step);
        }
    }

    /// The track ended. A challenge that is under way has failed then. Returns whether one was; `now` is the time in
    /// milliseconds.
    pub fn abandon(&mut self, now: u64) -> bool {
        let failed = self.is_under_way();
        if failed {
            (self.state, self.since_ms) = (State::Failed, now);
        } else if self.state != State::Failed {
            self.state = State::Idle;
        }
        failed
    }

    /// Advances by the newest of `samples`, for which the tracker returned `verdict`, and returns the
    /// combined verdict. `random` provides bytes when an order is drawn.
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
            // The tracker may accept fewer samples; a challenge that was not passed does not.
            _ if samples.len() < MOTION_SAMPLES => {
                let failed = self.abandon(sample.at_ms);
                let few = verdict.reject.unwrap_or(RejectReason::TooFewSamples);
                return rejected(verdict, if failed { RejectReason::ChallengeFailed } else { few });
            }
            State::Done if time < DONE_MS => {
                self.weigh(samples);
                return self.passed(verdict);
            }
            State::Idle | State::Done | State::Failed => {
                return self.begin(verdict, sample.at_ms, samples, random);
            }
            State::Requested(_) | State::Returning(_) => time >= STEP_MS,
        };
        self.weigh(samples);
        if verdict.reject == Some(RejectReason::Score) && !over {
            return verdict;
        }
        let pose = Pose::of(sample);
        let pose_class = pose.classify(&self.neutral);
        let closed = pose.eyes_closed(&self.neutral);
        let frontal = pose_class == PoseClass::Frontal;
        self.eyes_closed = if frontal && closed { self.eyes_closed.saturating_add(1) } else { 0 };
        if self.eyes_closed == 1 {
            self.closed_ms = sample.at_ms;
        }
        let long = sample.at_ms.saturating_sub(self.closed_ms) >= EYES_CLOSED_MS;
        let back = frontal && pose.is_back(&self.neutral);
        // Not while a gesture is requested: a slow turn would take the neutral pose along. So would a nod that is held.
        if frontal && matches!(self.state, State::Returning(_)) {
            self.neutral = self.neutral.towards(&pose, if back { 4 } else { 64 });
        }
        let next = match self.state {
            State::Requested(step) if pose_class == PoseClass::Gesture(self.gesture(step)) => {
                State::Returning(step)
            }
            State::Requested(step)
                if self.gesture(step) == Gesture::Blink
                    && self.eyes_closed >= EYES_CLOSED_SAMPLES
                    && long =>
            {
                State::Returning(step)
            }
            State::Requested(_) if matches!(pose_class, PoseClass::Gesture(_)) => State::Failed,
            State::Returning(step) if back && !(closed && self.gesture(step) == Gesture::Blink) => {
                (self.since_ms, self.eyes_closed) = (sample.at_ms, 0);
                if usize::from(step) + 1 < STEPS { State::Requested(step + 1) } else { State::Done }
            }
            _ if over => State::Failed,
            state => state,
        };
        self.state = next;
        match next {
            State::Requested(step) => rejected(verdict, RejectReason::ChallengeRequested(self.gesture(step))),
            State::Returning(_) => rejected(verdict, RejectReason::StraightRequested),
            State::Failed => {
                self.since_ms = sample.at_ms;
                rejected(verdict, RejectReason::ChallengeFailed)
            }
            State::Done => self.passed(verdict),
            State::Idle => verdict,
        }
    }

    /// Adds what the sequence model says of the samples.
    fn weigh(&mut self, samples: &[Sample]) {
        self.alive += u32::from(SEQUENCE.decide(&features(samples)) == Decision::Alive);
        self.looks += 1;
    }

    /// The verdict after the last gesture.
    fn passed(&self, verdict: Verdict) -> Verdict {
        let reject = match verdict.reject {
            Some(RejectReason::Score | RejectReason::Still | RejectReason::Repeats) => verdict.reject,
            _ if 2 * self.alive >= self.looks => None,
            _ => Some(RejectReason::Sequence),
        };
        Verdict { reject, ..verdict }
    }

    /// Once the head is frontal, draws an order, and requests its first gesture.
    fn begin(
        &mut self,
        verdict: Verdict,
        now: u64,
        samples: &[Sample],
        random: impl FnOnce() -> [u8; STEPS],
    ) -> Verdict {
        self.state = State::Idle;
        let last = &samples[samples.len() - MOTION_SAMPLES..];
        let Some(neutral) = Pose::neutral(last) else {
            return rejected(verdict, RejectReason::StraightRequested);
        };
        *self = Self {
            state: State::Requested(0),
            order: order(random()),
            neutral,
            since_ms: now,
            eyes_closed: 0,
            closed_ms: 0,
            alive: 0,
            looks: 0,
        };
        rejected(verdict, RejectReason::ChallengeRequested(self.gesture(0)))
    }

    fn gesture(&self, step: u8) -> Gesture {
        self.order[usize::from(step) % STEPS]
    }
}

impl Default for Challenge {
    fn default() -> Self {
        Self::new()
    }
}

fn rejected(verdict: Verdict, reject: RejectReason) -> Verdict {
    // A sample that the network rejects stays rejected for its score, whatever was requested.
    let is_spoof = verdict.reject == Some(RejectReason::Score) && reject != RejectReason::ChallengeFailed;
    Verdict { reject: if is_spoof { verdict.reject } else { Some(reject) }, ..verdict }
}
