//! The face with its surroundings, the input of a liveness network.
//!
//! Evidence of a presentation attack is often beside the face: a border, a hand, the bezel of a screen. So
//! the crop is 2.7 times the face's box in both directions, with the same centre. If it extends beyond the
//! frame, it is shifted inside. If it is larger than the frame, both sides shrink by the same ratio. It is
//! scaled to a square, each axis by its own ratio, by plain bilinear sampling. The training images of the
//! network were made in the same way (OpenCV's `resize`), including aliasing, which is how the pixels of a
//! screen show.

use crate::{Frame, MAX_WIDTH, Rect, SUBPIXEL_BITS};

/// Side of the crop in pixels.
pub const SURROUNDINGS_SIZE: usize = 128;

/// Bytes of the crop: 128 x 128 x 3.
pub const SURROUNDINGS_BYTES: usize = SURROUNDINGS_SIZE * SURROUNDINGS_SIZE * 3;

/// Ratio of the sides of the crop to those of the face: 27/10.
const TIMES: [i64; 2] = [27, 10];

/// Fraction bits of intermediate positions.
const BITS: u32 = 16;

/// One axis of the crop, in pixels from the edge of the frame, Q16.
#[derive(Clone, Copy)]
struct Axis {
    start: i64,
    length: i64,
    /// Pixels of the frame along this axis.
    pixels: usize,
}

/// Two neighbouring pixels, and the weight of the second in 1/256.
#[derive(Clone, Copy)]
struct Sample {
    first: usize,
    second: usize,
    weight: u32,
}

/// Fills `crop` (NHWC, RGB, `i8 = u8 - 128`) with the box `face`, in the coordinates of
/// [`Face::bounds`](crate::Face), and its surroundings in `frame`.
///
/// Needs about 5 KiB of stack.
pub fn crop_surroundings(frame: &Frame, face: &Rect, crop: &mut [i8; SURROUNDINGS_BYTES]) {
    let [across, down] = axes(frame, face);
    let columns: [Sample; SURROUNDINGS_SIZE] = core::array::from_fn(|x| across.sample(x));
    let mut rows = [[0u8; MAX_WIDTH * 3]; 2];
    let mut held = [usize::MAX; 2];
    for (y, out) in crop.chunks_exact_mut(SURROUNDINGS_SIZE * 3).enumerate() {
        let Sample { first, second, weight } = down.sample(y);
        if held != [first, second] {
            if held[1] == first {
                rows.swap(0, 1);
            } else {
                frame.read_row(first, &mut rows[0]);
            }
            frame.read_row(second, &mut rows[1]);
            held = [first, second];
        }
        for (pixel, column) in out.chunks_exact_mut(3).zip(&columns) {
            let [left, right] = [3 * column.first, 3 * column.second];
            for (channel, out) in pixel.iter_mut().enumerate() {
                let along = |row: &[u8; MAX_WIDTH * 3]| {
                    let [left, right] = [row[left + channel], row[right + channel]].map(u32::from);
                    (256 - column.weight) * left + column.weight * right
                };
                let sum = (256 - weight) * along(&rows[0]) + weight * along(&rows[1]);
                *out = (((sum + (1 << 15)) >> 16) as u8 ^ 0x80) as i8;
            }
        }
    }
}

/// Position of the crop, horizontal and vertical.
fn axes(frame: &Frame, face: &Rect) -> [Axis; 2] {
    let frame = [frame.width(), frame.height()];
    let whole = frame.map(|pixels| (pixels as i64) << BITS);
    // A box without size counts as one pixel.
    let side = |length: i32| i64::from(length.max(1 << SUBPIXEL_BITS)) << (BITS - SUBPIXEL_BITS);
    let sides = [side(face.width), side(face.height)];
    let mut lengths = sides.map(|side| side * TIMES[0] / TIMES[1]);
    for axis in 0..2 {
        if lengths[axis] > whole[axis] {
            // The other side shrinks by the same ratio; a side that was already shrunk stays small enough.
            lengths[1 - axis] =
                (i128::from(lengths[1 - axis]) * i128::from(whole[axis]) / i128::from(lengths[axis])) as i64;
            lengths[axis] = whole[axis];
        }
    }
    let corners = [face.x, face.y];
    core::array::from_fn(|axis| {
        // Coordinates are relative to the centre of the first pixel, `start` to its edge.
        let edge = (i64::from(corners[axis]) << (BITS - SUBPIXEL_BITS)) + (1 << (BITS - 1));
        let start = edge + (sides[axis] - lengths[axis]) / 2;
        Axis {
            start: start.clamp(0, whole[axis] - lengths[axis]),
            length: lengths[axis],
            pixels: frame[axis],
        }
    })
}

impl Axis {
    /// The frame pixels and the weight for the crop pixel `at`.
    fn sample(&self, at: usize) -> Sample {
        let size = SURROUNDINGS_SIZE as i64;
        let middle = self.start + self.length * (2 * at as i64 + 1) / (2 * size) - (1 << (BITS - 1));
        let position = (middle + (1 << (BITS - 9))) >> (BITS - 8);
        let last = self.pixels as i64 - 1;
        Sample {
            first: (position >> 8).clamp(0, last) as usize,
            second: ((position >> 8) + 1).clamp(0, last) as usize,
            weight: (position & 0xff) as u32,
        }
    }
}
