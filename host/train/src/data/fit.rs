//! An aligned face in the size of an encoder's input.

use image::RgbImage;
use image::imageops::{FilterType, resize};

use crate::SIDE;

/// The face, of [`SIDE`] squared, scaled to `height` by `width`.
pub(super) fn fit(face: Vec<u8>, height: usize, width: usize) -> Vec<u8> {
    if (height, width) == (SIDE, SIDE) {
        return face;
    }
    let image = RgbImage::from_raw(SIDE as u32, SIDE as u32, face).expect("a face has SIDE x SIDE pixels");
    resize(&image, width as u32, height as u32, FilterType::Triangle).into_raw()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_face_is_scaled_to_what_is_asked_for() {
        let face: Vec<u8> = (0..SIDE * SIDE).flat_map(|at| [(at % SIDE) as u8 * 2; 3]).collect();
        assert_eq!(fit(face.clone(), SIDE, SIDE), face);
        let half = fit(face, 56, 56);
        assert_eq!(half.len(), 56 * 56 * 3);
        assert!(half[10 * 3].abs_diff(42) <= 1, "{}", half[30]);
    }
}
