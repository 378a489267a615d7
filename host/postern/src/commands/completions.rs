//! `postern completions SHELL`: the script that completes commands and options.

use std::io::Write;

use clap_complete::Shell;

use crate::output::{Outcome, Output, stdout};

/// Options of `postern completions`.
#[derive(clap::Args)]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// Writes the script to stdout, to be sourced: `postern completions bash > FILE`.
pub fn run(args: Args, _output: &Output) -> anyhow::Result<Outcome> {
    let mut command = crate::help::grouped::<crate::Cli>();
    // Into memory first: it panics where it cannot write, as into a pipe that nobody reads.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "postern", &mut script);
    stdout().write_all(&script)?;
    Ok(Outcome::Done)
}
