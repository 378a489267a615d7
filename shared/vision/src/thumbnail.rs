//! Whether two aligned crops show the same face a moment apart, told by their pixels alone.
//!
//! An encoder tells whether two pictures show one person, at the cost of a network. A moment later the same face looks nearly
//! the same after alignment, and another face does not. So a thumbnail of the crop, 12 x 12 mean brightnesses from
//! between the brows to the chin, is compared with that of the look before, by its correlation: light and contrast do
//! not count. Where it does not resemble, the encoder is asked. docs/liveness.md has the shares of both kinds of pairs.

use core::array;

use crate::align::CROP_SIZE;
use crate::crop::side;
use crate::quality::read_luma;

/// Blocks a side.
const BLOCKS: usize = 12;

/// Blocks of a thumbnail.
pub const THUMBNAIL: usize = BLOCKS * BLOCKS;

/// The part of the template that is divided into blocks: columns and rows 20 to 92.
const START: usize = 20;
const BLOCK: usize = 6;

/// Least correlation of two thumbnails of one face, in 32nds: 0.9375.
const LEAST: i64 = 30;

/// A thumbnail of an aligned crop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thumbnail(pub [u8; THUMBNAIL]);

impl Thumbnail {
    /// The thumbnail of a square crop, as [`crop_face`](crate::crop_face) made it.
    pub fn of(crop: &[i8]) -> Self {
        let side = side(crop.len());
        let at = |block: usize| (START + block * BLOCK) * side / CROP_SIZE;
        let mut sums = [0u32; THUMBNAIL];
        let mut row = [0; CROP_SIZE];
        for (down, sums) in sums.chunks_exact_mut(BLOCKS).enumerate() {
            for y in at(down)..at(down + 1) {
                read_luma(crop, side, y, &mut row);
                for (across, sum) in sums.iter_mut().enumerate() {
                    *sum += row[at(across)..at(across + 1)].iter().copied().map(u32::from).sum::<u32>();
                }
            }
        }
        Self(array::from_fn(|block| {
            let [across, down] = [block % BLOCKS, block / BLOCKS].map(|place| at(place + 1) - at(place));
            (sums[block] / (across * down).max(1) as u32) as u8
        }))
    }

    /// Whether both can show one face a moment apart. Thumbnails without contrast resemble nothing.
    pub fn resembles(&self, other: &Self) -> bool {
        let [(across, a), (_, b)] = [(self, other), (other, self)].map(|(one, two)| one.products(two));
        // Below 2^24 each, so the products stay below 2^63.
        across > 0 && a > 0 && b > 0 && across * across * (32 * 32) >= LEAST * LEAST * a * b
    }

    /// The covariance with `other`, and the own variance; times the number of blocks.
    fn products(&self, other: &Self) -> (i64, i64) {
        let count = THUMBNAIL as i64;
        let sum = |of: &Self| of.0.iter().copied().map(i64::from).sum::<i64>();
        let (own, others) = (sum(self), sum(other));
        let product =
            |of: &Self| self.0.iter().zip(&of.0).map(|(&a, &b)| i64::from(a) * i64::from(b)).sum::<i64>();
        (product(other) - own * others / count, product(self) - own * own / count)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn light_and_contrast_do_not_count_and_another_pattern_does() {
        let face = Thumbnail(array::from_fn(|at| (80 + at % 7 * 10 + at / 12 * 3) as u8));
        let lit = Thumbnail(face.0.map(|value| value / 2 + 60));
        let noisy = Thumbnail(array::from_fn(|at| face.0[at].wrapping_add((at * 5 % 9) as u8)));
        let other = Thumbnail(array::from_fn(|at| (80 + at % 5 * 14 + at / 12 * 3) as u8));
        assert!(face.resembles(&face) && face.resembles(&lit) && face.resembles(&noisy));
        assert!(!face.resembles(&other) && !face.resembles(&Thumbnail(face.0.map(|value| 255 - value))));
        let flat = Thumbnail([90; THUMBNAIL]);
        assert!(!flat.resembles(&flat) && !face.resembles(&flat));
    }

    #[test]
    fn a_block_is_the_mean_of_its_pixels_at_any_side_of_the_crop() {
        for side in [112, 96, 64] {
            let crop: std::vec::Vec<i8> = (0..side * side * 3)
                .map(|at| {
                    let (x, y) = (at / 3 % side, at / 3 / side);
                    ((x * CROP_SIZE / side + y * CROP_SIZE / side) as u8 ^ 0x80) as i8
                })
                .collect();
            let found = Thumbnail::of(&crop);
            for (at, &value) in found.0.iter().enumerate() {
                let expected = 2 * START + (at % BLOCKS + at / BLOCKS + 1) * BLOCK;
                assert!(usize::from(value).abs_diff(expected) <= 5, "{side} {at}: {value} {expected}");
            }
        }
    }
}
