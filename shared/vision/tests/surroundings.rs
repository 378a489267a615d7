//! The crop of the liveness network: its position, and that any box is handled.

use proptest::prelude::*;
use vision::*;

/// A frame whose pixels encode their position: red is the column, green the row.
fn ramp(width: usize, height: usize) -> Vec<u8> {
    let pixel = |at: usize| [(at % width) as u8 & !7, (at / width) as u8 & !3, 0];
    let rgb: Vec<u8> = (0..width * height).flat_map(pixel).collect();
    let mut bytes = vec![0; width * height * 2];
    encode(PixelFormat::Rgb565, width, height, &rgb, &mut bytes).unwrap();
    bytes
}

fn crop(width: usize, height: usize, face: Rect) -> Vec<[u8; 3]> {
    crop_of(Surroundings::WIDE, width, height, face)
}

fn crop_of(view: Surroundings, width: usize, height: usize, face: Rect) -> Vec<[u8; 3]> {
    let bytes = ramp(width, height);
    let frame = Frame::new(PixelFormat::Rgb565, width, height, &bytes).unwrap();
    let mut crop = vec![0; view.bytes()];
    crop_surroundings(&frame, &face, view, &mut crop);
    crop.chunks_exact(3).map(|pixel| [0, 1, 2].map(|c| (pixel[c] as u8) ^ 0x80)).collect()
}

fn pixels(x: i32, y: i32, width: i32, height: i32) -> Rect {
    Rect { x: x * 1024 - 512, y: y * 1024 - 512, width: width * 1024, height: height * 1024 }
}

/// Frame column and row at the first and last pixel of the crop, to a few pixels.
fn ends(crop: &[[u8; 3]]) -> [[u8; 2]; 2] {
    [crop[0], crop[crop.len() - 1]].map(|pixel| [pixel[0], pixel[1]])
}

fn assert_near(found: [[u8; 2]; 2], wanted: [[i32; 2]; 2]) {
    for (found, wanted) in found.as_flattened().iter().zip(wanted.as_flattened()) {
        assert!((i32::from(*found) - wanted).abs() <= 9, "{found:?} is not {wanted:?}");
    }
}

#[test]
fn the_crop_is_2_7_times_the_box_about_its_centre() {
    assert_near(ends(&crop(240, 240, pixels(100, 80, 40, 60))), [[66, 29], [174, 191]]);
}

#[test]
fn a_tight_crop_is_1_2_times_the_box_and_the_side_of_the_input_tells_which() {
    let found = crop_of(Surroundings::TIGHT, 240, 240, pixels(100, 80, 100, 60));
    assert_eq!(found.len(), 96 * 96);
    assert_near(ends(&found), [[90, 74], [210, 146]]);
    assert_eq!(Surroundings::of_side(96), Some(Surroundings::TIGHT));
    assert_eq!(Surroundings::of_side(128), Some(Surroundings::WIDE));
    assert_eq!(Surroundings::of_side(112), None);
}

#[test]
fn the_crop_is_shifted_into_the_frame() {
    assert_near(ends(&crop(240, 240, pixels(0, 0, 40, 60))), [[0, 0], [108, 162]]);
    assert_near(ends(&crop(240, 240, pixels(210, 200, 40, 60))), [[132, 78], [239, 239]]);
}

#[test]
fn a_crop_larger_than_the_frame_shrinks_in_proportion() {
    // 2.7 times 60 x 120 is 162 x 324: 240 high, it is 120 wide.
    assert_near(ends(&crop(240, 240, pixels(90, 60, 60, 120))), [[60, 0], [180, 239]]);
}

proptest! {
    #[test]
    fn the_crop_of_any_box_has_pixels_of_the_frame(
        x in any::<i32>(), y in any::<i32>(), width in any::<i32>(), height in any::<i32>(),
        columns in 1usize..=320, rows in 1usize..=256,
    ) {
        for view in [Surroundings::WIDE, Surroundings::TIGHT] {
            let crop = crop_of(view, columns, rows, Rect { x, y, width, height });
            prop_assert!(crop.iter().all(|pixel| usize::from(pixel[1]) <= rows + 8));
        }
    }
}
