//! Liveness: presentation attack detection as the protocol reports it.

use serde::{Deserialize, Serialize};

/// The liveness checks of a face before it is matched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LivenessMode {
    /// None: a photograph of an enrolled person opens the door.
    Off,
    /// Passive checks: appearance and motion over a sequence of frames. Without a liveness network the door
    /// stays locked.
    #[default]
    Passive,
    /// Passive checks, and a challenge of requested gestures.
    Challenge,
}

impl core::fmt::Display for LivenessMode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            LivenessMode::Off => "off",
            LivenessMode::Passive => "passive",
            LivenessMode::Challenge => "challenge",
        })
    }
}

/// The result of the liveness checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Liveness {
    /// Mean score of the network over the last frames, Q15: 32768 is certainly alive.
    pub score: u16,
    /// The least score that each frame must have.
    pub needed: u16,
    /// Why the face was rejected; `None` if it was accepted.
    pub reject: Option<RejectReason>,
}

/// Why a face is not accepted as a living one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RejectReason {
    /// The score of the network is too low.
    Score,
    /// It moves like a plane: its landmarks are those of a flat picture seen from several sides.
    Flat,
    /// Its motion repeats like that of a recording in a loop.
    Repeats,
    /// It does not move.
    Still,
    /// Too few samples so far.
    TooFewSamples,
    /// The sequence model rejects the samples.
    Sequence,
    /// The challenge requests a gesture and waits for it.
    ChallengeRequested(Gesture),
    /// The requested gesture was wrong or missing.
    ChallengeFailed,
}

impl RejectReason {
    /// Whether the decision is pending: the door needs more frames.
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::TooFewSamples | Self::ChallengeRequested(_))
    }
}

/// A gesture that the challenge requests, named from the person's point of view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Gesture {
    /// Look straight ahead (again).
    Straight,
    /// Turn the head to the left.
    Left,
    /// Turn the head to the right.
    Right,
    /// Raise the head.
    Up,
    /// Lower the head, as in a nod.
    Down,
    /// Close both eyes for a second.
    Blink,
}

impl core::fmt::Display for Gesture {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Gesture::Straight => "look straight ahead",
            Gesture::Left => "turn left",
            Gesture::Right => "turn right",
            Gesture::Up => "look up",
            Gesture::Down => "nod",
            Gesture::Blink => "close both eyes for a second",
        })
    }
}

impl core::fmt::Display for RejectReason {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            RejectReason::Score => "looks like a picture",
            RejectReason::Flat => "moves like a flat picture",
            RejectReason::Still => "does not move",
            RejectReason::TooFewSamples => "has too few samples so far",
            RejectReason::Sequence => "does not look and move like a living face",
            RejectReason::Repeats => "moves like a recording in a loop",
            RejectReason::ChallengeRequested(gesture) => return write!(f, "is asked to {gesture}"),
            RejectReason::ChallengeFailed => "failed the challenge",
        })
    }
}
