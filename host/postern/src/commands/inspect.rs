//! `postern inspect`: what is in a model image.

use std::path::PathBuf;

use anyhow::bail;

use crate::output::{Outcome, Output};

/// Options of `postern inspect`.
#[derive(clap::Args)]
pub struct Args {
    /// A model image, as `postern compile` writes
    image: PathBuf,
}

/// Prints operators, shapes, multiply-adds, weights and arena.
pub fn run(args: Args, _output: &Output) -> anyhow::Result<Outcome> {
    bail!(
        "cannot read {}: this build has no reader of images yet",
        args.image.display()
    )
}
