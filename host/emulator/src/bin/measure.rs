//! Compares an emulated board with this computer: kernels, networks and the recognizer.
//!
//! Exit code 0 if both give the same bytes, 1 if not, 2 on an error.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use conformance::job::Job;
use cycles::Cost;
use emulator::Machine;
use emulator::executed;
use emulator::measure::{self, Compared};
use vision::{Frame, PixelFormat};

const USAGE: &str = "\
measure                          print the kernel suite as the host computes it
measure BOARD ELF            run it on an emulated board (an547 or an500) and compare
measure BOARD ELF network IMAGE [INPUT]
                                 run a network on the board and compare; INPUT is a file with the
                                 bytes of its input, pseudo-random by default
measure BOARD ELF npu IMAGE      run a network on the NPU of the board, which this program plays, and compare; its image
                                 has a section for that NPU
measure BOARD ELF npu DETECTOR ENCODER FRAME WIDTH HEIGHT
                                 recognize a YUYV frame, with both networks on the NPU, and compare
measure BOARD ELF cycles IMAGE
                                 estimate the cycles of each operator of a network on the board
measure BOARD ELF recognizer DETECTOR ENCODER FRAME WIDTH HEIGHT
                                 recognize a YUYV frame on the board and compare";

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// Runs what the arguments name. Returns whether board and host agree.
fn run(arguments: &[&str]) -> Result<bool> {
    match arguments {
        [] => {
            let (text, equal) = measure::suite()?;
            print!("{text}");
            Ok(equal)
        }
        [board, elf] => Ok(measure::compare_suite(Machine::named(board)?.map(), Path::new(elf))?),
        [board, elf, "network", image, rest @ ..] => {
            let image = fs::read(image)?;
            let input = match rest {
                [] => measure::noise(&image)?,
                [input] => fs::read(input)?,
                _ => return Err(USAGE.into()),
            };
            compare(board, elf, &Job::Network { image: &image, input: &input }, false)
        }
        [board, elf, "npu", image] => {
            let image = fs::read(image)?;
            let input = measure::noise(&image)?;
            on_npu(board, elf, &image, &Job::Network { image: &image, input: &input })
        }
        [board, elf, "npu", detector, encoder, frame, width, height] => {
            let [detector, encoder, pixels] = [fs::read(detector)?, fs::read(encoder)?, fs::read(frame)?];
            let frame = Frame::new(PixelFormat::Yuyv, width.parse()?, height.parse()?, &pixels)
                .map_err(|error| format!("the frame: {error:?}"))?;
            let job = Job::Recognizer { detector: &detector, encoder: &encoder, frame: &frame };
            on_npu(board, elf, &detector, &job)
        }
        [board, elf, "cycles", image] => {
            let costs = executed::profile(Machine::named(board)?.map(), Path::new(elf), &fs::read(image)?)?;
            let mut all = Cost::default();
            for (operator, cost) in costs.into_iter().enumerate() {
                println!("{operator:>4} {:>12} {:>12.0} {:>12.0}", cost.instructions, cost.low, cost.high);
                all = all.plus(cost);
            }
            println!(" all {:>12} {:>12.0} {:>12.0}", all.instructions, all.low, all.high);
            println!("{} instructions are not known, {} surprises", all.unknown, all.surprises);
            Ok(true)
        }
        [board, elf, "recognizer", detector, encoder, frame, width, height] => {
            let [detector, encoder, pixels] = [fs::read(detector)?, fs::read(encoder)?, fs::read(frame)?];
            let frame = Frame::new(PixelFormat::Yuyv, width.parse()?, height.parse()?, &pixels)
                .map_err(|error| format!("the frame: {error:?}"))?;
            let job = Job::Recognizer { detector: &detector, encoder: &encoder, frame: &frame };
            compare(board, elf, &job, true)
        }
        _ => Err(USAGE.into()),
    }
}

/// Runs a job on the NPU that the section of `image` is for, and on the host's processor, and prints the comparison.
fn on_npu(board: &str, elf: &str, image: &[u8], job: &Job<'_>) -> Result<bool> {
    let accelerator = measure::accelerator_of(image)?;
    let map = Machine::named(board)?.map();
    let compared = measure::compare_job_on_npu(map, Path::new(elf), job, accelerator)?;
    let Compared { equal, status, on_npu, different, output, .. } = compared;
    println!("board: {status:?}, {on_npu} streams on {}, {} bytes", accelerator.name, output.len());
    println!("{different} bytes differ");
    Ok(equal)
}

/// Runs a job on both and prints the comparison, with the board's output if it is text.
fn compare(board: &str, elf: &str, job: &Job<'_>, text: bool) -> Result<bool> {
    let compared = measure::compare_job(Machine::named(board)?.map(), Path::new(elf), job)?;
    let Compared { equal, status, instructions, different, output, .. } = compared;
    println!("board: {status:?}, {} bytes, {instructions} instructions", output.len());
    if text {
        print!("{output}");
    }
    println!("{different} bytes differ");
    Ok(equal)
}
