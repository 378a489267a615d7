//! The door's process, which is started again when it ends, as a supervisor does.
//!
//! Nothing else is done for it: what locks after a crash is the door's own keeper. In a computer with systemd the door is
//! its service, and what it said is in the journal.

use std::io::{self, BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::Pid;

/// The program.
pub const PROGRAM: &str = "/usr/bin/postern-door";

/// The service of the door's package.
const SERVICE: &str = "postern-door.service";

/// How long a door that ended rests.
const REST: Duration = Duration::from_secs(1);

/// The door. Clones are the same one.
#[derive(Clone, Default)]
pub struct Door(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    is_service: bool,
    is_wanted: bool,
    pid: Option<Pid>,
    said: String,
}

impl Door {
    /// The service of systemd.
    pub fn of_systemd() -> Self {
        Self(Arc::new(Mutex::new(State { is_service: true, ..State::default() })))
    }

    /// Starts it, unless it was started before.
    ///
    /// # Errors
    /// systemd does not start the service.
    pub fn start(&self) -> io::Result<()> {
        if self.state(|state| state.is_service) {
            return asked("systemctl", &["start", SERVICE]).map(|_| ());
        }
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
        Ok(())
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

    /// Its process.
    ///
    /// # Errors
    /// It does not run.
    pub fn pid(&self) -> io::Result<Pid> {
        let pid = match self.state(|state| (state.is_service, state.pid)) {
            (true, _) => {
                let pid = asked("systemctl", &["show", "--property=MainPID", "--value", SERVICE])?;
                pid.trim().parse().ok().and_then(Pid::from_raw)
            }
            (false, pid) => pid,
        };
        pid.ok_or_else(|| io::Error::other("the door does not run"))
    }

    /// All that it said so far.
    ///
    /// # Errors
    /// systemd has no journal.
    pub fn said(&self) -> io::Result<String> {
        if self.state(|state| state.is_service) {
            return asked("journalctl", &["--no-pager", "--output=cat", "--unit", SERVICE]);
        }
        Ok(self.state(|state| state.said.clone()))
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

/// What a program of systemd says.
fn asked(program: &str, arguments: &[&str]) -> io::Result<String> {
    let ran = Command::new(program).args(arguments).stdin(Stdio::null()).output()?;
    if !ran.status.success() {
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        return Err(io::Error::other(format!("{program} {}: {said}", arguments.join(" "))));
    }
    Ok(String::from_utf8_lossy(&ran.stdout).into_owned())
}
