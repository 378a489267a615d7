//! RGB to camera bytes: the frame that a sensor would deliver for an image.
//!
//! The host uses this to feed photographs to an emulated camera.

use crate::color::{rgb_to_rgb565, rgb_to_yuv};
use crate::frame::check_size;
use crate::{Error, PixelFormat};

/// Encodes `rgb` (three bytes per pixel, rows top to bottom) to `out` in the camera's `format`.
///
/// The chroma of a YUYV pair is the mean of its two pixels, as the filter of a sensor computes it.
///
/// # Errors
/// As [`Frame::new`](crate::Frame::new); [`Error::BufferLength`] applies to both buffers.
pub fn encode(
    format: PixelFormat,
    width: usize,
    height: usize,
    rgb: &[u8],
    out: &mut [u8],
) -> Result<(), Error> {
    check_size(format, width, height)?;
    let pixels = width * height;
    if rgb.len() != pixels * 3 || out.len() != pixels * format.bytes_per_pixel() {
        return Err(Error::BufferLength);
    }
    match format {
        PixelFormat::Yuyv => {
            for (pair, out) in rgb.chunks_exact(6).zip(out.chunks_exact_mut(4)) {
                let left = rgb_to_yuv([pair[0], pair[1], pair[2]]);
                let right = rgb_to_yuv([pair[3], pair[4], pair[5]]);
                let mean = |i: usize| (u16::from(left[i]) + u16::from(right[i])).div_ceil(2) as u8;
                out.copy_from_slice(&[left[0], mean(1), right[0], mean(2)]);
            }
        }
        PixelFormat::Rgb565 => {
            for (pixel, out) in rgb.chunks_exact(3).zip(out.chunks_exact_mut(2)) {
                let pixel = rgb_to_rgb565([pixel[0], pixel[1], pixel[2]]);
                out.copy_from_slice(&pixel.to_le_bytes());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Frame;

    #[test]
    fn grey_is_exact_in_yuyv_and_colour_nearly_in_rgb565() {
        let grey: [u8; 8 * 2 * 3] = core::array::from_fn(|i| (i / 3 * 16) as u8);
        let mut bytes = [0; 8 * 2 * 2];
        encode(PixelFormat::Yuyv, 8, 2, &grey, &mut bytes).unwrap();
        let frame = Frame::new(PixelFormat::Yuyv, 8, 2, &bytes).unwrap();
        let mut row = [0; 24];
        frame.read_row(1, &mut row);
        assert_eq!(row, grey[24..]);

        let colour: [u8; 8 * 2 * 3] = core::array::from_fn(|i| (i * 83) as u8);
        encode(PixelFormat::Rgb565, 8, 2, &colour, &mut bytes).unwrap();
        let frame = Frame::new(PixelFormat::Rgb565, 8, 2, &bytes).unwrap();
        frame.read_row(0, &mut row);
        for (got, want) in row.iter().zip(&colour) {
            assert!(got.abs_diff(*want) <= 4);
        }
    }

    #[test]
    fn refuses_buffers_of_another_size() {
        let mut out = [0; 8];
        let error = encode(PixelFormat::Yuyv, 2, 2, &[0; 11], &mut out).unwrap_err();
        assert_eq!(error, Error::BufferLength);
    }
}
