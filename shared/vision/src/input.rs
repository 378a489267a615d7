//! Camera frame to network input, and mapping of detections back to the frame.
//!
//! A frame that fits the input is copied unscaled to its top left corner. A larger one is reduced with its
//! aspect ratio preserved: each input pixel is the exact average over the area that it covers, which does not
//! alias. The rest is black, which is also the value of the padding of a convolution. Frames are never
//! enlarged: a network gains nothing from interpolated pixels.

use crate::face::{Face, Point, Rect, SUBPIXEL_BITS};
use crate::{Error, Frame, MAX_WIDTH};

/// Black in a network's input.
const BLACK: i8 = i8::MIN;

/// Input size of a detector: sides are multiples of 32 (the coarsest stride), at most 1024.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct InputSize {
    width: usize,
    height: usize,
}

impl InputSize {
    /// Checks an input size.
    ///
    /// # Errors
    /// [`Error::InputSize`] for sides other than 32, 64, ... 1024.
    pub fn new(width: usize, height: usize) -> Result<Self, Error> {
        let side = |length: usize| length.is_multiple_of(32) && (32..=1024).contains(&length);
        if side(width) && side(height) { Ok(Self { width, height }) } else { Err(Error::InputSize) }
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Bytes of the input, NHWC RGB.
    pub fn bytes(&self) -> usize {
        self.width * self.height * 3
    }
}

/// The placement of a frame in the input of a network: at the top left, with `frame_step / input_step` frame
/// pixels per input pixel in both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Placement {
    /// Numerator of the scale, in frame pixels.
    pub frame_step: u32,
    /// Denominator of the scale, in input pixels.
    pub input_step: u32,
    /// Columns of the input that the frame fills.
    pub width: usize,
    /// Rows of the input that the frame fills.
    pub height: usize,
}

impl Placement {
    /// The placement of a frame of this size in this input.
    pub fn new(frame_width: usize, frame_height: usize, input: InputSize) -> Self {
        if frame_width <= input.width && frame_height <= input.height {
            return Self { frame_step: 1, input_step: 1, width: frame_width, height: frame_height };
        }
        // The side with the larger scale fills the input; the scales are compared by cross-multiplication.
        let (step, over) = if frame_width * input.height >= frame_height * input.width {
            (frame_width, input.width)
        } else {
            (frame_height, input.height)
        };
        let divisor = greatest_common_divisor(step, over);
        let (step, over) = (step / divisor, over / divisor);
        Self {
            frame_step: step as u32,
            input_step: over as u32,
            width: (frame_width * over / step).max(1),
            height: (frame_height * over / step).max(1),
        }
    }

    /// Maps a position in the input to frame coordinates.
    pub fn point_to_frame(&self, point: Point) -> Point {
        // Pixel centres are at integers, so the fixed point of the scaling, the corner, is at -1/2.
        const HALF: i32 = 1 << (SUBPIXEL_BITS - 1);
        let map = |position: i32| self.length_to_frame(position.saturating_add(HALF)) - HALF;
        Point { x: map(point.x), y: map(point.y) }
    }

    /// Maps a detection in the input to frame coordinates.
    pub fn face_to_frame(&self, face: &Face) -> Face {
        let corner = self.point_to_frame(Point { x: face.bounds.x, y: face.bounds.y });
        Face {
            score: face.score,
            bounds: Rect {
                x: corner.x,
                y: corner.y,
                width: self.length_to_frame(face.bounds.width),
                height: self.length_to_frame(face.bounds.height),
            },
            landmarks: face.landmarks.map(|point| self.point_to_frame(point)),
        }
    }

    fn length_to_frame(&self, length: i32) -> i32 {
        let (step, over) = (i64::from(self.frame_step), i64::from(self.input_step).max(1));
        let scaled = (i64::from(length) * step + over / 2).div_euclid(over);
        // Half of the range, so that the sum of two results stays in range.
        scaled.clamp(i64::from(i32::MIN / 2), i64::from(i32::MAX / 2)) as i32
    }
}

/// Fills the `input` of a network (NHWC, RGB, `i8 = u8 - 128`) with `frame`.
///
/// Needs about 5 KiB of stack.
///
/// # Errors
/// [`Error::BufferLength`] if the length of `input` is not `size.bytes()`.
pub fn fill_input(frame: &Frame, size: InputSize, input: &mut [i8]) -> Result<Placement, Error> {
    if input.len() != size.bytes() {
        return Err(Error::BufferLength);
    }
    let placement = Placement::new(frame.width(), frame.height(), size);
    let mut rows = input.chunks_exact_mut(size.width * 3);
    if placement.frame_step == placement.input_step {
        copy_rows(frame, &mut rows);
    } else {
        shrink_rows(frame, &placement, &mut rows);
    }
    rows.for_each(|row| row.fill(BLACK));
    Ok(placement)
}

fn copy_rows<'a>(frame: &Frame, rows: &mut impl Iterator<Item = &'a mut [i8]>) {
    for (y, row) in rows.by_ref().take(frame.height()).enumerate() {
        let (filled, rest) = row.split_at_mut(frame.width() * 3);
        frame.read_input_row(y, filled);
        rest.fill(BLACK);
    }
}

/// Averages over the area of each input pixel, with exact rational weights.
///
/// In units of `1 / input_step` frame pixel, an input pixel has a side of `frame_step` units and a frame
/// pixel one of `input_step`. A weight is the length of their overlap.
fn shrink_rows<'a>(frame: &Frame, placement: &Placement, rows: &mut impl Iterator<Item = &'a mut [i8]>) {
    let (step, over) = (placement.frame_step as usize, placement.input_step as usize);
    // An area has at most 320 * 320 units, and 255 times that fits 32 bits.
    let area = (step * step) as u32;
    let mut source = [0u8; MAX_WIDTH * 3];
    let mut sums = [0u32; MAX_WIDTH * 3];
    let sums = &mut sums[..placement.width * 3];
    for (y, row) in rows.by_ref().take(placement.height).enumerate() {
        sums.fill(0);
        for (source_y, vertical) in shares(y, step, over) {
            frame.read_row(source_y, &mut source);
            for (x, sum) in sums.chunks_exact_mut(3).enumerate() {
                for (source_x, horizontal) in shares(x, step, over) {
                    let weight = vertical * horizontal;
                    for (sum, &value) in sum.iter_mut().zip(&source[source_x * 3..]) {
                        *sum += weight * u32::from(value);
                    }
                }
            }
        }
        let (filled, rest) = row.split_at_mut(sums.len());
        for (out, &sum) in filled.iter_mut().zip(sums.iter()) {
            *out = to_input(((sum + area / 2) / area) as u8);
        }
        rest.fill(BLACK);
    }
}

/// The frame pixels under input pixel `at`, each with the length of the overlap.
fn shares(at: usize, step: usize, over: usize) -> impl Iterator<Item = (usize, u32)> {
    let (start, end) = (at * step, (at + 1) * step);
    (start / over..end.div_ceil(over)).map(move |pixel| {
        let shared = end.min((pixel + 1) * over) - start.max(pixel * over);
        (pixel, shared as u32)
    })
}

#[inline]
fn to_input(value: u8) -> i8 {
    (value ^ 0x80) as i8
}

fn greatest_common_divisor(mut a: usize, mut b: usize) -> usize {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}
