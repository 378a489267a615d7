//! pip, in a process that starts no other program: what it fetches is checked and unpacked, and never run.
//!
//! `pip.py` has the way. Requirements carry the SHA-256 of every archive that may be taken (`--require-hashes`), so pip
//! refuses any other before it opens it.

use std::process::Command;

/// The program around pip.
const GUARD: &str = include_str!("pip.py");

/// The command `pip`, to which the caller adds a subcommand.
pub fn command() -> Command {
    let mut python = Command::new("python3");
    python.args(["-c", GUARD]);
    python
}
