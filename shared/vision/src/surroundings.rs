//! The face with its surroundings, the input of a liveness network.
//!
//! Evidence of a presentation attack is beside the face (a border, a hand, the bezel of a screen) and in it (dots of
//! ink, pixels, the surface). A network sees one of two [`Surroundings`], and the side of its input tells which:
//!
//! | input | crop | network |
//! |---|---|---|
//! | 128 x 128 | 2.7 times the face's box | MiniFASNet as published |
//! | 96 x 96 | 1.2 times the face's box | trained here on crops that end where the face ends |
//!
//! The crop has the centre of the box. If it extends beyond the frame, it is shifted inside. If it is larger than the frame, both sides shrink by the same ratio. It is
//! scaled to a square, each axis by its own ratio, by plain bilinear sampling. The training images of the
//! network were made in the same way (OpenCV's `resize`), including aliasing, which is how the pixels of a
//! screen show.

use crate::{Frame, MAX_WIDTH, Rect, SUBPIXEL_BITS};

/// The part of the frame that a liveness network sees, and in how many pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surroundings {
    side: usize,
    tenths: u8,
}

impl Surroundings {
    /// 2.7 times the face's box, 128 pixels a side.
    pub const WIDE: Self = Self { side: 128, tenths: 27 };
    /// 1.2 times the face's box, 96 pixels a side.
    pub const TIGHT: Self = Self { side: 96, tenths: 12 };

    /// What a network sees whose input has this many pixels a side; `None` if no liveness network has.
    #[must_use]
    pub fn of_side(side: usize) -> Option<Self> {
        [Self::WIDE, Self::TIGHT].into_iter().find(|view| view.side == side)
    }

    /// Side of the crop in pixels.
    #[must_use]
    pub const fn side(self) -> usize {
        self.side
    }

    /// Ratio of the crop's sides to those of the face's box, in tenths.
    #[must_use]
    pub const fn tenths(self) -> u8 {
        self.tenths
    }

    /// Bytes of the crop: its side squared, times 3.
    #[must_use]
    pub const fn bytes(self) -> usize {
        self.side * self.side * 3
    }
}

/// Pixels of the largest crop's side.
const MAX_SIDE: usize = Surroundings::WIDE.side;

/// Fraction bits of intermediate positions.
const BITS: u32 = 16;

/// One axis of the crop, in pixels from the edge of the frame, Q16.
#[derive(Clone, Copy)]
struct Axis {
    start: i64,
    length: i64,
    /// Pixels of the frame along this axis.
    pixels: usize,
    /// Pixels of the crop along it.
    side: i64,
}

/// Two neighbouring pixels, and the weight of the second in 1/256.
#[derive(Clone, Copy)]
struct Sample {
    first: usize,
    second: usize,
    weight: u32,
}

/// Fills `crop` (NHWC, RGB, `i8 = u8 - 128`) with the box `face`, in the coordinates of
/// [`Face::bounds`](crate::Face), and its surroundings in `frame`. `crop` has [`Surroundings::bytes`]; the rest of a
/// longer one stays as it was.
///
/// Needs about 5 KiB of stack.
pub fn crop_surroundings(frame: &Frame, face: &Rect, view: Surroundings, crop: &mut [i8]) {
    let [across, down] = axes(frame, face, view);
    let columns: [Sample; MAX_SIDE] = core::array::from_fn(|x| across.sample(x));
    let mut rows = [[0u8; MAX_WIDTH * 3]; 2];
    let mut held = [usize::MAX; 2];
    for (y, out) in crop.chunks_exact_mut(view.side * 3).take(view.side).enumerate() {
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
fn axes(frame: &Frame, face: &Rect, view: Surroundings) -> [Axis; 2] {
    let frame = [frame.width(), frame.height()];
    let whole = frame.map(|pixels| (pixels as i64) << BITS);
    // A box without size counts as one pixel.
    let side = |length: i32| i64::from(length.max(1 << SUBPIXEL_BITS)) << (BITS - SUBPIXEL_BITS);
    let sides = [side(face.width), side(face.height)];
    let mut lengths = sides.map(|side| side * i64::from(view.tenths) / 10);
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
            side: view.side as i64,
        }
    })
}

impl Axis {
    /// The frame pixels and the weight for the crop pixel `at`.
    fn sample(&self, at: usize) -> Sample {
        let middle = self.start + self.length * (2 * at as i64 + 1) / (2 * self.side) - (1 << (BITS - 1));
        let position = (middle + (1 << (BITS - 9))) >> (BITS - 8);
        let last = self.pixels as i64 - 1;
        Sample {
            first: (position >> 8).clamp(0, last) as usize,
            second: ((position >> 8) + 1).clamp(0, last) as usize,
            weight: (position & 0xff) as u32,
        }
    }
}
