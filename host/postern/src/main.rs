//! The command line: parses, runs one command, and maps its outcome to the exit code.
//!
//! Exit codes are the same everywhere: 0 for a match (or a job done), 1 for no match, 2 for an
//! error. Data goes to stdout, everything else to stderr.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::FromArgMatches;

mod answers;
mod audit_log;
mod board_report;
#[cfg(feature = "bridge")]
mod broker_args;
mod clock;
mod close_up;
mod commands;
mod cost;
mod device;
mod help;
#[cfg(test)]
mod hints;
mod hours;
mod interrupt;
mod liveness;
mod log_head;
mod name;
mod numbers;
mod output;
mod output_args;
mod picture;
mod portraits;
mod signing_key;
mod transfer;
mod visible;
mod why;
mod wiegand;
mod zone;

use output::Output;

/// A door controller with face recognition: command line.
///
/// Compiles face networks for a small ARM board, flashes the board (real or emulated), enrols
/// people from photographs, and measures how well all of it works.
#[derive(clap::Parser)]
#[command(name = "postern", version, propagate_version = true)]
struct Cli {
    /// Print JSON for programs, instead of text
    #[arg(long, global = true)]
    json: bool,

    /// Say also what is for engineers: instructions that the board counted
    #[arg(long, short, global = true)]
    verbose: bool,

    #[command(subcommand)]
    command: commands::Command,
}

fn main() -> ExitCode {
    let parsed = help::grouped::<Cli>().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let output = Output { json: cli.json, verbose: cli.verbose };
    match cli.command.run(&output) {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            output.error(&error);
            ExitCode::from(2)
        }
    }
}

/// Prints what is wrong with the arguments, as JSON if they ask for it; help and version as they are.
fn refuse(error: &clap::Error) -> ExitCode {
    let wants_json = std::env::args_os()
        .skip(1)
        .take_while(|argument| argument != "--")
        .any(|argument| argument == "--json");
    // Help and version have no text from outside.
    if !error.use_stderr() {
        error.exit();
    }
    // The first line says what is wrong, and the others what to do. What was typed may have anything in it.
    let text = error.render().to_string();
    let text = text.trim().strip_prefix("error: ").unwrap_or(text.trim()).to_owned();
    Output { json: wants_json, verbose: false }.error(&anyhow::Error::msg(text));
    ExitCode::from(2)
}
