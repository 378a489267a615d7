//! Pictures one after the other, as an animated GIF.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, Frame, RgbaImage};

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
    let path = path.as_ref();
    let refuse = |reason: String| Error::Write { path: path.into(), reason };
    let file = File::create(path).map_err(|error| refuse(error.to_string()))?;
    let mut encoder = GifEncoder::new_with_speed(BufWriter::new(file), SPEED);
    encoder.set_repeat(Repeat::Infinite).map_err(|error| refuse(error.to_string()))?;
    for (number, frame) in frames.iter().enumerate() {
        let image = RgbaImage::from_fn(frame.width(), frame.height(), |x, y| {
            let [r, g, b] = frame.image.get_pixel(x, y).0;
            image::Rgba([r, g, b, 255])
        });
        let shown = if number + 1 == frames.len() { LAST * milliseconds } else { milliseconds };
        let delay = Delay::from_numer_denom_ms(shown, 1);
        let frame = Frame::from_parts(image, 0, 0, delay);
        encoder.encode_frame(frame).map_err(|error| refuse(error.to_string()))?;
    }
    Ok(())
}
