//! `postern board up --npu` starts this program again, to play the NPU of the board.

use std::path::PathBuf;

use anyhow::Context;
use emulator::{Folder, PlayedNpu};

use crate::output::Outcome;

/// Options of `postern board play-npu`, which `board up` starts.
#[derive(clap::Args)]
pub struct Args {
    /// The board's folder
    folder: PathBuf,
    /// The NPU
    npu: String,
}

/// The NPU of this name, which this program plays.
pub fn played(name: &str) -> anyhow::Result<PlayedNpu> {
    let program = std::env::current_exe().context("cannot find this program")?;
    let program = program.to_str().context("the path of this program is no text")?.to_owned();
    let command = [program, "board".to_owned(), "play-npu".to_owned()].to_vec();
    Ok(PlayedNpu { accelerator: emulator::accelerator(name)?, command })
}

/// Plays it until the board has no power.
pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    let name = args.folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let folder = Folder::new(args.folder.parent(), name)?;
    emulator::play_npu(&folder, emulator::accelerator(&args.npu)?)?;
    Ok(Outcome::Done)
}
