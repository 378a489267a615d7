//! `postern completions SHELL`: the script that completes commands and options.

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
    clap_complete::generate(args.shell, &mut command, "postern", &mut stdout());
    Ok(Outcome::Done)
}
