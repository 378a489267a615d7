//! Openness of the eyes, on synthetic crops.

use std::ops::Range;

use proptest::prelude::*;
use vision::{CROP_SIZE, TEMPLATE, luma, openness};

const SKIN: [f64; 3] = [190.0, 140.0, 115.0];

/// A crop of skin with this side. The eyes are ellipses with `iris` times the brightness of the skin and this
/// half height in pixels of the template.
fn crop(side: usize, light: f64, iris: f64, half_height: f64) -> Vec<i8> {
    let scale = CROP_SIZE as f64 / side as f64;
    let pixels = (0..side * side).flat_map(|at| {
        let [x, y] = [at % side, at / side].map(|place| (place as f64 + 0.5) * scale - 0.5);
        let is_eye = |eye: [i32; 2]| {
            let [dx, dy] = [x - f64::from(eye[0]) / 1e4, y - f64::from(eye[1]) / 1e4];
            (dx / 5.0).hypot(dy / half_height) < 1.0
        };
        let part = if TEMPLATE[..2].iter().any(|eye| is_eye(*eye)) { iris } else { 1.0 };
        SKIN.map(|value| ((light * part * value).round() as u8 ^ 0x80) as i8)
    });
    pixels.collect()
}

/// The definition, in floating point.
fn exact(crop: &[i8], side: usize) -> f64 {
    let at = |place: usize| (place as f64 * side as f64 / CROP_SIZE as f64).round() as usize;
    let mean = |columns: [Range<usize>; 2], rows: Range<usize>| {
        let columns = columns.map(|part| at(part.start)..at(part.end));
        let mut levels = Vec::new();
        for y in at(rows.start)..at(rows.end) {
            for x in columns.iter().cloned().flatten() {
                let pixel = &crop[3 * (y * side + x)..][..3];
                levels.push(f64::from(luma([0, 1, 2].map(|c| pixel[c] as u8 ^ 0x80))));
            }
        }
        levels.iter().sum::<f64>() / levels.len() as f64
    };
    let eyes = mean([34..43, 70..79], 50..55);
    let skin = mean([32..45, 68..81], 63..70).max(20.0);
    ((skin - eyes) / skin).max(0.0)
}

#[test]
fn closing_lids_lower_the_openness_and_light_does_not() {
    let open = openness(&crop(CROP_SIZE, 1.0, 0.35, 4.0));
    let mut before = open + 1;
    for half_height in [4.0, 3.0, 2.0, 1.0] {
        let now = openness(&crop(CROP_SIZE, 1.0, 0.35, half_height));
        assert!(now < before, "{half_height}: {now}");
        before = now;
    }
    assert!(2 * before < open, "{before} of {open}");
    assert_eq!(openness(&crop(CROP_SIZE, 1.0, 1.0, 4.0)), 0, "skin alone");
    assert_eq!(openness(&crop(CROP_SIZE, 0.8, 1.2, 4.0)), 0, "brighter than skin");
    for light in [0.4, 0.7, 1.3] {
        let other = openness(&crop(CROP_SIZE, light, 0.35, 4.0));
        assert!(other.abs_diff(open) < 60, "{light}: {other} of {open}");
    }
}

#[test]
fn smaller_crops_give_the_same_openness() {
    let open = openness(&crop(CROP_SIZE, 1.0, 0.35, 4.0));
    for side in [64, 80, 96] {
        let other = openness(&crop(side, 1.0, 0.35, 4.0));
        assert!(other.abs_diff(open) < open / 4, "{side}: {other} of {open}");
    }
}

proptest! {
    #[test]
    fn openness_is_within_a_hundredth_of_the_definition(side in 56usize..=CROP_SIZE, seed in prop::array::uniform32(any::<i8>())) {
        // Blocks, so that the means differ.
        let pixel = |at: usize| seed[(at / 3 % side / 8 + at / 3 / side / 6 * 5 + at % 3 * 7) % 32];
        let crop: Vec<i8> = (0..3 * side * side).map(pixel).collect();
        let found = f64::from(openness(&crop)) / 4096.0;
        prop_assert!((found - exact(&crop, side)).abs() < 0.01, "{found} {}", exact(&crop, side));
    }

    #[test]
    fn openness_of_any_bytes_is_at_most_one(crop in prop::collection::vec(any::<i8>(), 0..20_000)) {
        prop_assert!(openness(&crop) <= 4096);
    }
}
