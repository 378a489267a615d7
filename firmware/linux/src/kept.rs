//! The door's end of the pipes to the [keeper](crate::keeper).

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::keeper::{ALIVE, DONE, LOCK, OPEN};
use crate::{Error, Result};

/// How long the keeper may take to obey. It has nothing else to do.
const PATIENCE: Duration = Duration::from_secs(5);

/// The keeper of the lock. Clones speak to the same one.
#[derive(Debug, Clone)]
pub struct Keeper(Arc<Mutex<Pipes>>);

#[derive(Debug)]
struct Pipes {
    words: ChildStdin,
    answers: ChildStdout,
    /// It is not waited for: the keeper ends after the door.
    _keeper: Child,
}

impl Keeper {
    /// Starts the keeper of this line, and waits until it has locked.
    ///
    /// # Errors
    /// [`Error::Keeper`].
    pub fn start(line: &str) -> Result<Self> {
        let failed = |source: io::Error| Error::Keeper { line: line.to_owned(), source };
        let program = std::env::current_exe().map_err(failed)?;
        let mut option = OsString::from("--keep=");
        option.push(line);
        let mut keeper = Command::new(program)
            .arg(option)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Its own group: a Ctrl-C in the terminal ends the door first.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let pipes = keeper.stdin.take().zip(keeper.stdout.take());
        let (words, answers) = pipes.ok_or_else(|| failed(io::ErrorKind::BrokenPipe.into()))?;
        let mut pipes = Pipes { words, answers, _keeper: keeper };
        pipes.obeyed().map_err(failed)?;
        Ok(Self(Arc::new(Mutex::new(pipes))))
    }

    /// Opens or locks.
    ///
    /// # Errors
    /// The line does not obey.
    pub fn drive(&self, high: bool) -> io::Result<()> {
        let mut pipes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pipes.say(if high { OPEN } else { LOCK });
        pipes.obeyed()
    }

    /// Gives a sign of life.
    pub fn is_alive(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).say(ALIVE);
    }
}

impl Pipes {
    /// Says a word. Without a keeper nobody would lock: then the door ends.
    fn say(&mut self, word: u8) {
        if let Err(error) = self.words.write_all(&[word]) {
            eprintln!("the keeper of the lock is gone ({error}); the door ends");
            std::process::exit(3);
        }
    }

    /// Waits for the answer. A keeper that does not answer is as good as none.
    fn obeyed(&mut self) -> io::Result<()> {
        let patience = Timespec { tv_sec: PATIENCE.as_secs() as i64, tv_nsec: 0 };
        let mut answer = [0];
        if poll(&mut [PollFd::from_borrowed_fd(self.answers.as_fd(), PollFlags::IN)], Some(&patience))? == 0 {
            // A later answer would be taken for that to another word.
            eprintln!("the keeper of the lock does not answer; the door ends");
            std::process::exit(3);
        }
        self.answers.read_exact(&mut answer)?;
        if answer == [DONE] { Ok(()) } else { Err(io::ErrorKind::Other.into()) }
    }
}
