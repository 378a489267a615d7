//! Camera frames: a checked view of the bytes of a sensor.
//!
//! Both formats have two bytes per pixel, rows from top to bottom, without padding:
//!
//! ```text
//! YUYV    Y0 U Y1 V | Y2 U Y3 V ...   two pixels share one U and one V; BT.601, full range
//! RGB565  gggbbbbb rrrrrggg | ...     little endian: the low byte first
//! ```

use kernels::Chroma;

use crate::color::{rgb565_to_rgb, yuv_to_rgb};
use crate::{Error, MAX_HEIGHT, MAX_WIDTH};

/// Pixel format of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum PixelFormat {
    /// YUV 4:2:2, packed `Y0 U Y1 V`, BT.601 full range.
    Yuyv,
    /// RGB 5-6-5, little endian.
    Rgb565,
}

impl PixelFormat {
    /// Bytes per pixel.
    pub const fn bytes_per_pixel(self) -> usize {
        2
    }
}

/// A camera frame of at most [`MAX_WIDTH`] x [`MAX_HEIGHT`] pixels.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    format: PixelFormat,
    width: usize,
    height: usize,
    /// Bytes from one row to the next.
    stride: usize,
    bytes: &'a [u8],
}

impl<'a> Frame<'a> {
    /// A frame over `bytes`, whose length must be exactly `width * height * 2`.
    ///
    /// # Errors
    /// [`Error::EmptyFrame`], [`Error::FrameTooLarge`], [`Error::OddWidth`] (YUYV only) or
    /// [`Error::BufferLength`].
    pub fn new(format: PixelFormat, width: usize, height: usize, bytes: &'a [u8]) -> Result<Self, Error> {
        check_size(format, width, height)?;
        if bytes.len() != width * height * format.bytes_per_pixel() {
            return Err(Error::BufferLength);
        }
        Ok(Self { format, width, height, stride: 2 * width, bytes })
    }

    /// Pixel format.
    pub fn format(&self) -> PixelFormat {
        self.format
    }

    /// Width in pixels, 1..=[`MAX_WIDTH`].
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels, 1..=[`MAX_HEIGHT`].
    pub fn height(&self) -> usize {
        self.height
    }

    /// The part of the frame of this size whose first pixel is in column `left` and row `top`; both sides are cut to what
    /// the frame has. `left` is rounded down to an even number, so that a pair of pixels keeps its colour; so `width` is even, too.
    #[must_use]
    pub fn part(&self, left: usize, top: usize, width: usize, height: usize) -> Self {
        let (left, top) = (left.min(self.width - 1) & !1, top.min(self.height - 1));
        let (width, height) = (width.min(self.width - left), height.min(self.height - top));
        let bytes = self.bytes.get(top * self.stride + 2 * left..).unwrap_or_default();
        Self { width, height, bytes, ..*self }
    }

    /// The bytes of the frame; of a part, with all that comes after its first pixel.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The pixel in column `x` and row `y`; black outside the frame.
    #[inline]
    pub fn rgb(&self, x: usize, y: usize) -> [u8; 3] {
        if x >= self.width || y >= self.height {
            return [0; 3];
        }
        let at = y * self.stride + 2 * x;
        match self.format {
            PixelFormat::Yuyv => match self.bytes.get(at & !3..(at & !3) + 4) {
                Some(&[y0, u, y1, v]) => yuv_to_rgb(if at & 2 == 0 { y0 } else { y1 }, u, v),
                _ => [0; 3],
            },
            PixelFormat::Rgb565 => match self.bytes.get(at..at + 2) {
                Some(&[low, high]) => rgb565_to_rgb(u16::from_le_bytes([low, high])),
                _ => [0; 3],
            },
        }
    }

    /// The pixels in columns `x` and `x + 1` of row `y`; `None` unless both are inside the frame.
    #[inline]
    pub fn rgb_pair(&self, x: usize, y: usize) -> Option<[[u8; 3]; 2]> {
        if x + 1 >= self.width {
            return None;
        }
        let at = y * self.stride + 2 * x;
        match self.format {
            PixelFormat::Yuyv if x.is_multiple_of(2) => {
                let &[left, u, right, v] = self.bytes.get(at..at + 4)?.first_chunk()?;
                let chroma = Chroma::new(u, v);
                Some([chroma.rgb(left), chroma.rgb(right)])
            }
            PixelFormat::Yuyv => {
                let &[_, u, left, v, right, u_right, _, v_right] =
                    self.bytes.get(at - 2..at + 6)?.first_chunk()?;
                Some([Chroma::new(u, v).rgb(left), Chroma::new(u_right, v_right).rgb(right)])
            }
            PixelFormat::Rgb565 => Some([self.rgb(x, y), self.rgb(x + 1, y)]),
        }
        .filter(|_| y < self.height)
    }

    /// Writes row `y` to `row` as RGB, three bytes per pixel.
    ///
    /// Pixels that do not fit `row` are dropped; a row outside the frame is black.
    pub fn read_row(&self, y: usize, row: &mut [u8]) {
        let Some(bytes) = self.row(y) else {
            row.fill(0);
            return;
        };
        match self.format {
            PixelFormat::Yuyv => {
                for (pair, out) in bytes.chunks_exact(4).zip(row.chunks_mut(6)) {
                    let chroma = Chroma::new(pair[1], pair[3]);
                    let [[a, b, c], [d, e, f]] = [pair[0], pair[2]].map(|y| chroma.rgb(y));
                    let both = [a, b, c, d, e, f];
                    match out.first_chunk_mut() {
                        Some(out) => *out = both,
                        None => out.copy_from_slice(&both[..out.len()]),
                    }
                }
            }
            PixelFormat::Rgb565 => {
                for (pixel, out) in bytes.chunks_exact(2).zip(row.chunks_exact_mut(3)) {
                    out.copy_from_slice(&rgb565_to_rgb(u16::from_le_bytes([pixel[0], pixel[1]])));
                }
            }
        }
    }
}

