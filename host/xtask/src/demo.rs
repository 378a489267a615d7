//! `cargo xtask demo`: the main job from start to end, on an emulated board.

use crate::firmware::Board;
use crate::{firmware, images, setup};

/// Options of `cargo xtask demo`.
#[derive(clap::Args)]
pub struct Args {
    /// The board to run it on
    #[arg(long, default_value = "an547")]
    board: Board,
}

/// Prepares everything and runs the door.
pub fn run(args: &Args) -> anyhow::Result<()> {
    eprintln!("[1/3] what is missing on this machine");
    setup::run()?;
    eprintln!("[2/3] networks to int8 images");
    images::compile()?;
    eprintln!("[3/3] firmware of {}", args.board.name());
    let elf = firmware::build(args.board)?;
    anyhow::bail!("{} is built, but the rest of the demo is not written yet", elf.display())
}
