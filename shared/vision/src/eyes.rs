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
use crate::color::luma;
use crate::crop::side;

/// Fraction bits of [`openness`].
const BITS: u32 = 12;

/// Columns of the template in which the middles of the eyes are, and those in which the skin below them is.
const EYES: [Range<usize>; 2] = [34..43, 70..79];
const CHEEKS: [Range<usize>; 2] = [32..45, 68..81];

/// The rows of both.
const EYE_ROWS: Range<usize> = 50..55;
const CHEEK_ROWS: Range<usize> = 63..70;

/// Skin that is darker than this is taken to be this bright.
const DARKEST: u32 = 20;

/// How much darker than the skin below them the middles of both eyes are, as a part of its brightness: Q12, 0 to
/// 4096. The crop is square, as [`crop_face`](crate::crop_face) makes it; of one that is not, it tells nothing.
pub fn openness(crop: &[i8]) -> u16 {
    let mean = |columns: &[Range<usize>; 2], rows: &Range<usize>| {
        let [right, left] = [0, 1].map(|eye| mean(crop, &columns[eye], rows));
        (right + left) / 2
    };
    let skin = mean(&CHEEKS, &CHEEK_ROWS).max(DARKEST << BITS);
    let darker = skin.saturating_sub(mean(&EYES, &EYE_ROWS));
    // A brightness has 8 bits, and twice the fraction bits fit.
    ((darker << BITS) / skin) as u16
}

/// Mean brightness of a part of the crop that is given in pixels of the template; Q12.
fn mean(crop: &[i8], columns: &Range<usize>, rows: &Range<usize>) -> u32 {
    let side = side(crop.len());
    let scaled = |part: &Range<usize>| {
        let [start, end] = [part.start, part.end].map(|place| (place * side + CROP_SIZE / 2) / CROP_SIZE);
        start..end.max(start + 1)
    };
    let (columns, rows) = (scaled(columns), scaled(rows));
    let (mut sum, mut count) = (0, 0);
    for row in crop.chunks_exact(3 * side).skip(rows.start).take(rows.len()) {
        for pixel in row.chunks_exact(3).skip(columns.start).take(columns.len()) {
            sum += u32::from(luma([pixel[0], pixel[1], pixel[2]].map(|value| value as u8 ^ 0x80)));
            count += 1;
        }
    }
    (sum << BITS) / count.max(1)
}
