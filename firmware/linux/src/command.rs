//! Pictures from the stdout of a command.

use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use rustix::process::set_parent_process_death_signal;

use crate::pictures::{Pictures, Raw};

/// Pictures from a command, which the system kills when the door ends, however it ends. A command that is a loop of the
/// shell would otherwise go on for ever: only the programs in it end when nobody reads what they give.
struct FromCommand(Child);

/// Starts a command.
///
/// # Errors
/// As starting a program.
pub fn start(words: &[String]) -> io::Result<Box<dyn Pictures>> {
    let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
    let die_with_the_door = || Ok(set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?);
    // SAFETY: between fork and exec the closure makes one system call, and touches no memory of the door.
    unsafe { command.pre_exec(die_with_the_door) };
    Ok(Box::new(FromCommand(command.spawn()?)))
}

impl Pictures for FromCommand {
    fn next(&mut self, raw: &mut Raw) -> io::Result<()> {
        let read = self.0.stdout.as_mut().ok_or(io::ErrorKind::BrokenPipe)?.read_exact(&mut raw.bytes);
        read.map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => io::Error::new(error.kind(), "its stdout ended"),
            _ => error,
        })
    }
}

impl Drop for FromCommand {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
