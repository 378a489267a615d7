//! Recognises the largest face of a frame, and computes its liveness: `frame RUNS FRAME DETECTOR ENCODER LIVENESS`. FRAME has the
//! raw pixels of 320x240 as YUYV.
//!
//! For counting instructions under an emulator, see docs/performance.md: those of ten runs less those of none are ten frames.
//! What is printed must be the same on every processor.

use std::process::ExitCode;

use nn::Model;
use nn::format::ALIGN;
use recognizer::{DEFAULT_MIN_SCORE, Liveness, Recognizer};
use vision::{Frame, PixelFormat};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runs = arguments.first().and_then(|runs| runs.parse::<u32>().ok());
    let (Some(runs), Ok([frame, images @ ..])) =
        (runs, <&[String; 4]>::try_from(arguments.get(1..).unwrap_or(&[])))
    else {
        eprintln!("frame RUNS FRAME DETECTOR ENCODER LIVENESS");
        return ExitCode::from(2);
    };
    match recognise(runs, frame, images) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}

/// What is seen, after so many times.
fn recognise(runs: u32, frame: &str, images: &[String; 3]) -> Result<String, String> {
    let read = |path: &str| std::fs::read(path).map_err(|error| format!("{path}: {error}"));
    let pixels = read(frame)?;
    let frame = Frame::new(PixelFormat::Yuyv, 320, 240, &pixels).map_err(|error| format!("{error:?}"))?;
    let mut rooms = Vec::new();
    for path in images {
        let bytes = read(path)?;
        let (mut image, at) = room(bytes.len());
        image[at..at + bytes.len()].copy_from_slice(&bytes);
        rooms.push((image, at..at + bytes.len()));
    }
    let model = |number: usize| {
        let (image, part) = &rooms[number];
        Model::load(&image[part.clone()]).map_err(|error| format!("{error:?}"))
    };
    let recognizer =
        Recognizer::new(model(0)?, model(1)?, DEFAULT_MIN_SCORE).map_err(|error| format!("{error:?}"))?;
    let liveness = Liveness::new(model(2)?).map_err(|error| format!("{error:?}"))?;
    let (mut arena, at) = room(recognizer.arena_len().max(liveness.arena_len()));
    let arena: &mut [i8] = bytemuck::cast_slice_mut(&mut arena[at..]);
    let mut said = String::new();
    for _ in 0..runs {
        let mut seen = || {
            let faces = recognizer.detect(&frame, arena)?;
            let Some(face) = vision::largest(&faces) else { return Ok("nobody".to_owned()) };
            let mut aligned = recognizer.align(&frame, face, arena)?;
            let quality = aligned.quality();
            let template = aligned.encode()?;
            let score = liveness.score(&frame, face, arena)?;
            Ok(format!("{face:?} {quality:?} {:?} liveness {score}", template.values()))
        };
        said = seen().map_err(|error: recognizer::Error| format!("{error:?}"))?;
    }
    Ok(said)
}

/// Room for so many bytes, and where in it an image or an arena may begin. No integer is aligned so on 32-bit Arm.
fn room(bytes: usize) -> (Vec<u8>, usize) {
    let room = vec![0; bytes.next_multiple_of(ALIGN) + ALIGN];
    let at = room.as_ptr().align_offset(ALIGN);
    (room, at)
}
