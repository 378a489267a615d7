//! Tasks of the workspace, the same on a developer's machine and in continuous integration.
//!
//! `cargo xtask TASK`. Every task first makes sure of what it needs, so that the README's two
//! commands, `demo` and `test`, work from a fresh clone. Exit code 2 is an error.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;

mod debian;
mod firmware;
mod process;
mod registry;
mod setup;
mod sources;
mod toolchain;
mod workspace;

/// Tasks of this workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

/// What can be done.
#[derive(clap::Subcommand)]
enum Task {
    /// Install and fetch what is missing: ARM target, emulator, models, pictures
    Setup,
    /// Build the firmware of the boards
    Firmware(firmware::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().task {
        Task::Setup => setup::run(),
        Task::Firmware(args) => firmware::run(&args).map(|_| ()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
