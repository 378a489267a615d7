//! Joins pictures that `postern show --save` drew into one small animated GIF.
//!
//! ```text
//! cargo run --release --package postern-imaging --example animate -- OUT.gif WIDTH A.png@200 B.png@1500 …
//! ```
//! The number after `@` is how long a picture is shown, in milliseconds.
//!
//! GIF stores a photograph badly: camera noise changes every pixel of every frame. Two rules keep the file small.
//! A pixel that differs little from what is already shown is transparent, so the pixel before it stays. All frames
//! share one palette, chosen once over all of them.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, Frame, Rgba, RgbaImage};
use imaging::Photo;

/// Largest difference of a channel at which a pixel stays as it is.
const TOLERANCE: u8 = 14;

/// Levels of each channel of the palette: 6 * 7 * 6 = 252 colours, and one that is transparent.
const LEVELS: [u16; 3] = [6, 7, 6];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [out, width, pictures @ ..] = arguments.as_slice() else {
        return Err("usage: animate OUT.gif WIDTH PICTURE.png@MILLISECONDS …".into());
    };
    let width: u32 = width.parse()?;
    let mut encoder = GifEncoder::new_with_speed(BufWriter::new(File::create(Path::new(out))?), 1);
    encoder.set_repeat(Repeat::Infinite)?;
    let mut shown: Option<RgbaImage> = None;
    for picture in pictures {
        let (path, milliseconds) = picture.rsplit_once('@').ok_or("a picture needs @MILLISECONDS")?;
        let photo = Photo::open(path)?;
        let photo = photo.scaled(width, photo.height() * width / photo.width());
        let changed = difference(&photo, &mut shown);
        let delay = Delay::from_numer_denom_ms(milliseconds.parse()?, 1);
        encoder.encode_frame(Frame::from_parts(changed, 0, 0, delay))?;
    }
    Ok(())
}

/// The pixels of `photo` that differ from what is shown; the others are transparent. Updates what is shown.
fn difference(photo: &Photo, shown: &mut Option<RgbaImage>) -> RgbaImage {
    let (width, height) = (photo.width(), photo.height());
    let first = shown.is_none();
    let before = shown.get_or_insert_with(|| RgbaImage::new(width, height));
    let mut changed = RgbaImage::new(width, height);
    for (index, rgb) in photo.rgb().chunks_exact(3).enumerate() {
        let (x, y) = (index as u32 % width, index as u32 / width);
        let old = before.get_pixel(x, y).0;
        if first || (0..3).any(|channel| old[channel].abs_diff(rgb[channel]) > TOLERANCE) {
            before.put_pixel(x, y, Rgba([rgb[0], rgb[1], rgb[2], 255]));
            changed.put_pixel(x, y, Rgba(quantized([rgb[0], rgb[1], rgb[2]], x, y)));
        }
    }
    changed
}

/// The nearest colour of the palette, with an ordered dither so that a face keeps its shades.
fn quantized(rgb: [u8; 3], x: u32, y: u32) -> [u8; 4] {
    const BAYER: [u16; 4] = [0, 2, 3, 1];
    let threshold = BAYER[((y % 2) * 2 + x % 2) as usize] * 64 + 31;
    let level = |channel: usize| {
        let steps = LEVELS[channel] - 1;
        let scaled = u16::from(rgb[channel]) * steps;
        let level = scaled / 255 + u16::from(scaled % 255 > threshold);
        (level.min(steps) * 255 / steps) as u8
    };
    [level(0), level(1), level(2), 255]
}
