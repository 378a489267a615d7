//! The aligned face crop that an encoder takes: bilinear, in fixed point.
//!
//! Weights have 8 bits a direction and nothing is rounded before the end. What lies outside the
//! frame is black, as in OpenCV's `warpAffine`, with which encoders are trained.
//!
//! A face larger than the crop would alias under plain bilinear sampling, which reads only the
//! four nearest pixels. Above 1.5 frame pixels a crop pixel, every crop pixel is therefore the mean
//! of 2 x 2 bilinear samples; frames are small enough that a face never needs more.

use crate::Frame;
use crate::align::{CROP_SIZE, Similarity};

/// Bytes of a crop: 112 x 112 x 3.
pub const CROP_BYTES: usize = CROP_SIZE * CROP_SIZE * 3;

/// Square of the scale above which crop pixels are supersampled: 1.5², in Q32.
const SUPERSAMPLE_ABOVE: i64 = 9 << 30;

/// Fills `crop` (NHWC, RGB, `i8 = u8 - 128`) with the face that `similarity` found in `frame`.
pub fn crop_face(frame: &Frame, similarity: &Similarity, crop: &mut [i8; CROP_BYTES]) {
    if similarity.scale_squared() > SUPERSAMPLE_ABOVE {
        fill::<2>(frame, similarity, crop);
    } else {
        fill::<1>(frame, similarity, crop);
    }
}

/// Takes `N` x `N` samples a crop pixel, `N` being 1 or 2, evenly spread over the pixel.
fn fill<const N: usize>(frame: &Frame, similarity: &Similarity, crop: &mut [i8; CROP_BYTES]) {
    // Samples lie at multiples of a quarter of a crop pixel, so positions are in Q18.
    let offsets: [i64; N] = core::array::from_fn(|i| (4 * i as i64 + 2) / N as i64 - 2);
    let Similarity { a, b, x0, y0 } = *similarity;
    for (row, v) in crop.chunks_exact_mut(CROP_SIZE * 3).zip(0..) {
        for (pixel, u) in row.chunks_exact_mut(3).zip(0..) {
            let mut sum = [0u32; 3];
            for v in offsets.map(|offset| 4 * v + offset) {
                for u in offsets.map(|offset| 4 * u + offset) {
                    add_sample(frame, 4 * x0 + a * u + b * v, 4 * y0 + a * v - b * u, &mut sum);
                }
            }
            let samples = (N * N) as u32;
            for (out, sum) in pixel.iter_mut().zip(sum) {
                // A sample weighs 2^16; the mean is rounded once.
                let value = (sum + samples * (1 << 15)) / (samples << 16);
                *out = (value as u8 ^ 0x80) as i8;
            }
        }
    }
}

/// Adds the bilinear sample at `(x, y)`, in Q18 pixels, times 2^16.
#[inline]
fn add_sample(frame: &Frame, x: i64, y: i64, sum: &mut [u32; 3]) {
    let (x, x_weight) = split(x);
    let (y, y_weight) = split(y);
    let (width, height) = (frame.width() as i64, frame.height() as i64);
    if x < -1 || y < -1 || x >= width || y >= height {
        return;
    }
    let rows = [(y, 256 - y_weight), (y + 1, y_weight)];
    if x >= 0 && y >= 0 && x + 1 < width && y + 1 < height {
        // Inside, which is nearly everywhere, pixels come in pairs and nothing is asked.
        for (y, y_weight) in rows {
            let Some([left, right]) = frame.rgb_pair(x as usize, y as usize) else { continue };
            for ((sum, left), right) in sum.iter_mut().zip(left).zip(right) {
                *sum += y_weight * ((256 - x_weight) * u32::from(left) + x_weight * u32::from(right));
            }
        }
        return;
    }
    for (y, y_weight) in rows {
        for (x, x_weight) in [(x, 256 - x_weight), (x + 1, x_weight)] {
            let weight = x_weight * y_weight;
            if weight != 0 && x >= 0 && y >= 0 {
                // Beyond the right and lower edge, `rgb` itself gives black.
                let pixel = frame.rgb(x as usize, y as usize);
                for (sum, value) in sum.iter_mut().zip(pixel) {
                    *sum += weight * u32::from(value);
                }
            }
        }
    }
}

/// A Q18 position as a pixel and the weight of its successor in 1/256, rounded to nearest.
#[inline]
fn split(position: i64) -> (i64, u32) {
    let rounded = (position + (1 << 9)) >> 10;
    (rounded >> 8, (rounded & 0xff) as u32)
}
