//! How far eyes are open, from the pixels of an aligned crop.
//!
//! Five landmarks do not show it: a detector finds the eyes of a sleeper, too. An open eye is dark in its middle, where
//! iris and pupil are; a closed one shows skin there, and its lashes lie lower and are thin. So the measure is how much
//! darker than the skin below it the middle of an eye is, in the mean of both eyes. A crop puts the eyes in one place
//! ([`TEMPLATE`](crate::TEMPLATE)), and a ratio of two places beside each other hardly depends on the light.
//!
//! It differs from face to face, by the colour of eyes, by glasses and by how deep eyes lie: compare a face with itself.
//! Eyes that look to a side come out less open than they are.

use core::ops::Range;

use crate::align::CROP_SIZE;
use crate::crop::side;
use crate::quality::read_luma;

/// Fraction bits of [`openness`].
const BITS: u32 = 12;

/// Columns and rows of the template in which the middle of the right eye is, and those in which the skin below it is.
const EYE: [Range<usize>; 2] = [34..43, 50..55];
const CHEEK: [Range<usize>; 2] = [32..45, 63..70];

/// How many columns further on the same of the left eye is.
const APART: usize = 36;

/// Skin that is darker than this is taken to be this bright.
const DARKEST: u32 = 20;

/// How much darker than the skin below them the middles of both eyes are, as a part of its brightness: Q12, 0 to
/// 4096. The crop is square, as [`crop_face`](crate::crop_face) makes it; of one that is not, it tells nothing.
pub fn openness(crop: &[i8]) -> u16 {
    let skin = mean(crop, &CHEEK).max(DARKEST << BITS);
    let darker = skin.saturating_sub(mean(crop, &EYE));
    // A brightness has 8 bits, and twice the fraction bits fit.
    ((darker << BITS) / skin) as u16
}

/// Mean brightness of a part of the template beside the right eye and the left one; Q12.
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
