//! The door's process, which is started again when it ends, as a supervisor does.
//!
//! Nothing else is done for it: what locks after a crash is the door's own keeper.

use std::io::{self, BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// The program.
pub const PROGRAM: &str = "/usr/bin/postern-door";

/// How long a door that ended rests.
const REST: Duration = Duration::from_secs(1);

/// The door. Clones are the same one.
#[derive(Clone, Default)]
pub struct Door(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    is_wanted: bool,
    pid: Option<Pid>,
    said: String,
}

impl Door {
    /// Starts it, unless it was started before.
    pub fn start(&self) {
        if !self.state(|state| std::mem::replace(&mut state.is_wanted, true)) {
            let door = self.clone();
            std::thread::spawn(move || {
                loop {
                    match door.run() {
                        Ok(status) => door.note(&format!("guest: the door ended: {status}")),
                        Err(error) => door.note(&format!("guest: {PROGRAM}: {error}")),
                    }
                    std::thread::sleep(REST);
                }
            });
        }
    }

    /// Runs it to its end.
    fn run(&self) -> io::Result<std::process::ExitStatus> {
        let mut child = Command::new(PROGRAM)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        self.state(|state| state.pid = Pid::from_raw(child.id() as i32));
        let stderr = child.stderr.take();
        // The keeper has the same stderr, and ends after the door.
        let listening = self.clone();
        std::thread::spawn(move || {
            for line in stderr.into_iter().flat_map(|pipe| BufReader::new(pipe).lines()).map_while(Result::ok)
            {
                listening.note(&line);
            }
        });
        let status = child.wait();
        self.state(|state| state.pid = None);
        status
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// It does not run.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        let pid = self.state(|state| state.pid).ok_or_else(|| io::Error::other("the door does not run"))?;
        Ok(kill_process(pid, signal)?)
    }

    /// All that it said so far.
    pub fn said(&self) -> String {
        self.state(|state| state.said.clone())
    }

    fn note(&self, line: &str) {
        eprintln!("{line}");
        self.state(|state| {
            state.said.push_str(line);
            state.said.push('\n');
        });
    }

    fn state<T>(&self, with: impl FnOnce(&mut State) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
