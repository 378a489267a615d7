//! A sample: what one frame shows of a face.

use vision::{Face, Landmark, Point, SUBPIXEL_BITS};

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
