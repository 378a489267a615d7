//! What a command hands back: text or JSON on stdout, and how it ended.

use std::io::Write;
use std::process::ExitCode;

use serde::Serialize;

/// How a command that did not fail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The job is done, or the face is the one asked for: exit code 0.
    Done,
    /// The job is done and the answer is no: exit code 1.
    NoMatch,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => ExitCode::SUCCESS,
            Outcome::NoMatch => ExitCode::from(1),
        }
    }
}

/// Where results go, and in which form.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// Whether the user asked for JSON.
    pub json: bool,
}

impl Output {
    /// Prints `value` as one line of JSON if the user asked for JSON, else what `text` writes.
    ///
    /// A command that reports as it goes (`watch`) calls this once an event: a line each.
    pub fn print<T: Serialize>(
        &self,
        value: &T,
        text: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
    ) -> anyhow::Result<()> {
        let mut stdout = std::io::stdout().lock();
        if self.json {
            serde_json::to_writer(&mut stdout, value)?;
            writeln!(stdout)?;
        } else {
            text(&mut stdout)?;
        }
        stdout.flush()?;
        Ok(())
    }

    /// Prints an error with its causes to stderr, as JSON too if the user asked for it.
    pub fn error(&self, error: &anyhow::Error) {
        if self.json {
            eprintln!("{}", serde_json::json!({ "error": format!("{error:#}") }));
        } else {
            eprintln!("error: {error:#}");
        }
    }
}

/// Sides of a shape or window as people write them: `3x3`.
pub fn by(numbers: &[usize]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join("x")
}
