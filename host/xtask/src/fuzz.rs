//! `cargo xtask fuzz-corpus`: unpacks the seeds of the fuzz targets, or packs what the fuzzer has left.
//!
//! `parsers::seeds` has the format. To add what a fuzzer found:
//!
//! ```text
//! cargo xtask fuzz-corpus unpack
//! cargo +nightly fuzz run TARGET           adds inputs to fuzz/corpus/TARGET
//! cargo +nightly fuzz cmin TARGET          keeps one input for each part of the code that any of them reached
//! cargo xtask fuzz-corpus pack             writes fuzz/seeds/TARGET.seeds
//! ```

use crate::{process, workspace};

/// What to do with the seeds.
#[derive(Clone, Copy, clap::ValueEnum)]
pub enum Task {
    /// Write each seed to a file of its own in fuzz/corpus, which git ignores
    Unpack,
    /// Pack the files of fuzz/corpus into fuzz/seeds
    Pack,
}

/// Options of `cargo xtask fuzz-corpus`.
#[derive(clap::Args)]
pub struct Args {
    #[arg(value_enum)]
    task: Task,
}

/// Unpacks or packs the seeds of every target.
///
/// # Errors
/// A file cannot be read or written.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let task = match args.task {
        Task::Unpack => "unpack",
        Task::Pack => "pack",
    };
    let mut cargo = process::cargo();
    cargo.args(["run", "--release", "--quiet", "--package", "postern-parsers", "--example", "corpus", task]);
    process::shown(cargo.current_dir(workspace::root()))
}
