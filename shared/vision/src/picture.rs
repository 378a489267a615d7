//! A camera's picture that may be larger than a frame: shrunk for the detector, and around a face as it came.
//!
//! Each pixel of the frame is the mean of a square of the picture's pixels. So a picture of 640x480 becomes a frame of 320x240.
//! A face that is small there has more pixels in the picture: the [`CloseUp`] is the part around it, shrunk no more than it
//! must be to fit a frame, and the face in its coordinates.
//!
//! # Invariants
//! - A picture that fits a frame becomes that frame byte for byte, and has no close-ups.
//! - A close-up has more pixels for the face than the frame, or there is none.

use crate::face::{Face, Point, Rect, SUBPIXEL_BITS};
use crate::frame::{Frame, PixelFormat};
use crate::{CROP_SIZE, Error, MAX_HEIGHT, MAX_WIDTH, SimilarityTransform, Surroundings};

/// Where the samples of a picture are. Colours are BT.601, full range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `Y0 U Y1 V`, two pixels in four bytes.
    Yuyv,
    /// A plane of Y, then one of `U V` at half the width and height.
    Nv12,
    /// A plane of Y alone.
    Grey,
    /// `Y U V`, one pixel in three bytes.
    Yuv,
}

impl Layout {
    /// The bytes of a row without padding.
    pub const fn stride(self, width: usize) -> usize {
        match self {
            Self::Yuyv => 2 * width,
            Self::Nv12 | Self::Grey => width,
            Self::Yuv => 3 * width,
        }
    }

    /// The bytes of a picture whose rows have `stride` bytes; `None` if they are too many to count.
    pub fn bytes(self, stride: usize, height: usize) -> Option<usize> {
        let luma = stride.checked_mul(height)?;
        match self {
            Self::Yuyv | Self::Grey | Self::Yuv => Some(luma),
            Self::Nv12 => luma.checked_add(stride.checked_mul(height.div_ceil(2))?),
        }
    }
}

/// A picture in memory.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    layout: Layout,
    width: usize,
    height: usize,
    stride: usize,
    bytes: &'a [u8],
}

/// A part of a picture, and how it is shrunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Columns and rows of the picture before it.
    corner: [usize; 2],
    /// Pixels after it was shrunk: columns, an even number, and rows.
    size: [usize; 2],
    /// Pixels of the picture, along a side, for one pixel.
    by: usize,
}

/// A part of a picture around a face, as a frame, and the face in its coordinates.
#[derive(Clone, Copy, Debug)]
pub struct CloseUp<'a> {
    /// The part.
    pub frame: Frame<'a>,
    /// The face.
    pub face: Face,
}

/// What of a face is to be seen in a close-up.
#[derive(Clone, Copy, Debug)]
pub enum View {
    /// What an encoder sees of it: the aligned crop.
    Crop,
    /// What a liveness network sees of it.
    Surroundings(Surroundings),
}

impl Part {
    /// Columns, an even number, and rows.
    pub fn size(&self) -> [usize; 2] {
        self.size
    }

    /// Bytes of the part as YUYV.
    pub fn bytes(&self) -> usize {
        2 * self.size[0] * self.size[1]
    }

    /// A face of a frame, for each of whose pixels the picture has `by`, in the coordinates of this part.
    fn face(&self, face: &Face, by: usize) -> Face {
        const HALF: i64 = 1 << (SUBPIXEL_BITS - 1);
        // Positions count from the centre of the first pixel.
        let at = |axis: usize, position: i32| {
            let in_picture =
                (i64::from(position) + HALF) * by as i64 - ((self.corner[axis] as i64) << SUBPIXEL_BITS);
            saturated(in_picture.div_euclid(self.by as i64) - HALF)
        };
        let long = |length: i32| saturated(i64::from(length) * by as i64 / self.by as i64);
        let Rect { x, y, width, height } = face.bounds;
        Face {
            score: face.score,
            bounds: Rect { x: at(0, x), y: at(1, y), width: long(width), height: long(height) },
            landmarks: face.landmarks.map(|point| Point { x: at(0, point.x), y: at(1, point.y) }),
        }
    }
}

