//! Openness of the eyes, measured on the pixels of an aligned crop.
//!
//! Five landmarks do not show it: a detector also finds closed eyes. An open eye is dark in the middle,
//! because of iris and pupil. A closed eye shows skin there; its lashes are lower and thin. So the measure is
//! how much darker the middle of an eye is than the skin below it, averaged over both eyes. The eyes have a
//! fixed position in the crop ([`TEMPLATE`](crate::TEMPLATE)), and the ratio of two neighbouring regions
//! hardly depends on the light.
//!
//! The measure depends on the colour of the eyes, on glasses and on the depth of the eye sockets, so a face
//! must be compared with itself. Eyes that look to a side appear less open than they are.

use core::ops::Range;

use crate::align::CROP_SIZE;
use crate::crop::side;
use crate::quality::read_luma;

/// Fraction bits of [`openness`].
const BITS: u32 = 12;

/// Columns and rows of the template that contain the middle of the right eye, and those with the skin below
/// it.
const EYE: [Range<usize>; 2] = [34..43, 50..55];
const CHEEK: [Range<usize>; 2] = [32..45, 63..70];

/// Horizontal distance from the right eye to the left one, in columns of the template.
const APART: usize = 36;

/// Lower bound on the brightness of the skin.
const DARKEST: u32 = 20;

/// How much darker the middles of both eyes are than the skin below them, relative to the brightness of the
/// skin: Q12, 0 to 4096. The crop must be square, as made by [`crop_face`](crate::crop_face); otherwise the
/// result is meaningless.
pub fn openness(crop: &[i8]) -> u16 {
    let skin = mean(crop, &CHEEK).max(DARKEST << BITS);
    let darker = skin.saturating_sub(mean(crop, &EYE));
    // No overflow: a brightness has 8 bits, and 8 + 12 + 12 bits fit 32.
    ((darker << BITS) / skin) as u16
}

/// Mean brightness of a region of the template, given for the right eye, over both eyes; Q12.
fn mean(crop: &[i8], [columns, rows]: &[Range<usize>; 2]) -> u32 {
    let side = side(crop.len());
    let scaled = |place: usize| (place * side + CROP_SIZE / 2) / CROP_SIZE;
    let mut row = [0; CROP_SIZE];
    let (mut sum, mut count) = (0, 0);
    for y in scaled(rows.start)..scaled(rows.end) {
        read_luma(crop, side, y, &mut row);
        for shift in [0, APART] {
            let part = scaled(columns.start + shift)..scaled(columns.end + shift);
            count += part.len() as u32;
            sum += row[part].iter().copied().map(u32::from).sum::<u32>();
        }
    }
    (sum << BITS) / count.max(1)
}
