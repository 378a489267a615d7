//! What the camera sees, for people: a PNG file with the frame that the door looks at, and with the faces that its own networks
//! find there.
//!
//! A size or a format that is not the camera's skews each picture, and no program can tell. So somebody must look at one.

use std::io;
use std::path::Path;

use board_api::ModelSlots;
use door::{Engine, NetworkKind, Networks};
use nn::Arena;
use vision::{Face, Faces, Frame, PixelFormat, Rect, SUBPIXEL_BITS, largest};

use crate::flash::{All, Flash, Partition};
use crate::float::Float;
use crate::pixels::Small;
use crate::{ARENA_BYTES, Error, Result, file};

/// How each PNG file begins.
const PNG: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// More bytes than a picture of any camera takes.
const MOST: u64 = 64 << 20;

/// The frame of a face: this green, and so many pixels wide.
const GREEN: [u8; 3] = [0, 255, 0];
const LINE: i32 = 2;

/// Writes the frame of a picture to the file at `path`, and says what is on it.
///
/// # Errors
/// [`Error::NoPicture`] for a file that is there and is no PNG: it stays as it is. [`Error::File`].
pub fn write(path: &Path, picture: &Small, flash: Option<&Flash>) -> Result<String> {
    let (width, height) = (picture.width, picture.height);
    let frame = Frame::new(PixelFormat::Yuyv, width, height, &picture.yuyv);
    let frame = frame.map_err(|_| Error::file(path)(io::ErrorKind::InvalidData.into()))?;
    let found = flash.map_or(Err("the flash is not there".to_owned()), |flash| faces(flash, &frame));
    let mut rgb: Vec<u8> = (0..width * height).flat_map(|at| frame.rgb(at % width, at / width)).collect();
    for face in found.iter().flatten() {
        draw(&mut rgb, [width, height], &face.bounds);
    }
    save(path, [width, height], &rgb)?;
    let said = match &found {
        Ok(faces) => told(faces),
        Err(why) => format!("no face was looked for: {why}"),
    };
    Ok(format!("picture: {}, the {width}x{height} pixels that the door looks at; {said}", path.display()))
}

/// What is said of faces.
fn told(faces: &[Face]) -> String {
    let Some(largest) = largest(faces) else { return "no face is found in it".to_owned() };
    let several = if faces.len() == 1 { String::new() } else { format!("{} faces, of which ", faces.len()) };
    let height = largest.bounds.height >> SUBPIXEL_BITS;
    format!("{several}a face of {height} pixels is found, and drawn")
}

/// The faces that the networks in the flash find in a frame, or why none were looked for.
fn faces(flash: &Flash, frame: &Frame) -> core::result::Result<Faces, String> {
    let All { detector, encoder, .. } = flash.partitions().map_err(|error| error.to_string())?;
    let mut arena = Box::new(Arena::<ARENA_BYTES>::ZERO);
    let mut engine = Networks::new(&mut arena.0).with_float(Float::default());
    // Which slot is active is in settings that are sealed. Whichever finds faces does for a drawing, which decides nothing.
    for (detector, encoder) in each(&detector).flat_map(|one| each(&encoder).map(move |other| (one, other))) {
        let Ok((detector, _)) = engine.load(NetworkKind::Detector, detector) else { continue };
        let Ok((encoder, _)) = engine.load(NetworkKind::Encoder, encoder) else { continue };
        let Ok((pair, _)) = engine.join(detector, encoder) else { continue };
        return engine.detect(&pair, frame).map_err(|fault| fault.0.to_string());
    }
    Err("the door has no networks yet, which `postern flash models` sends".to_owned())
}

/// The bytes of both slots.
fn each(slots: &ModelSlots<Partition>) -> impl Iterator<Item = &[u8]> {
    slots.slots.iter().map(|slot| (slots.bytes)(slot))
}

/// Draws the edges of a rectangle.
fn draw(rgb: &mut [u8], [width, height]: [usize; 2], bounds: &Rect) {
    let [left, top, right, bottom] =
        [bounds.x, bounds.y, bounds.x.saturating_add(bounds.width), bounds.y.saturating_add(bounds.height)]
            .map(|at| at >> SUBPIXEL_BITS);
    let is_edge = |at: i32, from: i32, to: i32| (at - from).abs() < LINE || (at - to).abs() < LINE;
    for (at, pixel) in rgb.chunks_exact_mut(3).enumerate().take(width * height) {
        let (x, y) = ((at % width) as i32, (at / width) as i32);
        let is_within = (left..=right).contains(&x) && (top..=bottom).contains(&y);
        if is_within && (is_edge(x, left, right) || is_edge(y, top, bottom)) {
            pixel.copy_from_slice(&GREEN);
        }
    }
}

/// Writes a PNG file: a new one, or in the place of one.
fn save(path: &Path, [width, height]: [usize; 2], rgb: &[u8]) -> Result<()> {
    match file::read(path, MOST) {
        Ok(bytes) if !bytes.starts_with(&PNG) => return Err(Error::NoPicture { path: path.to_owned() }),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(Error::file(path)(error)),
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(rgb)?;
        writer.finish()
    });
    written.map_err(|error| Error::file(path)(io::Error::other(error)))?;
    std::fs::write(path, bytes).map_err(Error::file(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_written_as_it_was_seen_and_never_over_another_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("seen.png");
        let grey = |luma: u8| Small::new(4, 2, [luma, 128].repeat(8));
        for luma in [90, 200] {
            let said = write(&path, &grey(luma), None).expect("written");
            assert!(said.contains("4x2") && said.contains("no face was looked for"), "{said}");
            let reader =
                png::Decoder::new(io::Cursor::new(std::fs::read(&path).expect("a file"))).read_info();
            let mut reader = reader.expect("a PNG");
            let mut rgb = vec![0; reader.output_buffer_size().expect("its size")];
            let read = reader.next_frame(&mut rgb).expect("a picture");
            assert_eq!((read.width, read.height, rgb), (4, 2, vec![luma; 24]));
        }
        let secret = folder.path().join("unique.key");
        std::fs::write(&secret, [7; 32]).expect("written");
        let error = write(&secret, &grey(90), None).expect_err("it is no picture").to_string();
        assert!(error.contains("unique.key") && error.contains("another file"), "{error}");
        assert_eq!(std::fs::read(&secret).expect("it is there"), [7; 32]);
    }

    #[test]
    fn the_edges_of_a_face_are_drawn_and_nothing_else() {
        let mut rgb = vec![0; 3 * 12 * 10];
        let at = |pixels: i32| pixels << SUBPIXEL_BITS;
        draw(&mut rgb, [12, 10], &Rect { x: at(2), y: at(1), width: at(8), height: at(20) });
        let green = |x: usize, y: usize| rgb[3 * (12 * y + x)..][..3] == GREEN;
        assert!(green(2, 1) && green(3, 5) && green(10, 9) && green(6, 2));
        assert!(!green(1, 5) && !green(4, 3) && !green(6, 9) && !green(11, 5) && !green(6, 0));
    }

    #[test]
    fn what_is_said_of_faces_is_how_many_and_how_large() {
        let face = |height: i32| {
            let side = height << SUBPIXEL_BITS;
            Face { bounds: Rect { width: side, height: side, ..Rect::default() }, ..Face::default() }
        };
        assert_eq!(told(&[]), "no face is found in it");
        assert_eq!(told(&[face(96)]), "a face of 96 pixels is found, and drawn");
        assert_eq!(told(&[face(20), face(40)]), "2 faces, of which a face of 40 pixels is found, and drawn");
    }
}
