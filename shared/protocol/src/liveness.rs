//! Whether a face is a living one's, or a picture's.

use serde::{Deserialize, Serialize};

/// What the door asks of a face before it is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LivenessMode {
    /// Nothing: a photograph of somebody who is known opens.
    Off,
    /// That it looks and moves like a living one over a row of pictures.
    /// Without that network the door stays locked.
    #[default]
    Passive,
    /// The same, and that it makes the movements that the door asks for.
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

/// How alive a face looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Liveness {
    /// The network's score, in the mean of the pictures that count together; Q15, 32768 is surely alive.
    pub score: u16,
    /// The score that each picture needs.
    pub needed: u16,
    /// What spoke against it; none if the face passes for a living one.
    pub reject: Option<RejectReason>,
}

/// What gives an attack away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RejectReason {
    /// It looks like a picture: the network's score is too low.
    Score,
    /// It moves as a plane does: its landmarks are those of one flat picture seen from several sides.
    Flat,
    /// Its movement repeats to the pixel, as that of a recording in a loop.
    Repeats,
    /// It does not move.
    Still,
    /// It was not watched for long enough yet.
    TooFewSamples,
    /// Its looks and its movement together are not those of a living head.
    Sequence,
    /// The door asks for a movement, and waits for it.
    ChallengeRequested(Gesture),
    /// It did not make the movement that was asked for, or not in time.
    ChallengeFailed,
}

impl RejectReason {
    /// Whether nothing is decided: the door wants to see more.
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::TooFewSamples | Self::ChallengeRequested(_))
    }
}

/// A movement that the door asks for, as whoever makes it calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Gesture {
    /// To look straight ahead (again).
    Straight,
    /// To turn the head to its left.
    Left,
    /// To turn the head to its right.
    Right,
    /// To raise the head.
    Up,
    /// To lower the head, as to nod.
    Down,
    /// To close both eyes for a second.
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
            RejectReason::TooFewSamples => "is to be watched for longer",
            RejectReason::Sequence => "does not look and move like a living one",
            RejectReason::Repeats => "moves like a recording that repeats",
            RejectReason::ChallengeRequested(gesture) => return write!(f, "is asked to {gesture}"),
            RejectReason::ChallengeFailed => "did not do what it was asked to",
        })
    }
}
