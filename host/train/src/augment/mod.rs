//! Varies an aligned face as cameras, light and people do, so that few pictures go far.
//!
//! All that happens to a face follows from one seed. In the order of nature: somebody wears a mask or glasses, the
//! head moves and something covers it, light falls on it, lenses and sensors blur and add noise, and a codec takes its part.

mod canvas;
mod condition;
mod degrade;
mod geometry;
mod light;
mod worn;

pub use canvas::Canvas;
pub use condition::Condition;

use crate::{CROP_BYTES, SIDE};

/// Varies `face`, of [`SIDE`] squared, RGB; the same seed gives the same pixels.
#[must_use]
pub fn augment(face: &[u8], seed: u64) -> Vec<u8> {
    debug_assert_eq!(face.len(), CROP_BYTES);
    let random = &mut fastrand::Rng::with_seed(seed);
    let mut face = face.to_vec();
    if chance(random, 0.08) {
        worn::mask(&mut Canvas::aligned(&mut face), random);
    }
    if chance(random, 0.12) {
        worn::glasses(&mut Canvas::aligned(&mut face), random);
    }
    let mut face = geometry::moved(&face, random);
    if chance(random, 0.15) {
        geometry::cover(&mut face, random);
    }
    light::colours(&mut face, random);
    if chance(random, 0.12) {
        light::dim(&mut face, random);
    }
    if chance(random, 0.2) {
        face = degrade::blurred(&face, random);
    }
    if chance(random, 0.2) {
        face = degrade::far_away(face, random);
    }
    if chance(random, 0.25) {
        degrade::noise(&mut face, random);
    }
    if chance(random, 0.25) {
        face = degrade::compressed(face, random);
    }
    face
}

pub(crate) fn chance(random: &mut fastrand::Rng, probability: f32) -> bool {
    random.f32() < probability
}

/// A number between `low` and `high`.
pub(crate) fn between(random: &mut fastrand::Rng, low: f32, high: f32) -> f32 {
    low + (high - low) * random.f32()
}

/// Nearly normal, of standard deviation 1: the sum of twelve uniform numbers.
pub(crate) fn normal(random: &mut fastrand::Rng) -> f32 {
    (0..12).map(|_| random.f32()).sum::<f32>() - 6.0
}

/// The face as an image.
fn image(face: Vec<u8>) -> image::RgbImage {
    image::RgbImage::from_raw(SIDE as u32, SIDE as u32, face).expect("a face has SIDE x SIDE pixels")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A face of a kind: bright, with two dark eyes.
    pub fn drawn() -> Vec<u8> {
        let mut face = vec![170; CROP_BYTES];
        for (x, y) in [(38, 52), (74, 52)] {
            for row in y - 4..y + 4 {
                for column in x - 6..x + 6 {
                    face[(row * SIDE + column) * 3..][..3].fill(30);
                }
            }
        }
        face
    }

    #[test]
    fn the_same_seed_gives_the_same_pixels_and_others_do_not() {
        let face = drawn();
        for seed in 0..40 {
            let varied = augment(&face, seed);
            assert_eq!(varied.len(), CROP_BYTES);
            assert_eq!(varied, augment(&face, seed));
            assert_ne!(varied, augment(&face, seed + 1));
        }
    }

    #[test]
    fn a_varied_face_is_still_the_face() {
        // Over many seeds the eyes stay darker than the forehead, where one of them is not covered.
        let face = drawn();
        let mean = |face: &[u8], x: usize, y: usize| {
            let square = (y - 3..y + 3).flat_map(|row| (x - 3..x + 3).map(move |column| row * SIDE + column));
            square.map(|at| f32::from(face[at * 3])).sum::<f32>() / 36.0
        };
        let seen = (0..200).filter(|&seed| {
            let varied = augment(&face, seed);
            mean(&varied, 38, 52).min(mean(&varied, 74, 52)) + 5.0 < mean(&varied, 56, 25)
        });
        assert!(seen.count() > 170);
    }
}
