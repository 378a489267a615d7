//! The commands: one file each, with its `Args` and its `run`.
//!
//! A new command is a file here, a variant below, and its name in a group of `help`.

use crate::output::{Outcome, Output};

mod board;
mod compile;
mod completions;
mod eval;
mod inspect;

/// What the user can ask for.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Compile a network from ONNX to the int8 image that a board runs
    Compile(compile::Args),
    /// Show what is in a model image: operators, shapes, cost and memory
    Inspect(inspect::Args),
    /// Measure how often the door would be wrong
    Eval(eval::Args),
    /// Switch an emulated board on and off, show its state and its log
    Board(board::Args),
    /// Print a completion script for your shell
    Completions(completions::Args),
}

impl Command {
    /// Runs the command; an error is for the user to read.
    pub fn run(self, output: &Output) -> anyhow::Result<Outcome> {
        match self {
            Self::Compile(args) => compile::run(args, output),
            Self::Inspect(args) => inspect::run(args, output),
            Self::Eval(args) => eval::run(args, output),
            Self::Board(args) => board::run(args, output),
            Self::Completions(args) => completions::run(args, output),
        }
    }
}
