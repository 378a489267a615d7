//! `cargo xtask bless`: writes the expected files anew, to be read and committed.
//!
//! A test that compares with an expected file writes it instead when `POSTERN_BLESS` is 1, so that
//! the bytes always come from the code that the test runs. Nothing is committed: `git diff` shows
//! what changed.

use std::process::Command;

use crate::{budget, firmware, images, process, setup, workspace};

/// Runs the tests with expected files written instead of compared, and lists what changed.
pub fn run() -> anyhow::Result<()> {
    setup::run()?;
    images::compile()?;
    firmware::build_all()?;
    let mut cargo = Command::new("cargo");
    cargo.args(["test", "--release"]).env("POSTERN_BLESS", "1").current_dir(workspace::root());
    process::shown(&mut cargo)?;
    budget::bless()?;
    let mut git = Command::new("git");
    git.args(["status", "--short"]).current_dir(workspace::root());
    let changed = process::captured(&mut git, None)?;
    if changed.is_empty() {
        println!("every expected file was right");
    } else {
        println!("{changed}read `git diff` before you commit");
    }
    Ok(())
}
