//! The aligned face crop, the input of an encoder: bilinear sampling in fixed point.
//!
//! Weights have 8 bits per direction, and rounding happens only once, at the end. Pixels outside the frame
//! are black, as in OpenCV's `warpAffine`, with which encoders are trained.
//!
//! Plain bilinear sampling reads only the four nearest pixels, so a face larger than the crop would alias.
//! Above 1.5 frame pixels per crop pixel each crop pixel is therefore the mean of 2 x 2 bilinear samples, and
//! above 3 of 4 x 4. Frames are so small that a face never needs more.
//!
//! A crop is square, and its length determines its side. With [`CROP_SIZE`] pixels it has the size of the
//! template; a smaller crop shows the same content at a lower resolution.

use crate::Frame;
use crate::align::{CROP_SIZE, SimilarityTransform};

/// Bytes of a crop as large as the template: 112 x 112 x 3.
pub const CROP_BYTES: usize = CROP_SIZE * CROP_SIZE * 3;

/// Square of the scale above which crop pixels are supersampled: 1.5² in Q32.
const SUPERSAMPLE_ABOVE: i64 = 9 << 30;

/// Fraction bits of the position of a sample: samples lie at eighths of a crop pixel, whose position is in
/// Q16.
const BITS: u32 = 19;

/// The sums of samples for a row of crop pixels, RGB; a sample has weight 2^16.
type Sums = [[u32; 3]; CROP_SIZE];

/// Fills the square `crop` (NHWC, RGB, `i8 = u8 - 128`) with the face that `similarity` maps to in `frame`.
/// Its side is at most [`CROP_SIZE`]; bytes beyond that square stay unchanged.
pub fn crop_face(frame: &Frame, similarity: &SimilarityTransform, crop: &mut [i8]) {
    let side = side(crop.len());
    let similarity = similarity.for_side(side);
    match similarity.scale_squared() {
        scale if scale > 4 * SUPERSAMPLE_ABOVE => fill::<4>(frame, &similarity, side, crop),
        scale if scale > SUPERSAMPLE_ABOVE => fill::<2>(frame, &similarity, side, crop),
        _ => fill::<1>(frame, &similarity, side, crop),
    }
}

/// The side of a square crop with this number of bytes.
pub(crate) fn side(bytes: usize) -> usize {
    (bytes / 3).isqrt().clamp(1, CROP_SIZE)
}

/// Takes `N` x `N` samples per crop pixel (`N` is 1, 2 or 4), evenly spaced in the pixel.
fn fill<const N: usize>(frame: &Frame, similarity: &SimilarityTransform, side: usize, crop: &mut [i8]) {
    let offsets: [i64; N] = core::array::from_fn(|i| (8 * i as i64 + 4) / N as i64 - 4);
    let SimilarityTransform { a, b, x0, y0 } = *similarity;
    let mut sums: Sums = [[0; 3]; CROP_SIZE];
    for (row, v) in crop.chunks_exact_mut(side * 3).take(side).zip(0..) {
        let sums = &mut sums[..side];
        sums.fill([0; 3]);
        for v in offsets.map(|offset| 8 * v + offset) {
            for u in offsets {
                let (x, y) = (8 * x0 + a * u + b * v, 8 * y0 + a * v - b * u);
                Line { x, y, right: 8 * a, down: -8 * b }.add(frame, sums);
            }
        }
        let samples = (N * N) as u32;
        for (out, sum) in row.iter_mut().zip(sums.as_flattened()) {
            // The only rounding.
            let value = (sum + samples * (1 << 15)) / (samples << 16);
            *out = (value as u8 ^ 0x80) as i8;
        }
    }
}

/// Equidistant samples on a line through the frame, in pixels with [`BITS`] fraction bits.
#[derive(Clone, Copy)]
struct Line {
    /// Position of the first sample.
    x: i64,
    y: i64,
    /// Step from one sample to the next.
    right: i64,
    down: i64,
}

impl Line {
    /// Adds a sample to each of the `sums`.
    fn add(self, frame: &Frame, sums: &mut [[u32; 3]]) {
        let inside = |number: usize| self.from(number).is_inside(frame);
        // The samples inside the frame are contiguous, and nearly always all of them.
        let first = (0..sums.len()).find(|&number| inside(number)).unwrap_or(sums.len());
        let end = (first..sums.len()).rfind(|&number| inside(number)).map_or(first, |last| last + 1);
        for (number, sum) in sums.iter_mut().enumerate() {
            if !(first..end).contains(&number) {
                let Self { x, y, .. } = self.from(number);
                add_sample(frame, x, y, sum);
            }
        }
        self.from(first).add_inside(frame, &mut sums[first..end]);
    }

    /// The line that starts at this sample.
    fn from(self, number: usize) -> Self {
        let number = number as i64;
        Self { x: self.x + self.right * number, y: self.y + self.down * number, ..self }
    }

    /// Whether all four pixels around the first sample are inside the frame.
    fn is_inside(&self, frame: &Frame) -> bool {
        let ((x, _), (y, _)) = (split(self.x), split(self.y));
        let (width, height) = (frame.width() as i64, frame.height() as i64);
        x >= 0 && y >= 0 && x + 1 < width && y + 1 < height
    }

    /// Adds samples that are all inside the frame, so that pixels are read in pairs and positions fit 32
    /// bits.
    fn add_inside(self, frame: &Frame, sums: &mut [[u32; 3]]) {
        let (mut x, mut y) = (self.x as i32, self.y as i32);
        for sum in sums {
            let [across, down] = [x, y].map(|position| (position + (1 << (BITS - 9))) >> (BITS - 8));
            let [x_weight, y_weight] = [across, down].map(|position| position as u32 & 0xff);
            let (column, row) = (across as usize >> 8, down as usize >> 8);
            for (row, weight) in [(row, 256 - y_weight), (row + 1, y_weight)] {
                let Some([left, right]) = frame.rgb_pair(column, row) else { continue };
                for ((sum, left), right) in sum.iter_mut().zip(left).zip(right) {
                    *sum += weight * ((256 - x_weight) * u32::from(left) + x_weight * u32::from(right));
                }
            }
            x = x.wrapping_add(self.right as i32);
            y = y.wrapping_add(self.down as i32);
        }
    }
}

/// Adds the bilinear sample at any position `(x, y)`, times 2^16.
fn add_sample(frame: &Frame, x: i64, y: i64, sum: &mut [u32; 3]) {
    let (x, x_weight) = split(x);
    let (y, y_weight) = split(y);
    for (y, y_weight) in [(y, 256 - y_weight), (y + 1, y_weight)] {
        for (x, x_weight) in [(x, 256 - x_weight), (x + 1, x_weight)] {
            let weight = x_weight * y_weight;
            if weight != 0 && x >= 0 && y >= 0 {
                // Beyond the right and lower edges `rgb` returns black.
                let pixel = frame.rgb(x as usize, y as usize);
                for (sum, value) in sum.iter_mut().zip(pixel) {
                    *sum += weight * u32::from(value);
                }
            }
        }
    }
}

/// Splits a position into a pixel and the weight of the next pixel in 1/256, rounded to nearest.
#[inline]
fn split(position: i64) -> (i64, u32) {
    let rounded = (position + (1 << (BITS - 9))) >> (BITS - 8);
    (rounded >> 8, (rounded & 0xff) as u32)
}
