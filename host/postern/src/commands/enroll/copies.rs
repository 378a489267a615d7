//! Whether two photographs are one: a copy that was cropped, scaled, mirrored, compressed or lit otherwise tells nothing new of a
//! face, and counts once.
//!
//! An encoder gives copies nearly the same template, a mirror image too, and two photographs of one person templates further apart.
//! Between both lies a range in which the pixels decide: of the aligned faces, as they are or mirrored, light and contrast left out.
//! Of 40 people of LFW with four pictures each (the `postern-128` of before; with the one of now only the similarities of copies were
//! compared, and each one is in the same ranges):
//!
//! | | another photograph | cropped | to 60 % | mirrored | JPEG of quality 30 | brighter | darker | turned by 5° |
//! |---|---|---|---|---|---|---|---|---|
//! | taken for a copy | 1 of 120 | 40 of 40 | 40 | 39 | 40 | 40 | 40 | 40 |
//!
//! The one pair of the first column is one photograph that was published twice. A mirrored, cropped, smaller and brighter one is found
//! in 36 of 40.

use client::protocol::Face;
use imaging::CameraFrame;
use template::{CosineScore, Template};
use vision::{CROP_BYTES, CROP_SIZE, SimilarityTransform};

use crate::picture::seen;

/// Two templates this similar are of one photograph, whatever the pixels say.
pub const SAME: CosineScore = CosineScore(CosineScore::ONE.0 / 100 * 92);

/// Two templates this similar can be of one photograph, if the pixels agree.
const ALIKE: CosineScore = CosineScore(CosineScore::ONE.0 / 100 * 80);

/// The correlation of the pixels from which they agree.
const AGREE: f32 = 0.8;

/// The part of a crop that is compared: between the ears, from the forehead to the chin.
const LEFT: usize = 16;
const TOP: usize = 16;
const ACROSS: usize = 20;
const DOWN: usize = 23;

/// Crop pixels to a side of a block, whose mean is compared.
const BLOCK: usize = 4;

/// The face of a photograph.
pub struct Known {
    template: Template,
    /// Brightnesses of the aligned face, less their mean and of length one; `None` without an aligned face or without contrast.
    blocks: Option<Vec<f32>>,
}

impl Known {
    /// The face that the board found in `frame` and made `template` of.
    pub fn of(template: Template, frame: &CameraFrame, face: Option<&Face>) -> Self {
        Self { template, blocks: face.and_then(|face| aligned(frame, face)) }
    }

    /// Whether both are of one photograph.
    pub fn is_copy_of(&self, other: &Self) -> bool {
        let Some(similarity) = self.template.similarity(&other.template) else { return false };
        similarity >= SAME || similarity >= ALIKE && self.correlation(other) >= AGREE
    }

    /// The correlation of the pixels, as they are or mirrored; zero where one has none.
    fn correlation(&self, other: &Self) -> f32 {
        let (Some(a), Some(b)) = (&self.blocks, &other.blocks) else { return 0.0 };
        let straight = a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let rows = a.chunks_exact(ACROSS).zip(b.chunks_exact(ACROSS));
        let mirrored = rows.flat_map(|(a, b)| a.iter().zip(b.iter().rev())).map(|(a, b)| a * b).sum::<f32>();
        straight.max(mirrored)
    }
}

/// The blocks of the aligned face.
fn aligned(frame: &CameraFrame, face: &Face) -> Option<Vec<f32>> {
    let transform = SimilarityTransform::to_template(&seen(face).landmarks).ok()?;
    let mut crop = vec![0; CROP_BYTES];
    vision::crop_face(&frame.view().ok()?, &transform, &mut crop);
    normalized(blocks(&crop))
}

/// The mean brightness of each block of a crop.
fn blocks(crop: &[i8]) -> Vec<f32> {
    let pixel = |x: usize, y: usize| {
        let [r, g, b] = [0, 1, 2].map(|channel| f32::from(crop[(y * CROP_SIZE + x) * 3 + channel]));
        0.299 * r + 0.587 * g + 0.114 * b
    };
    let block = |across: usize, down: usize| {
        let (x, y) = (LEFT + across * BLOCK, TOP + down * BLOCK);
        let inside = (0..BLOCK * BLOCK).map(|at| pixel(x + at % BLOCK, y + at / BLOCK));
        inside.sum::<f32>() / (BLOCK * BLOCK) as f32
    };
    (0..ACROSS * DOWN).map(|at| block(at % ACROSS, at / ACROSS)).collect()
}

/// Values less their mean, of length one; `None` if all are the same.
fn normalized(mut values: Vec<f32>) -> Option<Vec<f32>> {
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    values.iter_mut().for_each(|value| *value -= mean);
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    values.iter_mut().for_each(|value| *value /= length);
    (length > 1.0).then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A face whose template is turned by so many radians, and whose pixels `light` gives.
    fn known(turned: f64, light: impl Fn(usize, usize) -> i8) -> Known {
        // Two directions at right angles, each over all values.
        let value = |at: usize| turned.cos() + turned.sin() * if at.is_multiple_of(2) { 1.0 } else { -1.0 };
        let values: [i16; 128] = std::array::from_fn(|at| (1_000.0 * value(at)) as i16);
        let crop: Vec<i8> = (0..CROP_BYTES).map(|at| light(at / 3 % CROP_SIZE, at / 3 / CROP_SIZE)).collect();
        let template = Template::normalise(values).expect("a template");
        Known { template, blocks: normalized(blocks(&crop)) }
    }

    fn slope(x: usize, y: usize) -> i8 {
        ((x + y / 4) as i32 - 70) as i8
    }

    #[test]
    fn near_templates_are_of_one_photograph_and_between_both_the_pixels_decide() {
        let one = known(0.0, slope);
        // Cosines of about 0.95, 0.88 and 0.70.
        assert!(one.is_copy_of(&known(0.3, |x, y| ((x * 7 + y * 13) % 90) as i8)));
        let alike = 0.5;
        assert!(one.is_copy_of(&known(alike, slope)));
        assert!(one.is_copy_of(&known(alike, |x, y| slope(x, y) / 2 + 30)), "brighter, with less contrast");
        assert!(one.is_copy_of(&known(alike, |x, y| slope(CROP_SIZE - 1 - x, y))), "mirrored");
        assert!(!one.is_copy_of(&known(alike, |x, y| slope(y, x))), "another picture");
        assert!(!one.is_copy_of(&known(alike, |_, _| 5)), "nothing to compare");
        assert!(!one.is_copy_of(&known(0.8, slope)), "another face in the same light");
    }
}
