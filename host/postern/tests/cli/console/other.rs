//! Another computer that is paired with the door of a test, with a role of its own.

use std::process::Command;

use tempfile::TempDir;

use super::client::Console;
use crate::bench::{Bench, postern};

/// Another computer.
pub struct Other {
    device: String,
    folder: TempDir,
}

impl Other {
    /// Pairs one more computer, and returns it with the name by which its console knows the board.
    pub fn paired(bench: &Bench, role: &str) -> (Self, String) {
        let device = format!("unix:{}", bench.folder().join("serial.sock").display());
        let other = Self { device, folder: tempfile::tempdir().expect("a folder") };
        bench.done(&["keys", "invite", role]);
        bench.pair_other(other.command(&["pair", "--role", role]));
        let list = other.console().browser().get("/boards");
        let (_, board) = list.split_once("href=\"/b/").expect("a board");
        let board = board.split('"').next().expect("a name").to_owned();
        (other, board)
    }

    /// A command of this computer.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = postern(arguments);
        command.args(["--device", &self.device, "--state"]).arg(self.folder.path());
        command
    }

    /// Its console.
    pub fn console(&self) -> Console {
        Console::run(self.command(&["console", "--listen", "127.0.0.1:0"]))
    }
}
