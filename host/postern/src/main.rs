//! The command line: parses, runs one command, and maps its outcome to the exit code.
//!
//! Exit codes are the same everywhere: 0 for a match (or a job done), 1 for no match, 2 for an
//! error. Data goes to stdout, everything else to stderr.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::FromArgMatches;
use clap::error::{ContextKind, ContextValue, ErrorKind};

mod answers;
mod audit_log;
mod board_list;
mod board_report;
#[cfg(feature = "bridge")]
mod broker_args;
mod camera_state;
mod clock;
mod close_up;
mod commands;
mod cost;
mod device;
mod encoding;
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
mod progress;
mod signing_key;
mod told;
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
    #[arg(long, global = true, display_order = 1000)]
    json: bool,

    /// Say also what is for engineers: instructions that the board counted
    #[arg(long, short, global = true, display_order = 1001)]
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
    Output { json: wants_json, verbose: false }.error(&anyhow::Error::msg(refusal(error)));
    ExitCode::from(2)
}

/// What is wrong with the arguments. The first line says what is wrong, and the others what to do. What was typed may have anything
/// in it.
fn refusal(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let text = text.trim().strip_prefix("error: ").unwrap_or(text.trim());
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return format!("name what to do: one of these commands\n\n{text}");
    }
    // No command takes an option's name as a value, so that advice leads nowhere.
    let lines: Vec<&str> =
        text.lines().filter(|line| !line.trim_start().starts_with("tip: to pass '")).collect();
    let text = lines.join("\n").replace("\n\n\n", "\n\n");
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(option))
            if option == "--device" && error.kind() == ErrorKind::UnknownArgument =>
        {
            format!("this command is for the boards of this computer (--board NAME): {text}")
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(arguments: &[&str]) -> String {
        let parsed = help::grouped::<Cli>().try_get_matches_from([&["postern"], arguments].concat());
        refusal(&parsed.expect_err("it is refused"))
    }

    #[test]
    fn wrong_arguments_say_first_what_is_wrong_and_give_no_advice_that_leads_nowhere() {
        for group in [&[] as &[&str], &["board"]] {
            let said = refused(group);
            assert!(said.starts_with("name what to do") && said.contains("Usage"), "{said}");
        }
        let said = refused(&["show", "--device", "unix:x", "a.jpg"]);
        assert!(said.starts_with("this command is for the boards of this computer"), "{said}");
        assert!(!said.contains("as a value"), "{said}");
        assert!(refused(&["users", "--nonsense"]).starts_with("unexpected argument '--nonsense'"));
    }
}
