//! Pictures one after the other, as an animated GIF.

use std::path::Path;

use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, Frame, RgbaImage};

use crate::photo::into_io;
use crate::{Error, Photo};

/// How thoroughly each frame's 256 colours are chosen: 1 is best, 30 fastest.
const SPEED: i32 = 10;

/// How much longer the last frame is shown.
const LAST: u32 = 20;

/// Writes `frames`, all of one size, as a GIF that is shown again and again.
///
/// # Errors
/// [`Error::Write`].
pub fn save_gif(path: impl AsRef<Path>, frames: &[Photo], milliseconds: u32) -> Result<(), Error> {
    Ok(output_file::replace(path.as_ref(), |file| encode(file, frames, milliseconds).map_err(into_io))?)
}

fn encode(file: &mut dyn output_file::Target, frames: &[Photo], milliseconds: u32) -> image::ImageResult<()> {
    let mut encoder = GifEncoder::new_with_speed(file, SPEED);
    encoder.set_repeat(Repeat::Infinite)?;
    for (number, frame) in frames.iter().enumerate() {
        let image = RgbaImage::from_fn(frame.width(), frame.height(), |x, y| {
            let [r, g, b] = frame.image.get_pixel(x, y).0;
            image::Rgba([r, g, b, 255])
        });
        let shown = if number + 1 == frames.len() { LAST * milliseconds } else { milliseconds };
        let delay = Delay::from_numer_denom_ms(shown, 1);
        let frame = Frame::from_parts(image, 0, 0, delay);
        encoder.encode_frame(frame)?;
    }
    Ok(())
}
