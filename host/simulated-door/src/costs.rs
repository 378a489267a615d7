//! What a step of the recognition takes on a board, in estimated cycles.
//!
//! The figures are the estimates of docs/performance.md, low and high, with the firmware's default networks:
//!
//! ```text
//! postern bench --cycles --on BOARD --frame .cache/pictures/obama.jpg     detect, track, align, assess, encode, liveness
//! ```
//! The alignment of a face takes 1, 4 or 16 samples for each pixel of the crop, as the face is near
//! ([`vision::crop_face`]). The photograph above has 4; a sample is what the step takes, divided by those.
//! What a decision takes is reckoned; its high estimate is in proportion to that of a frame.

use vision::{CROP_SIZE, Face, Point, SUBPIXEL_BITS, SimilarityTransform};

/// Which bound of what is not known of a pipeline is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Estimate {
    /// The fewest cycles.
    Low,
    /// The most cycles.
    High,
}

impl Estimate {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::High => "high",
        }
    }
}

/// The cycles of each step, and the clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Costs {
    /// The board's name.
    pub board: &'static str,
    /// Its processor.
    pub processor: &'static str,
    /// Its clock in MHz.
    pub mhz: u32,
    /// Which estimate the cycles are.
    pub estimate: Estimate,
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
    estimate: Estimate::Low,
    detect: 31_000_000,
    track: 8_500_000,
    sample: 1_430_000,
    assess: 640_000,
    liveness: 6_300_000,
    encode: 37_900_000,
    decide: 700_000,
};

/// The same, by the high estimates.
pub const AN547_HIGH: Costs = Costs {
    board: "an547",
    processor: "Cortex-M55",
    mhz: 400,
    estimate: Estimate::High,
    detect: 37_100_000,
    track: 10_300_000,
    sample: 1_790_000,
    assess: 850_000,
    liveness: 7_600_000,
    encode: 42_800_000,
    decide: 850_000,
};

/// The Cortex-M7 at 480 MHz.
pub const AN500: Costs = Costs {
    board: "an500",
    processor: "Cortex-M7",
    mhz: 480,
    estimate: Estimate::Low,
    detect: 91_900_000,
    track: 24_100_000,
    sample: 1_090_000,
    assess: 540_000,
    liveness: 10_400_000,
    encode: 131_800_000,
    decide: 1_000_000,
};

/// The same, by the high estimates.
pub const AN500_HIGH: Costs = Costs {
    board: "an500",
    processor: "Cortex-M7",
    mhz: 480,
    estimate: Estimate::High,
    detect: 100_900_000,
    track: 26_600_000,
    sample: 1_280_000,
    assess: 670_000,
    liveness: 11_600_000,
    encode: 140_700_000,
    decide: 1_100_000,
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

    #[test]
    fn the_high_estimate_is_higher_in_each_step() {
        for (low, high) in [(AN547, AN547_HIGH), (AN500, AN500_HIGH)] {
            assert_eq!((low.board, low.mhz), (high.board, high.mhz));
            let steps = |of: Costs| {
                let Costs { detect, track, sample, assess, liveness, encode, decide, .. } = of;
                [detect, track, sample, assess, liveness, encode, decide]
            };
            assert!(steps(low).iter().zip(steps(high)).all(|(low, high)| *low < high));
        }
    }
}
