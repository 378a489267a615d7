//! One look at a face.

use vision::{Face, Landmark, Point, SUBPIXEL_BITS};

use crate::motion::parallax;

/// Faces whose sizes differ by more than this ratio, 3/2, are not one face in two samples.
const GROWTH: [i64; 2] = [3, 2];

/// Faces that are less alike than this, as a cosine of their templates in Q15 (0.5), are not one face in two
/// looks in a row. A turning head stays above it from one look to the next, other people stay far below.
pub const MIN_SIMILARITY: i16 = 16_384;

/// The same for a look and the first one of its watch (0.3): a face that turns slowly into another one goes away from
/// it. Heads that turned as a door asked them to stayed above 0.41 (people of the training).
pub const MIN_SIMILARITY_TO_FIRST: i16 = 9_830;

/// The nose of one face does not leap by more than this between the eyes from one look to the next, in distances of the
/// eyes, Q12 (0.125): a head would have turned by some 16 degrees. Living heads at five looks a second stay below
/// 0.08 (people of the training), a photograph in whose place its mirror image comes leaps by twice its nose's place.
const LEAP: i64 = 512;

/// What one picture shows of a face.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Sample {
    /// The network's score of this picture alone: Q15, 32768 is surely alive.
    pub score: u16,
    /// The five landmarks, in 1/1024 pixel.
    pub landmarks: [Point; 5],
    /// How far the eyes are open, as [`vision::openness`] measures it; 0 where that is not known.
    pub openness: u16,
    /// When, in milliseconds of any clock that does not jump.
    pub at_ms: u64,
    /// How alike this face and that of the look before are to the encoder: the cosine of their templates, Q15.
    /// The largest value where there was none before.
    pub similarity: i16,
    /// The same for the first look of the watch, from which a face that turns into another one goes away.
    pub similarity_to_first: i16,
}

impl Sample {
    /// A look at `face`, whose eyes are this far open, and which is this similar to that of the look before, and to
    /// that of the first one.
    pub fn new(
        score: u16,
        face: &Face,
        openness: u16,
        at_ms: u64,
        [similarity, similarity_to_first]: [i16; 2],
    ) -> Self {
        Self { score, landmarks: face.landmarks, openness, at_ms, similarity, similarity_to_first }
    }

    /// Whether this look and one `before` it can be of one face: it is alike, did not jump by more than its
    /// own size, its nose did not leap between the eyes, and it did not grow or shrink by half.
    pub(crate) fn continues(&self, before: &Self) -> bool {
        if self.similarity < MIN_SIMILARITY || self.similarity_to_first < MIN_SIMILARITY_TO_FIRST {
            return false;
        }
        if let (Some(now), Some(then)) = (parallax(self), parallax(before))
            && (now - then).abs() > LEAP
        {
            return false;
        }
        let (now, then) = (self.size(), before.size());
        let (larger, smaller) = (now.max(then), now.min(then));
        let moved = |axis: fn(&Point) -> i32| (self.middle(axis) - before.middle(axis)).abs();
        let far = moved(|point| point.x).max(moved(|point| point.y));
        far <= larger && larger * GROWTH[1] <= smaller * GROWTH[0]
    }

    /// Mean of the landmarks along one axis.
    pub(crate) fn middle(&self, axis: fn(&Point) -> i32) -> i64 {
        self.landmarks.iter().map(|point| i64::from(axis(point))).sum::<i64>() / 5
    }

    /// A length that grows with the face: the longer of the distances from eye to eye and from eyes
    /// to mouth, at least a pixel.
    pub(crate) fn size(&self) -> i64 {
        let at = |landmark: Landmark| self.landmarks[landmark as usize];
        let [right, left] = [at(Landmark::RightEye), at(Landmark::LeftEye)];
        let mouth = at(Landmark::RightMouth);
        let length = |a: Point, b: Point| {
            let across = (i64::from(a.x) - i64::from(b.x)).unsigned_abs();
            let down = (i64::from(a.y) - i64::from(b.y)).unsigned_abs();
            across.max(down) as i64
        };
        length(right, left).max(length(right, mouth)).max(1 << SUBPIXEL_BITS)
    }
}