fn saturated(value: i64) -> i32 {
    value.clamp(i32::MIN.into(), i32::MAX.into()) as i32
}

impl<'a> Picture<'a> {
    /// A picture over `bytes`, which may be longer than it.
    ///
    /// # Errors
    /// [`Error::EmptyFrame`] if it has less than two columns or no row, [`Error::OddWidth`] where two pixels share their
    /// colour, [`Error::BufferLength`].
    pub fn new(
        layout: Layout,
        width: usize,
        height: usize,
        stride: usize,
        bytes: &'a [u8],
    ) -> Result<Self, Error> {
        if width < 2 || height == 0 {
            return Err(Error::EmptyFrame);
        }
        if matches!(layout, Layout::Yuyv | Layout::Nv12) && !width.is_multiple_of(2) {
            return Err(Error::OddWidth);
        }
        let row = width.checked_mul(3).map(|_| layout.stride(width));
        let enough = row.is_some_and(|row| stride >= row)
            && layout.bytes(stride, height).is_some_and(|needed| bytes.len() >= needed);
        if enough { Ok(Self { layout, width, height, stride, bytes }) } else { Err(Error::BufferLength) }
    }

    /// How many of its pixels, along a side, a pixel of its frame is the mean of.
    fn by(&self) -> usize {
        self.width.div_ceil(MAX_WIDTH).max(self.height.div_ceil(MAX_HEIGHT)).max(1)
    }

    /// Whether it is larger than a frame.
    pub fn is_larger_than_a_frame(&self) -> bool {
        self.by() > 1
    }

    /// All of it, as a frame; what is left over at the right and below is not shown.
    pub fn whole(&self) -> Part {
        let by = self.by();
        Part { corner: [0; 2], size: [self.width / by / 2 * 2, self.height / by], by }
    }

    /// Fills `out`, of [`Part::bytes`], with a part of this picture as YUYV: the mean of each square of pixels.
    pub fn read(&self, part: &Part, out: &mut [u8]) {
        let Part { corner: [left, top], size: [width, _], by } = *part;
        let mean = |sum: u32, count: usize| ((sum + count as u32 / 2) / count as u32) as u8;
        for (y, row) in out.chunks_exact_mut(2 * width.max(1)).enumerate() {
            for (pair, out) in row.chunks_exact_mut(4).enumerate() {
                let (mut luma, mut chroma) = ([0u32; 2], [0u32; 2]);
                for row in top + y * by..top + (y + 1) * by {
                    for across in 0..2 * by {
                        let x = left + 2 * pair * by + across;
                        luma[across / by] += u32::from(self.luma(x, row));
                        let [u, v] = self.chroma(x, row);
                        chroma[0] += u32::from(u);
                        chroma[1] += u32::from(v);
                    }
                }
                let (of_one, of_two) = (by * by, 2 * by * by);
                out.copy_from_slice(&[
                    mean(luma[0], of_one),
                    mean(chroma[0], of_two),
                    mean(luma[1], of_one),
                    mean(chroma[1], of_two),
                ]);
            }
        }
    }

    /// The part that shows a `face` of the frame with more pixels than the frame does, if there is one: at the scale of the
    /// picture, or as little shrunk as it can be.
    pub fn part_around(&self, face: &Face, view: View) -> Option<Part> {
        let by = self.by();
        let whole = [self.width, self.height];
        let wanted = match view {
            View::Crop => crop(face)?,
            View::Surroundings(view) => surroundings(face, view, self.whole().size),
        };
        // In pixels of the picture, with one of the frame around it.
        let [from, end] = [-1, 1].map(|margin| {
            core::array::from_fn::<i64, 2, _>(|axis| {
                let edge = wanted[usize::from(margin > 0)][axis] + (1 << (SUBPIXEL_BITS - 1));
                let edge = (edge * by as i64).div_euclid(1 << SUBPIXEL_BITS) + margin * by as i64;
                edge.clamp(0, whole[axis] as i64)
            })
        });
        let length: [usize; 2] = core::array::from_fn(|axis| (end[axis] - from[axis]).max(0) as usize);
        let shrunk = length[0].div_ceil(MAX_WIDTH - 2).max(length[1].div_ceil(MAX_HEIGHT)).max(1);
        if shrunk >= by || length.contains(&0) {
            return None;
        }
        let left = from[0] as usize & !1;
        let columns = (from[0] as usize + length[0] - left).div_ceil(shrunk).next_multiple_of(2);
        let width = columns.min((self.width - left) / shrunk / 2 * 2);
        let top = from[1] as usize;
        let height = length[1].div_ceil(shrunk).min((self.height - top) / shrunk);
        (width > 0 && height > 0).then_some(Part { corner: [left, top], size: [width, height], by: shrunk })
    }

