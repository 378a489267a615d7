//! Runs networks on pseudo-random input, and prints a checksum of each one's outputs: `inference RUNS IMAGE…`.
//!
//! For counting instructions under an emulator, see docs/performance.md: those of ten runs less those of none are ten
//! inferences. The checksums must be the same on every processor.

use std::process::ExitCode;

use nn::Model;
use nn::format::ALIGN;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(runs) = arguments.next().and_then(|runs| runs.parse::<u32>().ok()) else {
        eprintln!("inference RUNS IMAGE…");
        return ExitCode::from(2);
    };
    for path in arguments {
        match outputs(&path, runs) {
            Ok(sum) => println!("{sum:016x} {path}"),
            Err(why) => {
                eprintln!("{path}: {why}");
                return ExitCode::from(2);
            }
        }
    }
    ExitCode::SUCCESS
}

/// The checksum of the outputs after `runs` inferences.
fn outputs(path: &str, runs: u32) -> Result<u64, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let (mut image, at) = room(bytes.len());
    image[at..at + bytes.len()].copy_from_slice(&bytes);
    let image = &image[at..at + bytes.len()];
    let model = Model::load(image).map_err(|error| format!("{error:?}"))?;
    let (mut arena, at) = room(model.arena_len());
    let arena: &mut [i8] = bytemuck::cast_slice_mut(&mut arena[at..]);
    let mut sum = 0xcbf2_9ce4_8422_2325u64;
    for _ in 0..runs {
        let mut state = 1u32;
        for pixel in model.input_mut(arena) {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *pixel = (state >> 24) as i8;
        }
        model.run(arena).map_err(|error| format!("{error:?}"))?;
        for index in 0..model.output_count() {
            for value in model.read(arena, index).iter() {
                sum = (sum ^ u64::from(value as u16)).wrapping_mul(0x100_0000_01b3);
            }
        }
    }
    Ok(sum)
}

/// Room for so many bytes, and where in it an image or an arena may begin. No integer is aligned so on 32-bit Arm.
fn room(bytes: usize) -> (Vec<u8>, usize) {
    let room = vec![0; bytes.next_multiple_of(ALIGN) + ALIGN];
    let at = room.as_ptr().align_offset(ALIGN);
    (room, at)
}
