//! The files of one emulated board.
//!
//! ```text
//! board.json      its machine: {"machine":"an547"}
//! loader.elf      its boot loader, which starts the firmware in the slots of the memory
//! firmware.elf    the firmware that was installed last, to decode the log with; of a door on Linux: its program
//! unique.key      its unique secret; without it, a copy of the memory is of no use
//! counter         its monotonic counter, an EEPROM of 512 bytes; an older memory beside it is found
//! entropy         32 random bytes, replaced at each start
//! host.key        the keys that this computer keeps for the board, see `client::Credentials`
//! memory          its memory, a sparse file: flash, camera, pins
//! serial.sock     its serial port, while it is up
//! rs485.sock      its OSDP bus, while it is up
//! log.defmt       its log since the last boot, not decoded
//! emulator.log    the output of the emulator; of a door on Linux: its log
//! emulator.pid    the process id of the emulator, or of the door on Linux
//! postern-door.toml   the configuration of a door on Linux
//! npu.json        the process that plays its NPU, while it is up with one
//! npu.log         the output of that process
//! board.lock      locked while the board is started or stopped
//! line.lock       locked by the program that uses the line
//! ```

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use client::{Machine, Signer};
use etcetera::BaseStrategy;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Longest path of a Unix socket on Linux and macOS, its end included.
const SOCKET_PATH: usize = 104;

/// The folder of one board, by its name.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    name: String,
}

/// The content of `board.json`.
#[derive(Serialize, Deserialize)]
struct Record {
    machine: String,
}

impl Folder {
    /// The folder of the board `name` in `state`. The default of `state` is `$XDG_STATE_HOME/postern/boards`, or
    /// `~/.local/state/postern/boards`.
    ///
    /// # Errors
    /// [`Error::BoardName`].
    pub fn new(state: Option<&Path>, name: &str) -> Result<Self> {
        // A name is also typed, so it has no space.
        let typed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        if models::plain_name(name).is_err() || !name.chars().all(typed) {
            return Err(Error::BoardName { name: name.to_owned() });
        }
        let boards = match state {
            // The emulator and later commands may have another current folder.
            Some(path) => std::path::absolute(path).map_err(Error::file(path))?,
            None => default_state(),
        };
        Ok(Self { path: boards.join(name), name: name.to_owned() })
    }

