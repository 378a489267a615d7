//! A folder with a made door in it.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use host_window::window::{BUTTON_BIT, INPUTS, OUTPUTS};

/// The configuration of a made door.
pub const MADE: &str = r#"[flash]
file = "flash"

[secret]
file = "unique.key"

[host]
listen = "unix:host.sock"

[made]
"#;

/// A folder with a configuration, and the door that runs on it.
pub struct Bench {
    folder: tempfile::TempDir,
    door: Option<Child>,
}

impl Bench {
    /// A made door that does not run yet.
    pub fn new() -> Self {
        Self::with_config(MADE)
    }

    /// A door with another configuration.
    pub fn with_config(config: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("postern-door.toml"), config).expect("written");
        Self { folder, door: None }
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Its flash file.
    pub fn flash(&self) -> PathBuf {
        self.path().join("flash")
    }

    /// The command that starts the door.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postern-door"));
        command.arg("--config").arg(self.path().join("postern-door.toml"));
        command
    }

    /// Starts the door, and waits until it runs.
    pub fn start(&mut self) {
        self.start_with(|_| {});
    }

    /// As [`Self::start`], with something changed in the command.
    pub fn start_with(&mut self, change: impl FnOnce(&mut Command)) {
        let mut command = self.command();
        change(&mut command);
        let said = std::fs::File::create(self.path().join("said")).expect("a file");
        self.door = Some(command.stderr(said).spawn().expect("it starts"));
        self.eventually("the door runs", |bench| bench.said().contains("the door runs"));
    }

    /// What the door said so far.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.path().join("said")).unwrap_or_default()
    }

    /// The process of the door.
    pub fn door(&mut self) -> &mut Child {
        self.door.as_mut().expect("it was started")
    }

    /// Kills the door.
    pub fn stop(&mut self) {
        if let Some(mut door) = self.door.take() {
            let _ = door.kill();
            let _ = door.wait();
        }
    }

    /// Runs a door that must end by itself with an error, which says this.
    pub fn refused(&self, arguments: &[&str], why: &str) -> String {
        let output = self.command().args(arguments).stdin(Stdio::null()).output().expect("it starts");
        refusal(&output, why)
    }

    /// Changes bytes of the flash file.
    pub fn write(&self, offset: usize, bytes: &[u8]) {
        let file = OpenOptions::new().write(true).open(self.flash()).expect("the flash");
        file.write_all_at(bytes, offset as u64).expect("written");
    }

    /// Presses the exit button until the lock is open. On a busy computer the keeper may find the door silent and lock
    /// before this test looks: then the button is pressed once more.
    pub fn open_lock(&self) {
        let mut polls = 0u32;
        self.eventually("the lock opens", |bench| {
            let pressed = u32::from((polls / 200).is_multiple_of(2));
            bench.write(INPUTS, &(pressed << BUTTON_BIT).to_le_bytes());
            polls += 1;
            bench.lock_is_open()
        });
        self.write(INPUTS, &[0; 4]);
    }

    /// Whether the lock's line is high.
    pub fn lock_is_open(&self) -> bool {
        let file = std::fs::File::open(self.flash()).expect("the flash");
        let mut byte = [0];
        file.read_exact_at(&mut byte, OUTPUTS as u64).expect("read");
        byte[0] & 1 == 1
    }

    /// Waits until something holds. The end is generous: the computer may be busy.
    pub fn eventually(&self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let end = Instant::now() + Duration::from_secs(300);
        while !holds(self) {
            assert!(Instant::now() < end, "{what}: not within 5 minutes; {}", self.said());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What a door said that ended with an error, which must say this.
pub fn refusal(output: &Output, why: &str) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(why), "{said:?} does not say {why:?}");
    said
}

/// The configuration with one line changed.
pub fn with(line: &str, other: &str) -> String {
    assert!(MADE.contains(line));
    MADE.replace(line, other)
}
