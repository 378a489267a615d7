//! The emulated boards and doors of this computer, as people and programs read them.

use std::path::PathBuf;

use emulator::{Board, Folder, State};
use schemars::JsonSchema;
use serde::Serialize;

/// A board of the list.
#[derive(JsonSchema, Serialize)]
pub struct Listed {
    /// The board's name.
    pub name: String,
    /// What it is: `an547`, `an500` or `linux`. `null` if its files are damaged.
    pub machine: Option<&'static str>,
    /// The folder with its flash, its log and the keys of this computer.
    folder: PathBuf,
    /// The socket of its line.
    socket: PathBuf,
    /// The number of its process. `null` if it is down.
    pub pid: Option<i32>,
    /// What is wrong with its files. `null` if nothing is.
    pub damaged: Option<String>,
}

impl Listed {
    /// The board in this folder. Damaged files of one board do not take away the list of the others.
    pub fn of(folder: &Folder, opened: emulator::Result<(State, Board)>) -> Self {
        let (pid, machine, damaged) = match opened {
            Ok((State::Up { pid }, board)) => (Some(pid), Some(board.machine().name()), None),
            Ok((State::Down, board)) => (None, Some(board.machine().name()), None),
            Err(error) => (None, None, Some(format!("{:#}", anyhow::Error::from(error)))),
        };
        let (name, path, socket) = (folder.name().to_owned(), folder.path().to_owned(), folder.socket());
        Self { name, machine, folder: path, socket, pid, damaged }
    }
}
