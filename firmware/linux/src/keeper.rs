//! The keeper: a process that holds the lock's line, and lets go of it when the door is gone.
//!
//! A program that is killed cannot lock, and a GPIO line may stay high without it. So a small process of its own drives the
//! line, at the word of the door, over two pipes:
//!
//! ```text
//! door ──► keeper   `1` open   `0` lock   `.` alive, four times a second while both tasks of the door are
//! door ◄── keeper   `k` done   `e` the line does not obey      one byte for each `1` and `0`
//! ```
//! | what happens | the keeper |
//! |---|---|
//! | the pipe ends: the door was killed, or has failed | drives the line low, and ends |
//! | nothing comes for [`SILENCE`]: the door hangs, is stopped, or its computer is far too busy | drives the line low. It opens again only after a `0`: the door must have seen that it is locked |
//! | nothing comes for [`HUNG`] | kills the door, so that its supervisor starts a new one. A keeper that did not run itself meanwhile finds words waiting, and kills nobody |
//! | the keeper itself is killed | the door sees it at the next word, drives the line low, and ends |
//! | the keeper stands still | the door kills it after five seconds, drives the line low, and ends |
//!
//! # Invariants
//! - The line is low before the keeper's first word, and after its last.
//! - The keeper has a process group of its own and takes no notice of SIGTERM and SIGINT: it ends after the door, never before.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, getppid, kill_process};

use crate::lock_line::{self, LockLine};
use crate::{Error, Result, priority};

/// After this time without a word the lock is locked.
pub const SILENCE: Duration = Duration::from_secs(1);

/// After this time without a word the door is killed.
pub const HUNG: Duration = Duration::from_secs(30);

/// The words on the pipes.
pub(crate) const OPEN: u8 = b'1';
pub(crate) const LOCK: u8 = b'0';
pub(crate) const ALIVE: u8 = b'.';
pub(crate) const DONE: u8 = b'k';
pub(crate) const FAILED: u8 = b'e';

/// The keeper's process: keeps a line, by its text, for the door whose pipes are stdin and stdout.
///
/// # Errors
/// The line cannot be opened or driven.
pub fn keep_for_parent(line: &str) -> Result<()> {
    priority::raise(priority::KEEPER);
    for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
        // SAFETY: to ignore a signal runs no handler.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
    let failed = |source: io::Error| Error::Keeper { line: line.to_owned(), source };
    let [door, answers] =
        [io::stdin().as_fd().try_clone_to_owned(), io::stdout().as_fd().try_clone_to_owned()];
    keep(lock_line::open(line)?, door.map_err(failed)?.into(), File::from(answers.map_err(failed)?))
        .map_err(failed)
}

/// Keeps `line` at the word of `door`, until the pipe from the door ends.
///
/// # Errors
/// The line cannot even be driven low.
pub fn keep(mut line: impl LockLine, mut door: File, mut answers: impl Write) -> io::Result<()> {
    let parent = getppid();
    line.drive(false)?;
    answers.write_all(&[DONE])?;
    let (mut high, mut barred) = (false, false);
    let mut heard = Instant::now();
    let mut words = [0; 64];
    loop {
        let silent = heard.elapsed();
        if high && silent >= SILENCE {
            line.drive(false)?;
            (high, barred) = (false, true);
            eprintln!("keeper: the door is silent; locked");
        }
        if silent >= HUNG && !has_word(&door, Duration::ZERO)? {
            eprintln!("keeper: the door hangs; ending it");
            end(parent);
            line.drive(false)?;
            return Ok(());
        }
        let next = if high { SILENCE } else { HUNG };
        if !has_word(&door, next.saturating_sub(silent))? {
            continue;
        }
        let count = match door.read(&mut words) {
            Ok(0) => return line.drive(false),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return line.drive(false),
        };
        heard = Instant::now();
        for word in &words[..count] {
            let drive = match *word {
                OPEN => true,
                LOCK => false,
                _ => continue,
            };
            barred &= drive;
            // A door that stood still would go on with an opening whose time it has not seen pass.
            let obeyed = !barred && line.drive(drive).is_ok();
            if obeyed {
                high = drive;
            }
            // A door that does not listen any more is about to end.
            let _ = answers.write_all(&[if obeyed { DONE } else { FAILED }]);
        }
    }
}

/// Waits for a word, or for the end of the pipe, up to `patience`.
fn has_word(door: &File, patience: Duration) -> io::Result<bool> {
    let patience = Timespec { tv_sec: patience.as_secs() as i64, tv_nsec: patience.subsec_nanos() as _ };
    match poll(&mut [PollFd::from_borrowed_fd(door.as_fd(), PollFlags::IN)], Some(&patience)) {
        Ok(count) => Ok(count > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Kills the door, if it still is this process's parent.
fn end(door: Option<Pid>) {
    if let Some(pid) = door
        && getppid() == door
    {
        let _ = kill_process(pid, Signal::KILL);
    }
}
