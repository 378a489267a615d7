//! How often the door's two cheap tests are wrong, over photographs in a folder with a folder for each person.
//!
//! ```text
//! cargo run --release --example shortcuts -- IMAGES
//! ```
//! - Of pairs of different people, how many thumbnails resemble each other, so that one could take the other's place
//!   without the encoder being asked ([`vision::Thumbnail`]).
//! - Of faces of 40 pixels that are pasted into a scene, the face's box alone, how many leave the scene unchanged
//!   ([`vision::Backdrop`]). The scene is the photograph of somebody else, blurred.

use std::path::PathBuf;

use imaging::{CameraFrame, Photo};
use models::{Arena, ImageFile};
use recognizer::{DEFAULT_MIN_SCORE, Recognizer};
use vision::{Backdrop, Face, Frame, PixelFormat, SUBPIXEL_BITS, Thumbnail};

/// Height of the pasted faces, in pixels.
const HEIGHT: usize = 40;

/// People at most.
const PEOPLE: usize = 1500;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let folder = std::env::args_os().nth(1).ok_or("which folder?")?;
    let [detector, encoder] = [models::DETECTOR, models::ENCODER]
        .map(|name| models::image(name).and_then(|path| ImageFile::read(&path)));
    let (detector, encoder) = (detector?, encoder?);
    let recognizer = Recognizer::new(detector.model()?, encoder.model()?, DEFAULT_MIN_SCORE)?;
    let mut arena = Arena::new(recognizer.arena_len());
    let mut people: Vec<PathBuf> = std::fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    people.sort();
    let step = people.len().div_ceil(PEOPLE).max(1);
    let mut faces: Vec<(CameraFrame, Face, Thumbnail)> = Vec::new();
    for person in people.into_iter().step_by(step) {
        let mut photos: Vec<PathBuf> =
            std::fs::read_dir(person)?.flatten().map(|entry| entry.path()).collect();
        photos.sort();
        let Some(photo) = photos.first() else { continue };
        let frame = Photo::open(photo)?.to_frame(PixelFormat::Yuyv);
        let found = recognizer.detect(&frame.view()?, arena.bytes())?;
        if let Some(face) = vision::largest(&found).copied() {
            let thumbnail = recognizer.align(&frame.view()?, &face, arena.bytes())?.thumbnail();
            faces.push((frame, face, thumbnail));
        }
    }
    let (mut pairs, mut alike) = (0u64, 0u64);
    for (number, (.., one)) in faces.iter().enumerate() {
        for (.., other) in &faces[..number] {
            pairs += 1;
            alike += u64::from(one.resembles(other));
        }
    }
    println!("{} people; of {pairs} pairs {alike} thumbnails resemble each other", faces.len());
    let mut missed = 0;
    for (number, (scene, ..)) in faces.iter().enumerate() {
        let (frame, face, _) = &faces[(number + 1) % faces.len()];
        let empty = blurred(scene);
        let mut backdrop = Backdrop::new();
        backdrop.keep(&Frame::new(PixelFormat::Yuyv, scene.width, scene.height, &empty)?);
        let with_face = pasted(&empty, scene, &frame.view()?, face, number);
        missed += u32::from(backdrop.resembles(&Frame::new(
            PixelFormat::Yuyv,
            scene.width,
            scene.height,
            &with_face,
        )?));
    }
    println!("of {} faces of {HEIGHT} pixels {missed} leave the scene unchanged", faces.len());
    Ok(())
}

/// The brightness of a scene, each pixel the mean of 17 beside each other; no colours.
fn blurred(scene: &CameraFrame) -> Vec<u8> {
    let row = scene.width * 2;
    let mut out = vec![128; scene.bytes.len()];
    for (from, to) in scene.bytes.chunks_exact(row).zip(out.chunks_exact_mut(row)) {
        for x in 0..scene.width {
            let around = x.saturating_sub(8)..(x + 9).min(scene.width);
            let sum: usize = around.clone().map(|x| usize::from(from[2 * x])).sum();
            to[2 * x] = (sum / around.len()) as u8;
        }
    }
    out
}

/// The scene with the box of a face in it, made [`HEIGHT`] pixels high, somewhere.
fn pasted(empty: &[u8], scene: &CameraFrame, frame: &Frame, face: &Face, number: usize) -> Vec<u8> {
    let pixels = |value: i32| value as f64 / f64::from(1 << SUBPIXEL_BITS);
    let [left, top, width, height] =
        [face.bounds.x, face.bounds.y, face.bounds.width, face.bounds.height].map(pixels);
    let scale = height / HEIGHT as f64;
    let columns = ((width / scale) as usize).clamp(1, scene.width - 1);
    let corner = [number * 7919 % (scene.width - columns), number * 104_729 % (scene.height - HEIGHT)];
    let mut out = empty.to_vec();
    for (x, y) in (0..columns).flat_map(|x| (0..HEIGHT).map(move |y| (x, y))) {
        let from =
            [left + (x as f64 + 0.5) * scale, top + (y as f64 + 0.5) * scale].map(|at| at.max(0.0) as usize);
        let [red, green, blue] = frame.rgb(from[0], from[1]);
        out[2 * ((corner[1] + y) * scene.width + corner[0] + x)] = vision::luma([red, green, blue]);
    }
    out
}
