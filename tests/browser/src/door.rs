//! A door on Linux in a folder of its own, its console, and the commands beside it.

use std::io::{BufRead, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use crate::{GENEROUS, PAUSE};

/// The name of the door, and its machine.
pub const NAME: &str = "linux";

/// The command line, which is built before these tests.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("this program has a path");
    let built = test.ancestors().skip(1).map(|folder| folder.join("release/postern"));
    built.into_iter().find(|path| path.is_file()).expect("run `cargo build --release --bin postern` first")
}

/// A door that is switched off with the test.
pub struct Door {
    state: tempfile::TempDir,
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = self.command(&["board", "down"]).output();
    }
}

impl Door {
    /// A door that this computer is paired with.
    ///
    /// # Panics
    /// It cannot be set up.
    pub fn paired() -> Self {
        let door = Self { state: tempfile::tempdir().expect("a folder") };
        door.done(&["board", "up", "--machine", NAME]);
        door.done(&["pair", "--press-button"]);
        door
    }

    /// A folder of boards in which there is none yet.
    ///
    /// # Panics
    /// There is no folder.
    pub fn none() -> Self {
        Self { state: tempfile::tempdir().expect("a folder") }
    }

    /// The folder of this computer's files of the door.
    pub fn folder(&self) -> PathBuf {
        self.state.path().join(NAME)
    }

    /// The files below the folder of the boards whose names end like this.
    pub fn files(&self, end: &str) -> Vec<PathBuf> {
        let (mut folders, mut found) = (vec![self.state.path().to_owned()], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                match path.is_dir() {
                    true => folders.push(path),
                    false if path.to_string_lossy().ends_with(end) => found.push(path),
                    false => {}
                }
            }
        }
        found
    }

    /// The console of another computer, which this door knows by this role.
    ///
    /// # Panics
    /// It cannot be paired.
    pub fn other(&self, role: &str) -> Console {
        let state = tempfile::tempdir().expect("a folder");
        let device = format!("unix:{}", self.folder().join("serial.sock").display());
        let other = |arguments: &[&str]| {
            let mut command = Command::new(program());
            command.arg("--json").args(arguments).args(["--device", &device, "--state"]).arg(state.path());
            command
        };
        self.done(&["keys", "invite", role]);
        let mut pairing = other(&["pair", "--role", role]);
        let pairing = pairing.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut pairing = pairing.spawn().expect("postern starts");
        let mut typed = pairing.stdin.take();
        let end = Instant::now() + GENEROUS;
        // One press shows the code, which is typed, and a hold confirms it. What comes too early does not count, and between two of
        // them the button is up.
        while pairing.try_wait().expect("it runs").is_none() {
            assert!(Instant::now() < end, "the pairing is not confirmed");
            if let Some(into) = &mut typed {
                let pressed = self.done(&["board", "press", "--pairing"]);
                if let Some((_, rest)) = pressed.split_once("\"code\":\"") {
                    let _ = writeln!(into, "{}", &rest[..6]);
                    typed = None;
                }
            } else {
                self.done(&["board", "press", "--pairing", "--hold"]);
            }
            std::thread::sleep(PAUSE);
        }
        assert!(pairing.wait().expect("it ends").success());
        let mut console = Console::run(other(&["console", "--listen", "127.0.0.1:0"]));
        console.state = Some(state);
        console
    }

    /// A file of so many zeros, which takes no room on the disk.
    ///
    /// # Panics
    /// It cannot be made.
    pub fn large_file(&self, bytes: u64) -> PathBuf {
        let path = self.state.path().join("large.bin");
        std::fs::File::create(&path).and_then(|file| file.set_len(bytes)).expect("a file");
        path
    }

    /// A command on this door.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.arg("--json").args(arguments).args(["--board", NAME, "--state"]).arg(self.state.path());
        command
    }

    /// Runs a command that answers yes or no.
    ///
    /// # Panics
    /// It fails.
    pub fn done(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("postern starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(matches!(output.status.code(), Some(0 | 1)), "{arguments:?}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

/// A console that ends with the test.
pub struct Console {
    child: Child,
    addresses: BufReader<ChildStdout>,
    /// The folder with its keys, if it is that of another computer.
    state: Option<tempfile::TempDir>,
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Console {
    /// The console of a door, on a free port.
    ///
    /// # Panics
    /// It does not start.
    pub fn of(door: &Door) -> Self {
        Self::run(door.command(&["console", "--listen", "127.0.0.1:0"]))
    }

    /// The console of all boards of a folder, on a free port.
    ///
    /// # Panics
    /// It does not start.
    pub fn of_all(door: &Door) -> Self {
        let mut command = Command::new(program());
        command.args(["--json", "console", "--listen", "127.0.0.1:0", "--state"]).arg(door.state.path());
        Self::run(command)
    }

    fn run(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("postern starts");
        let addresses = BufReader::new(child.stdout.take().expect("stdout"));
        Self { child, addresses, state: None }
    }

    /// The address at which the next browser signs in, and the console's own.
    ///
    /// # Panics
    /// The console says none.
    pub fn address(&mut self) -> (String, String) {
        let mut line = String::new();
        self.addresses.read_line(&mut line).expect("an address");
        let line: Value = serde_json::from_str(&line).expect("JSON");
        let address = line["address"].as_str().expect("an address").to_owned();
        let (own, _) = address.split_once("/sign-in").expect("a path");
        (address.clone(), own.to_owned())
    }
}