    /// The names of the boards in `state`, in order.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn names(state: Option<&Path>) -> Result<Vec<String>> {
        let boards = state.map_or_else(default_state, Path::to_owned);
        let entries = match fs::read_dir(&boards) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(Error::file(&boards))?,
        };
        let mut names: Vec<String> = entries
            .flatten()
            .filter(|entry| entry.path().join("board.json").is_file())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort();
        Ok(names)
    }

    /// The board's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The firmware's ELF file.
    pub fn firmware(&self) -> PathBuf {
        self.path.join("firmware.elf")
    }

    /// The boot loader's ELF file.
    pub fn loader(&self) -> PathBuf {
        self.path.join("loader.elf")
    }

    /// Its unique secret, 32 bytes.
    pub fn unique(&self) -> PathBuf {
        self.path.join("unique.key")
    }

    /// Its monotonic counter.
    pub fn counter(&self) -> PathBuf {
        self.path.join("counter")
    }

    /// The seed of its random numbers, 32 bytes.
    pub(super) fn entropy(&self) -> PathBuf {
        self.path.join("entropy")
    }

    /// The keys that this computer keeps for it.
    pub fn host_key(&self) -> PathBuf {
        self.path.join("host.key")
    }

    /// The key that signs models and firmware for all boards in the same folder.
    pub fn signing_key(&self) -> PathBuf {
        Signer::path(self.path.parent().unwrap_or(&self.path))
    }

    /// The memory file.
    pub fn memory(&self) -> PathBuf {
        self.path.join("memory")
    }

    /// The serial port's socket.
    pub fn socket(&self) -> PathBuf {
        self.path.join("serial.sock")
    }

    /// The socket of its OSDP bus.
    pub fn bus(&self) -> PathBuf {
        self.path.join("rs485.sock")
    }

    /// The log, not decoded.
    pub fn log(&self) -> PathBuf {
        self.path.join("log.defmt")
    }

    /// The output of the emulator.
    pub fn emulator_log(&self) -> PathBuf {
        self.path.join("emulator.log")
    }

    /// The configuration of a door on Linux.
    pub(super) fn config(&self) -> PathBuf {
        self.path.join("postern-door.toml")
    }

    pub(super) fn pid_file(&self) -> PathBuf {
        self.path.join("emulator.pid")
    }

    /// Makes the folder if necessary, and waits until no other program starts or stops the board.
    pub(super) fn lock(&self) -> Result<File> {
        fs::create_dir_all(&self.path).map_err(Error::file(&self.path))?;
        if self.socket().as_os_str().len() >= SOCKET_PATH {
            return Err(Error::LongPath { folder: self.path.clone() });
        }
        let path = self.path.join("board.lock");
        let file = File::create(&path).map_err(Error::file(&path))?;
        file.lock().map_err(Error::file(&path))?;
        Ok(file)
    }

    /// The recorded machine; `None` if the board was never up.
    pub fn recorded_machine(&self) -> Result<Option<Machine>> {
        let path = self.path.join("board.json");
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(Error::file(&path))?,
        };
        let record: Record =
            serde_json::from_str(&text).map_err(|error| Error::Record { path, reason: error.to_string() })?;
        Ok(Some(Machine::named(&record.machine)?))
    }

    /// The machine: as recorded, else as asked, else by the board's name, else an AN547. Records it.
    pub(super) fn machine(&self, asked: Option<Machine>) -> Result<Machine> {
        match (self.recorded_machine()?, asked) {
            (Some(is), Some(asked)) if is != asked => {
                Err(Error::OtherMachine { folder: self.path.clone(), is: is.name(), asked: asked.name() })
            }
            (Some(is), _) => Ok(is),
            (None, asked) => {
                let machine = asked.or_else(|| Machine::named(&self.name).ok()).unwrap_or(Machine::An547);
                let path = self.path.join("board.json");
                let record = serde_json::json!({ "machine": machine.name() }).to_string();
                let beside = path.with_extension("new");
                fs::write(&beside, record).map_err(Error::file(&beside))?;
                fs::rename(&beside, &path).map_err(Error::file(&path))?;
                Ok(machine)
            }
        }
    }

    /// The last lines of the emulator's output, on one line.
    pub(super) fn last_words(&self) -> String {
        let bytes = fs::read(self.emulator_log()).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        match lines.len().checked_sub(3) {
            _ if lines.is_empty() => "it printed nothing".to_owned(),
            None | Some(0) => lines.join("; "),
            Some(skipped) => lines[skipped..].join("; "),
        }
    }
}

/// The folder of this user's boards, by the XDG base directory specification.
fn default_state() -> PathBuf {
    let state = etcetera::base_strategy::Xdg::new().ok().and_then(|strategy| strategy.state_dir());
    state.unwrap_or_else(std::env::temp_dir).join("postern/boards")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_in_its_folder() {
        for name in ["", ".", "..", "a/b", "../x", "a b"] {
            let folder = Folder::new(None, name);
            assert!(matches!(folder, Err(Error::BoardName { .. })), "{name}");
        }
    }

    #[test]
    fn a_board_keeps_its_machine() {
        let state = tempfile::tempdir().expect("a folder");
        let folder = Folder::new(Some(state.path()), "front").expect("a name");
        assert_eq!(folder.recorded_machine().expect("no record"), None);
        let _lock = folder.lock().expect("locked");
        assert_eq!(folder.machine(Some(Machine::An500)).expect("new"), Machine::An500);
        assert_eq!(folder.machine(None).expect("recorded"), Machine::An500);
        let other = folder.machine(Some(Machine::An547));
        assert!(matches!(other, Err(Error::OtherMachine { .. })));
        assert_eq!(Folder::names(Some(state.path())).expect("listed"), ["front"]);
    }

    #[test]
    fn a_name_of_a_machine_chooses_it() {
        let state = tempfile::tempdir().expect("a folder");
        for (name, machine) in [
            ("an500", Machine::An500),
            ("an547", Machine::An547),
            ("linux", Machine::Linux),
            ("x", Machine::An547),
        ] {
            let folder = Folder::new(Some(state.path()), name).expect("a name");
            let _lock = folder.lock().expect("locked");
            assert_eq!(folder.machine(None).expect("new"), machine);
        }
    }
}
