//! `cargo xtask bless`: writes the expected files again, for a person to review and commit.
//!
//! A test that compares with an expected file writes the file instead when `POSTERN_BLESS` is 1. So the bytes always
//! come from the code that the test runs. Nothing is committed: `git diff` shows what changed.

use std::process::Command;

use crate::{budget, firmware, images, process, setup, suite, workspace};

/// Runs the tests with expected files written instead of compared, and lists what changed.
pub fn run() -> anyhow::Result<()> {
    setup::run()?;
    images::compile()?;
    firmware::build_all()?;
    for chosen in [Vec::new(), suite::end_to_end()] {
        let mut cargo = process::cargo();
        cargo.args(["test", "--release"]).args(chosen).env("POSTERN_BLESS", "1");
        process::shown(cargo.current_dir(workspace::root()))?;
    }
    budget::bless(budget::Extent::All)?;
    let mut git = Command::new("git");
    git.args(["status", "--short"]).current_dir(workspace::root());
    let changed = process::captured(&mut git, None)?;
    if changed.is_empty() {
        println!("every expected file was up to date");
    } else {
        println!("{changed}read `git diff` before you commit");
    }
    Ok(())
}