/// Checks that a frame may have this size and format.
pub(crate) fn check_size(format: PixelFormat, width: usize, height: usize) -> Result<(), Error> {
    if width == 0 || height == 0 {
        return Err(Error::EmptyFrame);
    }
    if width > MAX_WIDTH || height > MAX_HEIGHT {
        return Err(Error::FrameTooLarge);
    }
    if format == PixelFormat::Yuyv && !width.is_multiple_of(2) {
        return Err(Error::OddWidth);
    }
    Ok(())
}

impl<'a> Frame<'a> {
    /// The bytes of row `y`; `None` outside the frame.
    pub(crate) fn row(&self, y: usize) -> Option<&'a [u8]> {
        let start = y * self.stride;
        self.bytes.get(start..start + 2 * self.width).filter(|_| y < self.height)
    }

    /// Writes row `y` to `row` as network input: RGB, `i8 = u8 - 128`.
    ///
    /// Pixels that do not fit `row` are dropped; a row outside the frame is black.
    pub(crate) fn read_input_row(&self, y: usize, row: &mut [i8]) {
        match (self.format, self.row(y)) {
            (_, None) => row.fill(i8::MIN),
            (PixelFormat::Yuyv, Some(bytes)) => kernels::yuyv_to_rgb(bytes, row),
            (PixelFormat::Rgb565, Some(bytes)) => {
                for (pixel, out) in bytes.chunks_exact(2).zip(row.chunks_exact_mut(3)) {
                    let rgb = rgb565_to_rgb(u16::from_le_bytes([pixel[0], pixel[1]]));
                    out.iter_mut().zip(rgb).for_each(|(out, value)| *out = (value ^ 0x80) as i8);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_frames_are_refused() {
        use PixelFormat::*;
        let bytes = [0; 4 * 4 * 2];
        assert!(Frame::new(Yuyv, 4, 4, &bytes).is_ok());
        assert_eq!(Frame::new(Yuyv, 0, 4, &bytes).unwrap_err(), Error::EmptyFrame);
        assert_eq!(Frame::new(Yuyv, 3, 4, &bytes).unwrap_err(), Error::OddWidth);
        assert_eq!(Frame::new(Rgb565, 3, 4, &bytes).unwrap_err(), Error::BufferLength);
        assert_eq!(Frame::new(Rgb565, 322, 4, &bytes).unwrap_err(), Error::FrameTooLarge);
        assert_eq!(Frame::new(Rgb565, usize::MAX, 4, &bytes).unwrap_err(), Error::FrameTooLarge);
    }

    #[test]
    fn row_reader_and_pixel_reader_agree() {
        let bytes: [u8; 6 * 3 * 2] = core::array::from_fn(|i| (i * 37 + 11) as u8);
        for format in [PixelFormat::Yuyv, PixelFormat::Rgb565] {
            let frame = Frame::new(format, 6, 3, &bytes).unwrap();
            for y in 0..4 {
                let mut row = [9; 18];
                frame.read_row(y, &mut row);
                let mut input = [9; 18];
                frame.read_input_row(y, &mut input);
                assert_eq!(input.map(|value| (value as u8) ^ 0x80), row);
                for x in 0..6 {
                    assert_eq!(row[3 * x..3 * x + 3], frame.rgb(x, y));
                    let pair = (x < 5 && y < 3).then(|| [frame.rgb(x, y), frame.rgb(x + 1, y)]);
                    assert_eq!(frame.rgb_pair(x, y), pair, "{format:?} at {x}, {y}");
                }
            }
        }
    }

    #[test]
    fn a_part_shows_what_the_frame_shows_there() {
        let bytes: [u8; 8 * 6 * 2] = core::array::from_fn(|i| (i * 37 + 11) as u8);
        for format in [PixelFormat::Yuyv, PixelFormat::Rgb565] {
            let frame = Frame::new(format, 8, 6, &bytes).unwrap();
            let part = frame.part(3, 1, 4, 4);
            assert_eq!((part.width(), part.height()), (4, 4));
            let mut row = [9; 12];
            for y in 0..4 {
                part.read_row(y, &mut row);
                for x in 0..4 {
                    assert_eq!(part.rgb(x, y), frame.rgb(x + 2, y + 1), "{format:?} at {x}, {y}");
                    assert_eq!(row[3 * x..3 * x + 3], part.rgb(x, y));
                }
            }
            part.read_row(4, &mut row);
            assert_eq!(
                (row, part.rgb(0, 4), part.rgb(4, 0)),
                ([0; 12], [0; 3], [0; 3]),
                "outside it is black"
            );
            assert_eq!(part.rgb_pair(3, 0), None);
            let rest = frame.part(6, 5, 100, 100);
            assert_eq!((rest.width(), rest.height(), rest.rgb(1, 0)), (2, 1, frame.rgb(7, 5)));
        }
    }
}
