//! Whether two consecutive samples can show the same face.

use vision::Point;

use crate::{Sample, motion::parallax};

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

/// The same where the change before it was to the same side, and a third of it or more (0.1875): a head that is asked to turn
/// gathers speed. Of 30 that turned in 0.8 to 1.6 seconds three changed by 0.125 to 0.128, after 0.04 to 0.06 (people of the
/// training set). A picture that is exchanged does not move first.
const SWING: i64 = 768;

impl Sample {
    /// Whether this sample and the one `before` it can show the same face: the templates are similar, the
    /// face moved by no more than its size, the parallax did not jump, and the size changed by no more than
    /// [`GROWTH`]. `earlier` is the sample before both, if it shows that face.
    pub(crate) fn continues(&self, before: &Self, earlier: Option<&Self>) -> bool {
        if self.similarity < MIN_SIMILARITY || self.similarity_to_first < MIN_SIMILARITY_TO_FIRST {
            return false;
        }
        if let (Some(now), Some(then)) = (parallax(self), parallax(before)) {
            let change = now - then;
            let earlier = earlier.and_then(parallax).map_or(0, |earlier| then - earlier);
            let gathers = change.signum() == earlier.signum() && 3 * earlier.abs() >= change.abs();
            if change.abs() > if gathers { SWING } else { LEAP } {
                return false;
            }
        }
        self.is_near(before)
    }

    /// Whether the face moved by no more than its size since the sample `before`, and its size changed by no more than
    /// [`GROWTH`].
    pub(crate) fn is_near(&self, before: &Self) -> bool {
        let (now, then) = (self.size(), before.size());
        let (larger, smaller) = (now.max(then), now.min(then));
        let moved = |axis: fn(&Point) -> i32| (self.middle(axis) - before.middle(axis)).abs();
        let far = moved(|point| point.x).max(moved(|point| point.y));
        far <= larger && larger * GROWTH[1] <= smaller * GROWTH[0]
    }
}
