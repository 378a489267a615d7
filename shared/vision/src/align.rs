//! Five-point alignment: the similarity transform that maps a face to the encoder's template.
//!
//! The transform (rotation, uniform scale, translation) is the least-squares solution of Umeyama (1991)
//! without reflection, which in two dimensions has a closed form. With the landmarks `A` and the template
//! `B`, both relative to their means, `n = sum |A|²`, `P = sum A·B`, `Q = sum A×B`:
//!
//! ```text
//! frame to crop:  [c -d; d c],  c = P/n, d = Q/n
//! crop to frame:  [a  b; -b a], a = nP/(P²+Q²), b = nQ/(P²+Q²)
//! ```
//!
//! Only the transform from crop to frame is stored, because a crop is filled by inverse mapping. Positions
//! are within 1/100 pixel of the exact ones everywhere in the crop (tested).

use crate::Error;
use crate::face::{Point, SUBPIXEL_BITS};

/// Side of the template and of the largest crop of an encoder, in pixels.
pub const CROP_SIZE: usize = 112;

/// Positions of the five landmarks in the crop, in 1/10000 pixel (the template of ArcFace, Deng et al. 2019),
/// in the order of [`Landmark`](crate::Landmark).
pub const TEMPLATE: [[i32; 2]; 5] =
    [[382_946, 516_963], [735_318, 515_014], [560_252, 717_366], [415_493, 923_655], [707_299, 922_041]];

/// Units of [`TEMPLATE`] in a pixel.
const TEMPLATE_UNIT: i64 = 10_000;

/// Fraction bits of the transform.
const BITS: u32 = 16;

/// Largest coordinate of a landmark, in 1/1024 pixel; the decoder produces none beyond.
const MAX_POSITION: i32 = 1 << 24;

/// The transform from crop to frame: `x = a u + b v + x0`, `y = -b u + a v + y0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SimilarityTransform {
    /// Frame pixels per crop pixel along the same axis; Q16.
    pub(crate) a: i64,
    /// Frame pixels per crop pixel along the other axis; Q16.
    pub(crate) b: i64,
    /// Frame column of the crop's first pixel; Q16.
    pub(crate) x0: i64,
    /// Frame row of the crop's first pixel; Q16.
    pub(crate) y0: i64,
}

impl SimilarityTransform {
    /// The transform that maps `landmarks` to [`TEMPLATE`].
    ///
    /// # Errors
    /// [`Error::DegenerateLandmarks`] if they coincide, are out of bounds, or span more than about forty
    /// times the template.
    pub fn to_template(landmarks: &[Point; 5]) -> Result<Self, Error> {
        let outside = |p: &Point| p.x.unsigned_abs().max(p.y.unsigned_abs()) > MAX_POSITION as u32;
        if landmarks.iter().any(outside) {
            return Err(Error::DegenerateLandmarks);
        }
        let source = landmarks.map(|p| [i64::from(p.x), i64::from(p.y)]);
        let target = TEMPLATE.map(|p| p.map(i64::from));
        let (source_sum, target_sum) = (sum(&source), sum(&target));
        // Deviations from the mean, times five, are integers.
        let (mut n, mut p, mut q) = (0i64, 0i64, 0i64);
        for (s, t) in source.iter().zip(&target) {
            let [sx, sy] = [5 * s[0] - source_sum[0], 5 * s[1] - source_sum[1]];
            let [tx, ty] = [5 * t[0] - target_sum[0], 5 * t[1] - target_sum[1]];
            n += sx * sx + sy * sy;
            p += sx * tx + sy * ty;
            q += sx * ty - sy * tx;
        }
        // Only the ratios of n, P and Q matter: reduce P and Q to 20 bits.
        let magnitude = p.unsigned_abs().max(q.unsigned_abs());
        let shift = (64 - magnitude.leading_zeros()).saturating_sub(20);
        let [n, p, q] = [n, p, q].map(|value| shift_right(value, shift));
        if magnitude < 1 << 24 || n >= 1 << 22 {
            return Err(Error::DegenerateLandmarks);
        }
        // n P / (P² + Q²) is in landmark units (1/1024 pixel) per template unit (1/10000 pixel), so 625/64 of
        // it is in pixels per pixel. The products stay below 2^62.
        let coefficient = |value: i64| round_div((n * value * 625) << (BITS - 6), p * p + q * q);
        let (a, b) = (coefficient(p), coefficient(q));
        let mean = source_sum.map(|value| round_div(value << (BITS - SUBPIXEL_BITS), 5));
        let [u, v] = target_sum;
        Ok(Self {
            a,
            b,
            x0: mean[0] - round_div(a * u + b * v, 5 * TEMPLATE_UNIT),
            y0: mean[1] - round_div(a * v - b * u, 5 * TEMPLATE_UNIT),
        })
    }

    /// Maps a position in the crop to the frame.
    pub fn to_frame(&self, crop: Point) -> Point {
        let (u, v) = (i64::from(crop.x), i64::from(crop.y));
        let place = |along: i64, start: i64| {
            let start = start << SUBPIXEL_BITS;
            shift_right(along + start, BITS).clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
        };
        Point { x: place(self.a * u + self.b * v, self.x0), y: place(self.a * v - self.b * u, self.y0) }
    }

    /// The transform for a crop with another side, with the template scaled accordingly.
    pub(crate) fn for_side(&self, side: usize) -> Self {
        let scale = |step: i64| round_div(step * CROP_SIZE as i64, side.max(1) as i64);
        Self { a: scale(self.a), b: scale(self.b), ..*self }
    }

    /// Square of the scale in frame pixels per crop pixel; Q32.
    pub(crate) fn scale_squared(&self) -> i64 {
        self.a * self.a + self.b * self.b
    }
}

fn sum(points: &[[i64; 2]; 5]) -> [i64; 2] {
    points.iter().fold([0; 2], |sum, p| [sum[0] + p[0], sum[1] + p[1]])
}

/// `value / 2^shift`, half rounded up.
fn shift_right(value: i64, shift: u32) -> i64 {
    if shift == 0 { value } else { (value + (1 << (shift - 1))) >> shift }
}

/// `value / divisor` rounded to nearest, half away from zero; the divisor is positive.
fn round_div(value: i64, divisor: i64) -> i64 {
    (value + value.signum() * (divisor / 2)) / divisor
}
