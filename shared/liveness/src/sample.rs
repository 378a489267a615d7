//! A sample: what one frame shows of a face.

use vision::{Face, Landmark, Point, SUBPIXEL_BITS};

use crate::motion::parallax;

/// Largest ratio of the sizes of one face in two consecutive samples: 3/2.
const GROWTH: [i64; 2] = [3, 2];

/// Least similarity of one face in two consecutive samples: cosine of the templates, Q15 (0.5). A turning
/// head stays above it from sample to sample, other people stay far below.
pub const MIN_SIMILARITY: i16 = 16_384;

/// Least similarity of a sample to the first one since the last reset (0.3): it detects a face that slowly
/// turns into another one. Heads that followed the gestures of a challenge stayed above 0.41 (people of the
/// training set).
pub const MIN_SIMILARITY_TO_FIRST: i16 = 9_830;

/// Largest change of the parallax of one face between two consecutive samples, in eye distances, Q12 (0.125),
/// which is a turn by some 16 degrees. Living heads at five samples a second stay below 0.08 (people of the
/// training set). A photograph that is replaced by its mirror image jumps by twice its parallax.
const LEAP: i64 = 512;

/// What one frame shows of a face.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Sample {
    /// The network's score of this frame alone, Q15: 32768 is certainly alive.
    pub score: u16,
    /// The five landmarks, in 1/1024 pixel.
    pub landmarks: [Point; 5],
    /// Openness of the eyes as measured by [`vision::openness`]; 0 if unknown.
    pub openness: u16,
    /// Time of the frame in milliseconds, on any monotonic clock.
    pub at_ms: u64,
    /// Similarity to the face of the sample before: cosine of the templates, Q15. `i16::MAX` for the first
    /// sample.
    pub similarity: i16,
    /// Similarity to the face of the first sample since the last reset, in the same way.
    pub similarity_to_first: i16,
}

impl Sample {
    /// A sample of `face`. The similarities are those to the sample before and to the first one.
    pub fn new(
        score: u16,
        face: &Face,
        openness: u16,
        at_ms: u64,
        [similarity, similarity_to_first]: [i16; 2],
    ) -> Self {
        Self { score, landmarks: face.landmarks, openness, at_ms, similarity, similarity_to_first }
    }

    /// Whether this sample and the one `before` it can show the same face: the templates are similar, the
    /// face moved by no more than its size, the parallax did not jump, and the size changed by no more than
    /// [`GROWTH`].
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

    /// The size of the face: the longer of the distances from eye to eye and from right eye to mouth, at
    /// least one pixel.
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
