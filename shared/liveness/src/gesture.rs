//! Gestures that a door can request, and their detection from five landmarks and the openness of the eyes.
//!
//! When a head turns, the tip of its nose moves to that side in the plane of eyes and mouth, by its height
//! over that plane times the tangent of the angle (`motion`). No motion of a plane has this effect, so a turn
//! is the part of a challenge that needs a real head. The same effect up and down is too small: for heads
//! that nodded by 13 to 21 degrees the detector moved the nose by 0.03 to 0.06 of the way from eyes to mouth,
//! and for tilted prints by no less. So a nod is detected by the position of the face in the frame, because a
//! head turns about its neck. A picture can be moved in the same way.
//!
//! Eyes are closed when their openness ([`vision::openness`]) is less than half of that in the neutral pose
//! of the same head. Measured on 78 heads (people of the training set): 97.7 % of 724 samples with lids that
//! were drawn closed met this condition, and 0.3 % of 1,664 with open eyes. Of 6,069 photographs 11 show
//! people whose own eyes were closed; their openness was 0.27 of the median of all on average, and 0.48 at
//! most.

use crate::{Sample, motion};

/// Least horizontal shift of the nose that counts as a turn, in eye distances, Q12: 0.1, some 13 degrees.
/// Prints that were turned by up to 45 degrees reached 0.09, heads without a request 0.07, and heads that
/// followed a request 0.1 and more (people of the training set).
const TURNED: i64 = 410;

/// Least vertical shift of the face that counts as a nod, in sizes of the face, Q12: 0.16.
const NODDED: i64 = 655;

/// Largest horizontal and vertical shift of a frontal head, in the same units, Q12: 0.06 and 0.12.
const STRAIGHT: [i64; 2] = [246, 492];

/// Largest vertical shift of a head that is back from a nod, in sizes of the face, Q12: half of a nod, 0.08. A small nod that is held
/// came near [`STRAIGHT`] again by the detector's error alone; then the way back looked like the opposite movement.
const BACK: i64 = NODDED / 2;

/// Least horizontal shift of the nose of a face that is turned too far to be assessed, in eye distances, Q12: 0.2. Its landmarks
/// are less exact than those of other faces.
const TURNED_FAR: i64 = 2 * TURNED;

/// Eyes are closed when their openness is less than that of the neutral pose divided by this: 1/2.
const CLOSED: u16 = 2;

/// Openness in the neutral pose up to which closed eyes cannot be detected, Q12: 0.1. This applies to 1.4 %
/// of those photographs.
const DARK: u16 = 410;

/// A gesture, named from the person's point of view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Gesture {
    /// The head turns to its left, which is right in the frame.
    Left,
    /// The head turns to its right.
    Right,
    /// The head is raised.
    Up,
    /// The head is lowered, as in a nod.
    Down,
    /// Both eyes are closed for longer than in a natural blink.
    Blink,
}

impl Gesture {
    /// All gestures; those that need a real head come first.
    pub const ALL: [Self; 5] = [Self::Left, Self::Right, Self::Up, Self::Down, Self::Blink];

    /// Whether the head turns to a side.
    pub(crate) const fn is_turn(self) -> bool {
        matches!(self, Self::Left | Self::Right)
    }
}

/// The direction in which a head looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PoseClass {
    /// Straight ahead, or nearly so.
    Frontal,
    /// Neither frontal nor a clear gesture.
    Intermediate,
    /// Far enough to one side to count as this gesture.
    Gesture(Gesture),
}

/// The pose of a head in one sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pose {
    /// Horizontal position of the nose between the eyes, in eye distances, Q12.
    across: i64,
    /// Vertical position of the face in the frame, from the top, in 1/1024 pixel.
    down: i64,
    /// Size of the face, in 1/1024 pixel.
    size: i64,
    /// Openness of the eyes, Q12; in the neutral pose the largest one of its samples.
    open: u16,
}

impl Pose {
    pub(crate) const UNKNOWN: Self = Self { across: 0, down: 0, size: 1, open: 0 };

    pub(crate) fn of(sample: &Sample) -> Self {
        let [across, ..] = motion::plane(sample);
        Self { across, down: sample.middle(|point| point.y), size: sample.size(), open: sample.openness }
    }

    /// The neutral pose: the mean of `samples`, if all of them are frontal relative to it.
    pub(crate) fn neutral(samples: &[Sample]) -> Option<Self> {
        let count = samples.len().max(1) as i64;
        let mean =
            |part: fn(Self) -> i64| samples.iter().map(|sample| part(Self::of(sample))).sum::<i64>() / count;
        let neutral = Self {
            across: mean(|pose| pose.across),
            down: mean(|pose| pose.down),
            size: mean(|pose| pose.size).max(1),
            // A blink in between would lower the mean.
            open: samples.iter().map(|sample| sample.openness).max().unwrap_or(0),
        };
        samples
            .iter()
            .all(|sample| Self::of(sample).classify(&neutral) == PoseClass::Frontal)
            .then_some(neutral)
    }

    /// Whether the eyes are closed, compared with those of the `neutral` pose.
    pub(crate) fn eyes_closed(&self, neutral: &Self) -> bool {
        neutral.open > DARK && self.open < neutral.open / CLOSED
    }

    /// This pose moved by one part of so many towards `now`: people settle down and come closer. The openness of the
    /// eyes does not depend on that and stays.
    pub(crate) fn towards(self, now: &Self, parts: i64) -> Self {
        let between = |then: i64, now: i64| then + (now - then) / parts;
        Self {
            across: between(self.across, now.across),
            down: between(self.down, now.down),
            size: between(self.size, now.size),
            open: self.open,
        }
    }

    /// Whether a frontal head is back from a nod, or from looking up.
    pub(crate) fn is_back(&self, neutral: &Self) -> bool {
        self.down_of(neutral).abs() <= BACK
    }

    /// To which side a face that is too poor to be assessed is turned, if it is turned far.
    pub(crate) fn far_turn(&self, neutral: &Self) -> Option<Gesture> {
        match self.across - neutral.across {
            across if across >= TURNED_FAR => Some(Gesture::Left),
            across if across <= -TURNED_FAR => Some(Gesture::Right),
            _ => None,
        }
    }

    /// How far the face is below the `neutral` one, in sizes of the face, Q12.
    fn down_of(&self, neutral: &Self) -> i64 {
        ((self.down - neutral.down) << motion::BITS) / neutral.size.max(1)
    }

    /// Classifies this pose relative to the `neutral` one of the same head.
    pub(crate) fn classify(&self, neutral: &Self) -> PoseClass {
        let across = self.across - neutral.across;
        let down = self.down_of(neutral);
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
