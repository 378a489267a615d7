//! A camera's picture as the frame of the door: at most 320x256 pixels of YUYV.
//!
//! Each pixel of the frame is the mean of a square of the picture's pixels ([`vision::Picture`]). So a picture of 640x480 becomes
//! 320x240. The picture is kept beside it, for the [close-ups](crate::close_up) of faces. Colours are taken as BT.601, full range, as a JPEG file has them.

use std::fmt;

use serde::Deserialize;
use vision::{Layout, Picture};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use crate::guard::guarded;

/// Pixels of the longest side of a picture.
const LARGEST: usize = 4096;

/// How a camera gives its pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// `Y0 U Y1 V`, two pixels in four bytes.
    Yuyv,
    /// A plane of Y, then one of `U V` at half the width and height.
    Nv12,
    /// A plane of Y alone, as infrared cameras give it.
    Grey,
    /// A JPEG file for each picture.
    Mjpg,
}

impl Format {
    /// The bytes of a picture whose rows have `stride` bytes; `None` where that differs from picture to picture.
    pub fn bytes(self, stride: usize, height: usize) -> Option<usize> {
        match self {
            Self::Yuyv | Self::Grey => stride.checked_mul(height),
            Self::Nv12 => stride.checked_mul(height)?.checked_add(stride.checked_mul(height.div_ceil(2))?),
            Self::Mjpg => None,
        }
    }

    /// The bytes of a row without padding.
    pub fn stride(self, width: usize) -> usize {
        match self {
            Self::Yuyv => 2 * width,
            Self::Nv12 | Self::Grey | Self::Mjpg => width,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yuyv => "yuyv",
            Self::Nv12 => "nv12",
            Self::Grey => "grey",
            Self::Mjpg => "mjpg",
        })
    }
}

/// A frame that fits the door, and the picture that it was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Small {
    /// Pixels in a row, an even number.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// YUYV.
    pub yuyv: Vec<u8>,
    /// The picture, if it is larger than the frame.
    pub whole: Option<Whole>,
}

impl Small {
    /// A frame without a picture behind it.
    pub fn new(width: usize, height: usize, yuyv: Vec<u8>) -> Self {
        Self { width, height, yuyv, whole: None }
    }

    /// The mean brightness, 0 to 255.
    pub fn brightness(&self) -> u8 {
        let sum: u64 = self.yuyv.iter().step_by(2).map(|luma| u64::from(*luma)).sum();
        (sum / (self.width * self.height).max(1) as u64) as u8
    }
}

/// A picture as the camera gave it, or as it was decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    layout: Layout,
    width: usize,
    height: usize,
    stride: usize,
    bytes: Vec<u8>,
}

impl Whole {
    /// The picture; `None` if its bytes are not what the format says.
    pub fn view(&self) -> Option<Picture<'_>> {
        let Self { layout, width, height, stride, bytes } = self;
        Picture::new(*layout, *width, *height, *stride, bytes).ok()
    }
}

/// The frame of a picture; `None` if its bytes are not what the format says, as a cable that was pulled leaves them.
pub fn small(format: Format, width: usize, height: usize, stride: usize, bytes: &[u8]) -> Option<Small> {
    let layout = match format {
        Format::Mjpg => {
            let whole = guarded(|| decode(bytes))??;
            let mut small = shrink(&whole.view()?);
            small.whole =
                Some(whole).filter(|whole| whole.view().is_some_and(|it| it.is_larger_than_a_frame()));
            return Some(small);
        }
        Format::Yuyv => Layout::Yuyv,
        Format::Nv12 => Layout::Nv12,
        Format::Grey => Layout::Grey,
    };
    let picture = Picture::new(layout, width, height, stride, bytes).ok()?;
    let mut small = shrink(&picture);
    if picture.is_larger_than_a_frame() {
        small.whole = Some(Whole { layout, width, height, stride, bytes: bytes.to_vec() });
    }
    Some(small)
}

/// All of a picture, as a frame.
fn shrink(picture: &Picture) -> Small {
    let whole = picture.whole();
    let [width, height] = whole.size();
    let mut small = Small::new(width, height, vec![0; whole.bytes()]);
    picture.read(&whole, &mut small.yuyv);
    small
}

