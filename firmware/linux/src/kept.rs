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
use crate::{Error, Result, lock_line};

/// How long the keeper may take to obey. It has nothing else to do.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long it may take to start: a program is read from a slow card, while a computer that starts does much else. Its
/// supervisor waits for longer.
const START: Duration = Duration::from_secs(45);

/// The keeper of the lock. Clones speak to the same one.
#[derive(Debug, Clone)]
pub struct Keeper(Arc<Mutex<Pipes>>);

#[derive(Debug)]
struct Pipes {
    words: ChildStdin,
    answers: ChildStdout,
    /// It is not waited for while it obeys: the keeper ends after the door.
    keeper: Child,
    /// What it keeps.
    line: String,
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
        let mut pipes = Pipes { words, answers, keeper, line: line.to_owned() };
        pipes.obeyed(START).map_err(|error| match error.kind() {
            // It said why before it ended.
            io::ErrorKind::UnexpectedEof => Error::Unkept { line: line.to_owned() },
            _ => failed(error),
        })?;
        Ok(Self(Arc::new(Mutex::new(pipes))))
    }

    /// Opens or locks.
    ///
    /// # Errors
    /// The line does not obey.
    pub fn drive(&self, high: bool) -> io::Result<()> {
        let mut pipes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pipes.say(if high { OPEN } else { LOCK });
        let obeyed = pipes.obeyed(PATIENCE);
        if obeyed.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::TimedOut) {
            // A keeper that does not answer is as good as none, and a later answer would be taken for that to another word.
            pipes.end("does not answer");
        }
        obeyed
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
            self.end(&format!("is gone ({error})"));
        }
    }

    /// Locks in place of a keeper that does not, and ends the door. A keeper that only stands still has the line as long as it
    /// is there.
    fn end(&mut self, why: &str) -> ! {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
        let locked = lock_line::open(&self.line).and_then(|mut line| {
            line.drive(false).map_err(|source| Error::Keeper { line: self.line.clone(), source })
        });
        match locked {
            Ok(()) => eprintln!("the keeper of the lock {why}; the door has locked, and ends"),
            Err(error) => {
                eprintln!("the keeper of the lock {why}; the door ends, and could not lock: {error}")
            }
        }
        std::process::exit(3)
    }

    /// Waits for the answer.
    ///
    /// # Errors
    /// `TimedOut` if none comes; the line does not obey.
    fn obeyed(&mut self, patience: Duration) -> io::Result<()> {
        let patience = Timespec { tv_sec: patience.as_secs() as i64, tv_nsec: patience.subsec_nanos() as _ };
        let mut answer = [0];
        if poll(&mut [PollFd::from_borrowed_fd(self.answers.as_fd(), PollFlags::IN)], Some(&patience))? == 0 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.answers.read_exact(&mut answer)?;
        if answer == [DONE] { Ok(()) } else { Err(io::ErrorKind::Other.into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program in place of a keeper.
    fn pipes(script: &str) -> Pipes {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut keeper = command.spawn().expect("it starts");
        let words = keeper.stdin.take().expect("its stdin");
        let answers = keeper.stdout.take().expect("its stdout");
        Pipes { words, answers, keeper, line: String::new() }
    }

    #[test]
    fn a_keeper_that_does_not_answer_is_an_error_so_that_a_check_goes_on() {
        let error = pipes("cat > /dev/null").obeyed(Duration::from_millis(10)).expect_err("nobody answers");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let long = Duration::from_secs(300);
        assert!(pipes("printf k").obeyed(long).is_ok());
        assert!(pipes("printf e").obeyed(long).is_err_and(|error| error.kind() == io::ErrorKind::Other));
        assert!(pipes("true").obeyed(long).is_err_and(|error| error.kind() == io::ErrorKind::UnexpectedEof));
    }
}
