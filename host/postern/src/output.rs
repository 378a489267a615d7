//! What a command hands back: text or JSON on stdout, remarks and errors on stderr, and how it ended.
//!
//! Only this file writes to the terminal, and all that it writes is [`visible`](crate::visible) first.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, BufRead, ErrorKind, IsTerminal, StdoutLock, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use zeroize::Zeroizing;

use crate::answers::{Answer, Failed};
use crate::visible::{Lines, visible, visible_json, visible_lines};

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
    /// Whether the user asked for what engineers want to know.
    pub verbose: bool,
}

impl Output {
    /// Prints `value` as one line of JSON if the user asked for JSON, else what `text` writes.
    ///
    /// A command that reports as it goes (`watch`) calls this once an event: a line each.
    pub fn print<T: Answer>(
        &self,
        value: &T,
        text: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        let mut stdout = stdout();
        if self.json {
            writeln!(stdout.0, "{}", visible_json(&serde_json::to_string(value)?))?;
        } else {
            text(&mut stdout)?;
        }
        stdout.flush()?;
        Ok(())
    }

    /// Prints a line for people, such as the heading of a table: not if the user asked for JSON.
    pub fn heading(&self, line: fmt::Arguments<'_>) -> anyhow::Result<()> {
        if !self.json {
            writeln!(stdout(), "{line}")?;
        }
        Ok(())
    }

    /// Prints an error with its causes to stderr, as JSON too if the user asked for it.
    pub fn error(&self, error: &anyhow::Error) {
        let text = format!("{error:#}");
        let plain = || format!("error: {}", visible_lines(&text));
        let line = if self.json {
            let json = serde_json::to_string(&Failed { error: text.clone() });
            json.map_or_else(|_| plain(), |json| visible_json(&json))
        } else {
            plain()
        };
        // There is nobody left to be told that stderr is closed.
        let _ = writeln!(io::stderr(), "{line}");
    }
}

/// Whether the reader of stdout went away.
static READER_IS_GONE: AtomicBool = AtomicBool::new(false);

/// Stdout. A reader that goes away, as `head` does, is no fault: what comes later goes nowhere, and the command ends as it
/// would with a reader.
pub struct Stdout(StdoutLock<'static>);

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        unless_gone(self.0.write(bytes), bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        unless_gone(self.0.flush(), ())
    }
}

/// What was written, or as much as nobody reads.
fn unless_gone<T>(written: io::Result<T>, all: T) -> io::Result<T> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {
            READER_IS_GONE.store(true, Ordering::Relaxed);
            Ok(all)
        }
        other => other,
    }
}

/// Whether nobody reads stdout any more: a command that prints for ever ends then, also while it has nothing to print.
pub fn reader_is_gone() -> bool {
    READER_IS_GONE.load(Ordering::Relaxed) || hung_up()
}

/// Whether the other end of stdout is closed, as the system tells without a write.
#[cfg(unix)]
fn hung_up() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let stdout = io::stdout();
    // No flag is asked for: an error and a closed other end are told always.
    let mut ends = [PollFd::new(&stdout, PollFlags::empty())];
    let told = poll(&mut ends, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
    told.is_ok() && ends[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

/// Only a write tells it here.
#[cfg(not(unix))]
fn hung_up() -> bool {
    false
}

/// Stdout, for what is neither a line nor JSON: a script, or a log that is followed.
pub fn stdout() -> Lines<Stdout> {
    Lines(Stdout(io::stdout().lock()))
}

/// Writes a remark to stderr.
macro_rules! note {
    ($($text:tt)*) => { $crate::output::remark(format_args!($($text)*)) };
}
pub(crate) use note;

thread_local! {
    /// Where the remarks of this thread go, in place of stderr.
    static HEARD: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Runs `work`, and returns the remarks that it made beside its result.
#[cfg(any(feature = "console", feature = "bridge"))]
pub fn hearing<T>(work: impl FnOnce() -> T) -> (T, Vec<String>) {
    HEARD.set(Some(Vec::new()));
    let done = work();
    (done, HEARD.take().unwrap_or_default())
}

/// Writes a remark to stderr; [`note!`] calls it.
pub fn remark(text: fmt::Arguments<'_>) {
    let heard = HEARD.with_borrow_mut(|heard| heard.as_mut().map(|heard| heard.push(text.to_string())));
    if heard.is_some() {
        return;
    }
    // A closed stderr is no reason to fail.
    let _ = writeln!(Lines(io::stderr().lock()), "{text}");
}

/// A line of stdin, asked for if a person types it: a secret is not in the arguments, which others can read.
pub fn secret_line(what: &str) -> io::Result<String> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        write!(Lines(io::stderr().lock()), "{what}: ")?;
    }
    let mut line = String::new();
    stdin.lock().read_line(&mut line)?;
    Ok(line)
}

/// A passphrase, typed at the terminal and not shown.
///
/// # Errors
/// There is no terminal.
pub fn ask_passphrase(what: &str) -> io::Result<Zeroizing<String>> {
    rpassword::prompt_password(format!("{}: ", visible(what))).map(Zeroizing::new)
}

/// Sides of a shape or window as people write them: `3x3`.
pub fn by(numbers: &[usize]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join("x")
}
