//! Where the face is: mirrored, turned, nearer or farther, off the middle, and behind something.

use super::{between, chance, normal};
use crate::SIDE;

/// Standard deviations of what the detector's landmarks are off: radians, share, pixels.
const TURN: f32 = 0.05;
const SCALE: f32 = 0.04;
const SHIFT: f32 = 2.0;

/// Mirrors the face half of the time, and jitters the crop by a small similarity transform.
///
/// What lies beyond the crop repeats its edge.
pub(super) fn moved(face: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    let mirrored = chance(random, 0.5);
    let scale = (SCALE * normal(random)).exp();
    let (sine, cosine) = (TURN * normal(random)).sin_cos();
    let shift = [SHIFT * normal(random), SHIFT * normal(random)];
    let middle = (SIDE as f32 - 1.0) / 2.0;
    let mut out = Vec::with_capacity(face.len());
    for row in 0..SIDE {
        for column in 0..SIDE {
            let x = column as f32 - middle;
            let (x, y) = (if mirrored { -x } else { x }, row as f32 - middle);
            let source_x = scale * (cosine * x - sine * y) + middle + shift[0];
            let source_y = scale * (sine * x + cosine * y) + middle + shift[1];
            out.extend(sample(face, source_x, source_y));
        }
    }
    out
}

fn sample(face: &[u8], x: f32, y: f32) -> [u8; 3] {
    let last = (SIDE - 1) as f32;
    let (x, y) = (x.clamp(0.0, last), y.clamp(0.0, last));
    let (left, top) = ((x as usize).min(SIDE - 2), (y as usize).min(SIDE - 2));
    let (fx, fy) = (x - left as f32, y - top as f32);
    std::array::from_fn(|channel| {
        let at = |row: usize, column: usize| f32::from(face[(row * SIDE + column) * 3 + channel]);
        let upper = at(top, left) + fx * (at(top, left + 1) - at(top, left));
        let lower = at(top + 1, left) + fx * (at(top + 1, left + 1) - at(top + 1, left));
        (upper + fy * (lower - upper)).round() as u8
    })
}

/// Covers a part, as a hand, hair, a mask or a door frame does: a rectangle of one colour.
pub(super) fn cover(face: &mut [u8], random: &mut fastrand::Rng) {
    let colour: [u8; 3] = std::array::from_fn(|_| random.u8(..));
    let side = |random: &mut fastrand::Rng| (SIDE as f32 * between(random, 0.12, 0.42)) as usize;
    let (width, height) = (side(random), side(random));
    let (left, top) = (random.usize(..SIDE - width), random.usize(..SIDE - height));
    for row in top..top + height {
        for pixel in face[(row * SIDE + left) * 3..][..width * 3].chunks_exact_mut(3) {
            pixel.copy_from_slice(&colour);
        }
    }
}