    /// The close-up of a `face` of the frame. `out` has room for the part: [`Part::bytes`].
    pub fn close_up<'o>(&self, part: &Part, face: &Face, out: &'o mut [u8]) -> Option<CloseUp<'o>> {
        let out = out.get_mut(..part.bytes())?;
        self.read(part, out);
        let frame = Frame::new(PixelFormat::Yuyv, part.size[0], part.size[1], out).ok()?;
        Some(CloseUp { frame, face: part.face(face, self.by()) })
    }

    fn luma(&self, x: usize, y: usize) -> u8 {
        let row = y * self.stride;
        let at = match self.layout {
            Layout::Yuyv => row + 2 * x,
            Layout::Nv12 | Layout::Grey => row + x,
            Layout::Yuv => row + 3 * x,
        };
        self.bytes.get(at).copied().unwrap_or(0)
    }

    fn chroma(&self, x: usize, y: usize) -> [u8; 2] {
        let [u, v] = match self.layout {
            Layout::Yuyv => {
                let at = y * self.stride + x / 2 * 4;
                [at + 1, at + 3]
            }
            Layout::Nv12 => {
                let at = (self.height + y / 2) * self.stride + x / 2 * 2;
                [at, at + 1]
            }
            Layout::Grey => return [128; 2],
            Layout::Yuv => {
                let at = y * self.stride + 3 * x + 1;
                [at, at + 1]
            }
        };
        [u, v].map(|at| self.bytes.get(at).copied().unwrap_or(128))
    }
}

/// A rectangle by its first and its last corner, in 1/1024 pixel.
type Corners = [[i64; 2]; 2];

/// The rectangle of the frame around the aligned crop of a face; `None` if the landmarks are of none.
fn crop(face: &Face) -> Option<Corners> {
    let SimilarityTransform { a, b, x0, y0 } = SimilarityTransform::to_template(&face.landmarks).ok()?;
    const DOWN: u32 = 16 - SUBPIXEL_BITS;
    let corners = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(u, v)| {
        let [u, v] = [u, v].map(|edge| edge * CROP_SIZE as i64);
        [(x0 + a * u + b * v) >> DOWN, (y0 + a * v - b * u) >> DOWN]
    });
    let side = |pick: fn(i64, i64) -> i64| {
        core::array::from_fn(|axis| corners.iter().map(|corner| corner[axis]).reduce(pick).unwrap_or(0))
    };
    Some([side(i64::min), side(i64::max)])
}

/// The rectangle of a frame of this size in which a liveness network sees a face, shifted inside as its crop is.
fn surroundings(face: &Face, view: Surroundings, size: [usize; 2]) -> Corners {
    let Rect { x, y, width, height } = face.bounds;
    let mut corners = [[0; 2]; 2];
    for (axis, (start, length)) in [(x, width), (y, height)].into_iter().enumerate() {
        let (start, length) = (i64::from(start), i64::from(length));
        let whole = (size[axis] as i64) << SUBPIXEL_BITS;
        let long = length * i64::from(view.tenths()) / 10;
        let start = (start - (long - length) / 2).min(whole - long).max(0);
        corners[0][axis] = start;
        corners[1][axis] = start + long;
    }
    corners
}

#[cfg(test)]
mod tests;
