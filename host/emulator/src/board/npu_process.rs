//! The process that plays a board's NPU: started with the board, found again by its recorded id, ended with it.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use npu_section::{ACCELERATORS, Accelerator};
use serde::{Deserialize, Serialize};

use super::{Folder, process};
use crate::{Error, Result};

/// An NPU for a board, and the program that plays it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlayedNpu {
    /// Which one.
    pub accelerator: &'static Accelerator,
    /// The program and its arguments. The folder of the board and the name of the accelerator follow them.
    pub command: Vec<String>,
}

/// The content of `npu.json`.
#[derive(Serialize, Deserialize)]
struct Record {
    pid: i32,
    accelerator: String,
    command: Vec<String>,
}

fn record(folder: &Folder) -> PathBuf {
    folder.path().join("npu.json")
}

/// The accelerator of this name.
///
/// # Errors
/// [`Error::Accelerator`].
pub fn accelerator(name: &str) -> Result<&'static Accelerator> {
    let found = ACCELERATORS.iter().find(|it| it.name == name);
    found.ok_or_else(|| Error::Accelerator { name: name.to_owned() })
}

/// Starts the process.
pub(super) fn start(folder: &Folder, npu: &PlayedNpu) -> Result<()> {
    let log = folder.path().join("npu.log");
    let said = File::create(&log).map_err(Error::file(&log))?;
    let also = said.try_clone().map_err(Error::file(&log))?;
    let program = npu.command.first().map(String::as_str).unwrap_or_default();
    let mut command = Command::new(program);
    command.args(npu.command.iter().skip(1)).arg(folder.path()).arg(npu.accelerator.name);
    command.stdin(Stdio::null()).stdout(said).stderr(also).process_group(0);
    let child = command.spawn().map_err(Error::file(program))?;
    let content = Record {
        pid: child.id() as i32,
        accelerator: npu.accelerator.name.to_owned(),
        command: npu.command.clone(),
    };
    let path = record(folder);
    fs::write(&path, serde_json::json!(content).to_string()).map_err(Error::file(&path))
}

/// The NPU that a board was last switched on with, and its process.
pub(super) fn recorded(folder: &Folder) -> Result<Option<(PlayedNpu, i32)>> {
    let path = record(folder);
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        other => other.map_err(Error::file(&path))?,
    };
    let damaged = |error: serde_json::Error| Error::Record { path: path.clone(), reason: error.to_string() };
    let Record { pid, accelerator: name, command } = serde_json::from_str(&text).map_err(damaged)?;
    Ok(Some((PlayedNpu { accelerator: accelerator(&name)?, command }, pid)))
}

/// Whether the process lives that plays the board's NPU.
pub(super) fn lives(folder: &Folder) -> Result<bool> {
    Ok(recorded(folder)?.is_some_and(|(_, pid)| process::is_of(pid, folder.path())))
}

/// Ends the process, and forgets the NPU.
pub(super) fn end(folder: &Folder) -> Result<()> {
    let Some((_, pid)) = recorded(folder)? else { return Ok(()) };
    if process::is_of(pid, folder.path()) {
        process::kill(folder, pid)?;
    }
    let path = record(folder);
    fs::remove_file(&path).map_err(Error::file(&path))
}
