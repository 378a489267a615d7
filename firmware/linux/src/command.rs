//! Pictures from the stdout of a command.

use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group, set_parent_process_death_signal};

use crate::pictures::{Pictures, Raw};

/// How long a command may give nothing before its first picture: some take seconds to find their camera.
pub const FIRST: Duration = Duration::from_secs(20);

/// The same between two pictures. A camera on a network that is gone ends no command by itself.
const NEXT: Duration = Duration::from_secs(5);

/// Pictures from a command. It has a group of its own, which ends with it: a shell starts others. If the door is killed, the
/// system kills the command alone; the others end when nobody reads what they give, or with the service.
struct FromCommand {
    command: Child,
    /// How long it may give nothing.
    patience: Duration,
    next: Duration,
}

/// Starts a command.
///
/// # Errors
/// As starting a program.
pub fn start(words: &[String]) -> io::Result<Box<dyn Pictures>> {
    Ok(Box::new(FromCommand::start(words, [FIRST, NEXT])?))
}

impl FromCommand {
    fn start(words: &[String], [patience, next]: [Duration; 2]) -> io::Result<Self> {
        let (program, arguments) = words.split_first().ok_or(ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0);
        let die_with_the_door = || Ok(set_parent_process_death_signal(Some(Signal::KILL))?);
        // SAFETY: between fork and exec the closure makes one system call, and touches no memory of the door.
        unsafe { command.pre_exec(die_with_the_door) };
        Ok(Self { command: command.spawn()?, patience, next })
    }
}

impl Pictures for FromCommand {
    fn next(&mut self, raw: &mut Raw) -> io::Result<()> {
        let stdout = self.command.stdout.as_mut().ok_or(ErrorKind::BrokenPipe)?;
        let patience = Timespec::try_from(self.patience).map_err(|_| ErrorKind::InvalidInput)?;
        let mut room = raw.bytes.as_mut_slice();
        while !room.is_empty() {
            if poll(&mut [PollFd::from_borrowed_fd(stdout.as_fd(), PollFlags::IN)], Some(&patience))? == 0 {
                return Err(ErrorKind::TimedOut.into());
            }
            match stdout.read(room) {
                Ok(0) => return Err(io::Error::new(ErrorKind::UnexpectedEof, "its stdout ended")),
                Ok(count) => room = &mut room[count..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.patience = self.next;
        Ok(())
    }
}

impl Drop for FromCommand {
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.command), Signal::KILL);
        let _ = self.command.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::pixels::Format;

    #[test]
    fn a_command_that_gives_nothing_is_ended_with_all_that_it_started() {
        let folder = tempfile::tempdir().expect("a folder");
        let started = folder.path().join("started");
        let script = format!(
            "(head -c 16 /dev/zero; sleep 1000 & echo $! > {0}.new; mv {0}.new {0}; wait) | cat",
            started.display()
        );
        let words = ["sh", "-c", &script].map(str::to_owned);
        let mut pictures = FromCommand::start(&words, [Duration::from_secs(300), Duration::from_millis(100)])
            .expect("it starts");
        let mut raw = Raw { width: 4, height: 4, stride: 4, format: Format::Grey, bytes: vec![1; 16] };
        pictures.next(&mut raw).expect("a picture");
        assert_eq!(raw.bytes, [0; 16]);
        assert_eq!(pictures.next(&mut raw).expect_err("there is no other").kind(), ErrorKind::TimedOut);
        let until = Instant::now() + Duration::from_secs(300);
        let wait = |what: &str, holds: &dyn Fn() -> bool| {
            while !holds() {
                assert!(Instant::now() < until, "{what}");
                std::thread::sleep(Duration::from_millis(5));
            }
        };
        wait("it started another", &|| started.is_file());
        let other = std::fs::read_to_string(&started).expect("its number");
        drop(pictures);
        // A process that nobody waited for yet is there, and has ended.
        let has_ended = || {
            let state = std::fs::read_to_string(format!("/proc/{}/stat", other.trim()));
            state.map_or(true, |state| state.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('Z')))
        };
        wait("the other one has ended", &has_ended);
    }
}