/// Decodes a JPEG file: in colours, or in grey as infrared cameras write it.
fn decode(bytes: &[u8]) -> Option<Whole> {
    let ways = [(ColorSpace::YCbCr, Layout::Yuv, 3), (ColorSpace::Luma, Layout::Grey, 1)];
    ways.into_iter().find_map(|(colours, layout, samples)| {
        let options = DecoderOptions::default().jpeg_set_out_colorspace(colours);
        let options = options.set_max_width(LARGEST).set_max_height(LARGEST);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
        let pixels = decoder.decode().ok()?;
        let (width, height) = decoder.dimensions()?;
        let whole = width >= 2 && height > 0 && pixels.len() == samples * width * height;
        whole.then_some(Whole { layout, width, height, stride: samples * width, bytes: pixels })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::is_guarded;
    use jpeg_encoder::{ColorType, Encoder};

    #[test]
    fn a_decoder_that_panics_costs_the_picture_alone() {
        let picture: Option<Small> = guarded(|| panic!("a picture made for it"));
        assert!(picture.is_none() && !is_guarded());
    }

    #[test]
    fn a_picture_that_fits_stays_as_it_is() {
        let bytes: Vec<u8> = (0..4 * 3 * 2).collect();
        let frame = small(Format::Yuyv, 4, 3, 8, &bytes).expect("a frame");
        assert_eq!((frame.width, frame.height, frame.yuyv), (4, 3, bytes));
    }

    #[test]
    fn rows_with_padding_are_read_without_it() {
        let padded = [1, 2, 3, 4, 99, 99, 5, 6, 7, 8, 99, 99];
        let frame = small(Format::Yuyv, 2, 2, 6, &padded).expect("a frame");
        assert_eq!(frame.yuyv, [1, 2, 3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn a_large_picture_becomes_the_mean_of_squares() {
        let mut bytes = vec![0; 640 * 480 * 2];
        // Four pixels of the first square: 10, 20, 30 and 41, whose mean rounds to 25.
        for (x, y, luma) in [(0, 0, 10), (1, 0, 20), (0, 1, 30), (1, 1, 41)] {
            bytes[y * 1280 + 2 * x] = luma;
        }
        let frame = small(Format::Yuyv, 640, 480, 1280, &bytes).expect("a frame");
        assert_eq!((frame.width, frame.height, frame.yuyv.len()), (320, 240, 320 * 240 * 2));
        assert_eq!(frame.yuyv[..4], [25, 0, 0, 0]);
    }

    #[test]
    fn each_format_gives_the_same_grey_and_its_colour() {
        let (width, height) = (64, 48);
        let yuyv: Vec<u8> = (0..width * height / 2).flat_map(|_| [80, 100, 80, 200]).collect();
        let nv12: Vec<u8> = std::iter::repeat_n(80, width * height)
            .chain((0..width * height / 4).flat_map(|_| [100, 200]))
            .collect();
        let grey = vec![80; width * height];
        let of_yuyv = small(Format::Yuyv, width, height, 2 * width, &yuyv).expect("a frame");
        assert_eq!(small(Format::Nv12, width, height, width, &nv12).as_ref(), Some(&of_yuyv));
        let of_grey = small(Format::Grey, width, height, width, &grey).expect("a frame");
        assert_eq!(of_grey.yuyv[..4], [80, 128, 80, 128]);
        assert_eq!((of_grey.brightness(), of_yuyv.brightness()), (80, 80));
    }

    #[test]
    fn a_jpeg_is_decoded() {
        for (colours, samples) in [(ColorType::Luma, 1), (ColorType::Rgb, 3)] {
            let mut jpeg = Vec::new();
            let pixels = vec![90u8; samples * 64 * 48];
            Encoder::new(&mut jpeg, 95).encode(&pixels, 64, 48, colours).expect("a JPEG");
            let frame = small(Format::Mjpg, 0, 0, 0, &jpeg).expect("a frame");
            assert_eq!((frame.width, frame.height), (64, 48));
            assert!(frame.brightness().abs_diff(90) <= 1, "{}", frame.brightness());
            assert!(frame.yuyv[1].abs_diff(128) <= 1, "it has no colour");
            assert_eq!(small(Format::Mjpg, 64, 48, 0, &jpeg[..jpeg.len() / 8]), None);
        }
    }

    #[test]
    fn bytes_that_are_not_a_picture_give_none() {
        for (format, width, height, stride, bytes) in [
            (Format::Yuyv, 4, 3, 8, 23),
            (Format::Yuyv, 4, 3, 6, 24),
            (Format::Yuyv, 3, 3, 6, 18),
            (Format::Nv12, 4, 4, 4, 23),
            (Format::Grey, 4, 4, 4, 15),
            (Format::Grey, 0, 4, 4, 16),
            (Format::Grey, 4, 0, 4, 16),
            (Format::Grey, usize::MAX, usize::MAX, usize::MAX, 16),
            (Format::Mjpg, 4, 4, 4, 16),
        ] {
            assert_eq!(
                small(format, width, height, stride, &vec![7; bytes]),
                None,
                "{format} {width}x{height}"
            );
        }
    }
}
