//! The keypad for PINs: a matrix of keys on lines of GPIO chips, or a USB keypad. A thread reads it, and keeps what was
//! typed until the door takes it.
//!
//! A keypad that fails is opened again, for as long as the door runs: a USB keypad is unplugged and comes back. What was
//! typed before that is cleared.

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use crate::{Error, Result, gpio};

mod events;
mod matrix;

pub use matrix::MOST;

use events::Events;
use matrix::{Typed, Typing, Wires};

/// Keys that wait for the door, which takes fifty a second.
const WAITING: usize = 32;

/// How long a keypad rests before it is opened again.
const REST: Duration = Duration::from_secs(1);

/// The time between two looks at a matrix.
const PAUSE: Duration = Duration::from_millis(5);

/// How long a wire takes to settle: a resistor of 50 kOhm pulls up the 1 nF of a long cable.
const SETTLE: Duration = Duration::from_micros(100);

/// Where a keypad is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A device of the kernel, or `file:PATH`, a pipe with events.
    Device(PathBuf),
    /// Lines of GPIO chips.
    Matrix {
        /// The lines of the rows.
        rows: Vec<String>,
        /// The lines of the columns.
        columns: Vec<String>,
        /// What is on the keys, row by row: digits, `#`, `*`, and letters, which do nothing.
        keys: Vec<String>,
    },
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Device(path) => write!(f, "{}", path.display()),
            Self::Matrix { rows, columns, .. } => {
                write!(f, "rows {}, columns {}", rows.join(" "), columns.join(" "))
            }
        }
    }
}

/// A keypad that is open.
pub enum Open {
    Events(Events),
    Matrix(Box<Matrix>),
}

/// A matrix on lines.
pub struct Matrix {
    lines: Lines,
    keys: Vec<Vec<u8>>,
    typing: Typing,
}

/// The lines of a matrix.
struct Lines {
    rows: Vec<gpio::Line>,
    columns: Vec<gpio::Line>,
}

impl Wires for Lines {
    fn drive(&mut self, row: usize, low: bool) -> io::Result<()> {
        self.rows[row].set(low)
    }

    fn is_low(&mut self, column: usize) -> io::Result<bool> {
        if column == 0 {
            thread::sleep(SETTLE);
        }
        self.columns[column].is_active()
    }
}

impl Source {
    /// Opens the keypad.
    ///
    /// # Errors
    /// [`Error::Keypad`], [`Error::Line`], which say what to do.
    pub fn open(&self) -> Result<Open> {
        match self {
            Self::Device(path) => {
                let failed = |source| {
                    let hint = events::hint(&source);
                    Error::Keypad { keypad: self.to_string(), hint, source }
                };
                Events::open(path).map(Open::Events).map_err(failed)
            }
            Self::Matrix { rows, columns, keys } => {
                let rows = rows.iter().map(|line| gpio::Line::row(line)).collect::<Result<Vec<_>>>()?;
                let columns =
                    columns.iter().map(|line| gpio::Line::column(line)).collect::<Result<Vec<_>>>()?;
                let keys = keys.iter().map(|row| row.bytes().collect()).collect();
                Ok(Open::Matrix(Box::new(Matrix {
                    lines: Lines { rows, columns },
                    keys,
                    typing: Typing::new(),
                })))
            }
        }
    }
}

impl Open {
    /// Waits for the next key.
    ///
    /// # Errors
    /// The keypad is gone.
    fn next(&mut self) -> io::Result<u8> {
        match self {
            Self::Events(events) => events.next(),
            Self::Matrix(matrix) => matrix.next(),
        }
    }
}

impl Matrix {
    fn next(&mut self) -> io::Result<u8> {
        let Self { lines, keys, typing } = self;
        loop {
            thread::sleep(PAUSE);
            let picture = matrix::look(lines, lines.rows.len(), lines.columns.len())?;
            match typing.see(picture) {
                Some(Typed::Key(row, column)) => return Ok(keys[row][column]),
                Some(Typed::Sticks(row, column)) => {
                    eprintln!(
                        "keypad: the key {} sticks, or its wires touch; it types nothing",
                        char::from(keys[row][column])
                    )
                }
                None => {}
            }
        }
    }
}

/// What was typed.
#[derive(Debug)]
pub struct Keypad(Receiver<u8>);

impl Keypad {
    /// Starts the thread that reads.
    ///
    /// # Errors
    /// As [`Source::open`]; [`Error::Thread`].
    pub fn start(source: Source) -> Result<Self> {
        let keypad = source.open()?;
        let (to, typed) = sync_channel(WAITING);
        let thread = thread::Builder::new().name("keypad".into());
        thread.spawn(move || take(&source, keypad, &to)).map_err(Error::Thread)?;
        Ok(Self(typed))
    }

    /// The next key.
    pub fn key(&self) -> Option<u8> {
        self.0.try_recv().ok()
    }
}

/// Takes keys as long as the door runs. Keys that it does not take are lost.
fn take(source: &Source, mut keypad: Open, to: &SyncSender<u8>) {
    loop {
        let error = loop {
            match keypad.next() {
                Ok(key) => drop(to.try_send(key)),
                Err(error) => break error,
            }
        };
        eprintln!("the keypad {source} is gone ({error}); the door waits for it");
        drop(keypad);
        let _ = to.try_send(b'*');
        keypad = loop {
            thread::sleep(REST);
            if let Ok(keypad) = source.open() {
                break keypad;
            }
        };
        eprintln!("the keypad {source} is back");
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write;
    use std::time::Instant;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    /// Presses and releases of keys, by the kernel's codes.
    fn pressed(codes: &[u16]) -> Vec<u8> {
        let events = codes.iter().flat_map(|code| [(1, *code, 1), (0, 0, 0), (1, *code, 0), (0, 0, 0)]);
        let bytes = events.flat_map(|(kind, code, value): (u16, u16, i32)| {
            let mut event = vec![0; events::EVENT - 8];
            event.extend(kind.to_ne_bytes());
            event.extend(code.to_ne_bytes());
            event.extend(value.to_ne_bytes());
            event
        });
        bytes.collect()
    }

    #[test]
    fn digits_of_a_usb_keypad_come_also_after_it_was_unplugged() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("keys");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::from_raw_mode(0o600), 0).expect("a pipe");
        let source = Source::Device(format!("file:{}", pipe.display()).into());
        let keypad = Keypad::start(source).expect("it opens");
        let takes = |expected: &str| {
            let until = Instant::now() + Duration::from_secs(300);
            let mut typed = String::new();
            while typed.len() < expected.len() {
                assert!(Instant::now() < until, "{typed:?} and not {expected:?}");
                match keypad.key() {
                    Some(key) => typed.push(key.into()),
                    None => thread::sleep(Duration::from_millis(5)),
                }
            }
            assert_eq!(typed, expected);
        };
        // The pipe takes a part of an event, as a device never gives it.
        let plug = || OpenOptions::new().write(true).open(&pipe).expect("the door has the other end");
        let mut plugged = plug();
        let bytes = pressed(&[79, 80, 3, 96]);
        for part in [&bytes[..7], &bytes[7..]] {
            plugged.write_all(part).expect("it takes it");
        }
        takes("122#");
        drop(plugged);
        takes("*");
        plug().write_all(&pressed(&[5, 28])).expect("it takes it");
        takes("4#*");
    }
}
