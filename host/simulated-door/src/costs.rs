//! What a step of the recognition takes on a board, in estimated cycles.
//!
//! The figures are the low estimates of docs/performance.md, with the firmware's default networks:
//!
//! ```text
//! postern bench --cycles --on BOARD --frame .cache/pictures/obama.jpg     detect, track, align, assess, encode, liveness
//! ```
//! The alignment of a face takes 1, 4 or 16 samples for each pixel of the crop, as the face is near
//! ([`vision::crop_face`]). The photograph above has 4; a sample is what the step takes, divided by those.

use vision::{CROP_SIZE, Face, Point, SUBPIXEL_BITS, SimilarityTransform};

/// The cycles of each step, and the clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Costs {
    /// The board's name.
    pub board: &'static str,
    /// Its processor.
    pub processor: &'static str,
    /// Its clock in MHz.
    pub mhz: u32,
    /// A whole frame through the detector, in cycles.
    pub detect: u64,
    /// The detector with half its sides, near the last face.
    pub track: u64,
    /// One sample of the aligned crop for each of its pixels.
    pub sample: u64,
    /// The quality of the view, and the openness of the eyes.
    pub assess: u64,
    /// The liveness network with its crop.
    pub liveness: u64,
    /// The encoder.
    pub encode: u64,
    /// The search among templates, the agreement, the policy, and the piece of a model that is hashed again.
    pub decide: u64,
}

/// The Cortex-M55 at 400 MHz.
pub const AN547: Costs = Costs {
    board: "an547",
    processor: "Cortex-M55",
    mhz: 400,
    detect: 32_300_000,
    track: 9_100_000,
    sample: 1_430_000,
    assess: 700_000,
    liveness: 6_800_000,
    encode: 38_500_000,
    decide: 700_000,
};

/// The Cortex-M7 at 480 MHz.
pub const AN500: Costs = Costs {
    board: "an500",
    processor: "Cortex-M7",
    mhz: 480,
    detect: 106_300_000,
    track: 27_700_000,
    sample: 1_070_000,
    assess: 540_000,
    liveness: 11_400_000,
    encode: 171_000_000,
    decide: 1_000_000,
};

impl Costs {
    /// The cycles of aligning a face.
    pub(crate) fn align(&self, face: &Face) -> u64 {
        self.sample * u64::from(samples(face))
    }

    /// Cycles as microseconds.
    pub(crate) fn micros(&self, cycles: u64) -> u64 {
        cycles / u64::from(self.mhz)
    }
}

/// Samples for each pixel of the aligned crop, as `vision` takes them.
fn samples(face: &Face) -> u32 {
    let Ok(transform) = SimilarityTransform::to_template(&face.landmarks) else { return 1 };
    let side = (CROP_SIZE as i32) << SUBPIXEL_BITS;
    let [from, to] = [0, side].map(|x| transform.to_frame(Point { x, y: 0 }));
    let scale = f64::from(to.x - from.x).hypot(f64::from(to.y - from.y)) / f64::from(side);
    match scale {
        _ if scale > 3.0 => 16,
        _ if scale > 1.5 => 4,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A face as the template has it, times `scale`.
    fn face(scale: i64) -> Face {
        let landmarks = vision::TEMPLATE.map(|[x, y]| {
            let [x, y] = [x, y].map(|value| (i64::from(value) * scale * 1024 / 10_000) as i32);
            Point { x, y }
        });
        Face { landmarks, ..Face::default() }
    }

    #[test]
    fn a_near_face_takes_more_samples() {
        assert_eq!([1, 2, 4].map(|scale| samples(&face(scale))), [1, 4, 16]);
        assert_eq!(AN547.align(&face(2)), 4 * AN547.sample);
        assert_eq!(AN547.micros(400_000_000), 1_000_000);
    }
}
