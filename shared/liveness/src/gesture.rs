//! Movements that a door can ask for, and how they are told from five landmarks and the openness of the eyes.
//!
//! When a head turns, the tip of its nose goes to that side in the plane of eyes and mouth, by its height over that
//! plane times the tangent of the turn (`motion`). No way of holding a plane does that, so that a turn is the part of a
//! challenge that takes a head. Up and down the same is too little: of heads that nodded by 13 to 21 degrees the detector
//! moved the nose by 0.03 to 0.06 of the way from eyes to mouth, and of prints that were tilted no less. So a nod is told
//! by where the face goes in the picture, since a head turns about its neck; a picture can be moved like that, too.
//!
//! Eyes are closed when they are less than half as open ([`vision::openness`]) as when the same head was at neutral. Of 78 heads
//! (people of the training) 97.7 % of 724 looks at lids that were drawn closed came to that, and 0.3 % of 1,664 at open
//! eyes. Of 11 photographs of people whose own eyes were closed, among 6,069, the eyes came to 0.27 of the median of all
//! in the mean, and to 0.48 at most.

use crate::{Sample, motion};

/// How far the nose goes across before a head has turned, in distances of the eyes, Q12: 0.11, some 14 degrees. Prints
/// that were turned by up to 45 degrees came to 0.09, heads that were not asked to 0.07, heads that were to 0.16 and
/// more (people of the training).
const TURNED: i64 = 451;

/// How far a face goes up or down before a head has nodded, in its own size, Q12: 0.16.
const NODDED: i64 = 655;

/// Within how much of both a head looks straight ahead, Q12: 0.06 and 0.12.
const STRAIGHT: [i64; 2] = [246, 492];

/// Eyes that are closed are less open than this part of those at neutral: 1/2.
const CLOSED: u16 = 2;

/// Eyes that seem no more open than this at neutral are not seen to close, Q12: 0.1. In 1.4 % of those photographs they do.
const DARK: u16 = 410;

/// A movement, as whoever makes it calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Gesture {
    /// The head turns to its left, which is right in the picture.
    Left,
    /// The head turns to its right.
    Right,
    /// The head is raised.
    Up,
    /// The head is lowered, as to nod.
    Down,
    /// Both eyes are closed, for longer than by themselves.
    Blink,
}

impl Gesture {
    /// All of them; those that take a head first.
    pub const ALL: [Self; 5] = [Self::Left, Self::Right, Self::Up, Self::Down, Self::Blink];
}

/// Where a head samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PoseClass {
    /// Straight ahead, or nearly.
    Frontal,
    /// Somewhere between, or to no side in particular.
    Intermediate,
    /// As far to one side as one who makes this movement.
    Gesture(Gesture),
}

/// How a head is pose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pose {
    /// Where the nose is between the eyes, in distances of the eyes, Q12.
    across: i64,
    /// Where the face is in the picture, from the top, in 1/1024 pixel.
    down: i64,
    /// How large it is, in the same.
    size: i64,
    /// How far its eyes are open, Q12: the most, of a head at neutral.
    open: u16,
}

impl Pose {
    pub(crate) const UNKNOWN: Self = Self { across: 0, down: 0, size: 1, open: 0 };

    pub(crate) fn of(sample: &Sample) -> Self {
        let [across, ..] = motion::plane(sample);
        Self { across, down: sample.middle(|point| point.y), size: sample.size(), open: sample.openness }
    }

    /// How it is pose in the mean of some samples, if it is at neutral there.
    pub(crate) fn neutral(samples: &[Sample]) -> Option<Self> {
        let count = samples.len().max(1) as i64;
        let mean =
            |part: fn(Self) -> i64| samples.iter().map(|sample| part(Self::of(sample))).sum::<i64>() / count;
        let neutral = Self {
            across: mean(|pose| pose.across),
            down: mean(|pose| pose.down),
            size: mean(|pose| pose.size).max(1),
            // The mean would be lower of who blinked meanwhile.
            open: samples.iter().map(|sample| sample.openness).max().unwrap_or(0),
        };
        samples
            .iter()
            .all(|sample| Self::of(sample).classify(&neutral) == PoseClass::Frontal)
            .then_some(neutral)
    }

    /// Whether the eyes are closed of a head that is pose like `neutral` when they are open.
    pub(crate) fn eyes_closed(&self, neutral: &Self) -> bool {
        neutral.open > DARK && self.open < neutral.open / CLOSED
    }

    /// The same, nearer by a quarter to where the head is now: people settle down, and come closer. How far eyes open
    /// does not change with that.
    pub(crate) fn towards(self, now: &Self) -> Self {
        let between = |then: i64, now: i64| then + (now - then) / 4;
        Self {
            across: between(self.across, now.across),
            down: between(self.down, now.down),
            size: between(self.size, now.size),
            open: self.open,
        }
    }

    /// Where a head looks that is pose like this, and like `neutral` when it looks straight ahead.
    pub(crate) fn classify(&self, neutral: &Self) -> PoseClass {
        let across = self.across - neutral.across;
        let down = ((self.down - neutral.down) << motion::BITS) / neutral.size.max(1);
        if across.abs() <= STRAIGHT[0] && down.abs() <= STRAIGHT[1] {
            return PoseClass::Frontal;
        }
        match (across.abs() >= TURNED, down.abs() >= NODDED) {
            (true, false) => PoseClass::Gesture(if across > 0 { Gesture::Left } else { Gesture::Right }),
            (false, true) => PoseClass::Gesture(if down > 0 { Gesture::Down } else { Gesture::Up }),
            _ => PoseClass::Intermediate,
        }
    }
}
