//! `cargo xtask doc`: the documentation of every crate, in which a warning is an error.
//!
//! `cargo doc` for the host's crates, then for the boards' crates with each board's target: they do not compile for the
//! host. Broken links and missing documentation fail.

use std::process::Command;

use anyhow::Context;

use crate::firmware::Board;
use crate::toolchain::Provider;
use crate::{process, workspace};

/// Crates that compile for every board.
const EVERY_BOARD: [&str; 3] = ["postern-mps", "postern-mps-board", "postern-loader"];

/// Builds the documentation into cargo's target folder.
///
/// # Errors
/// rustdoc has a warning.
pub fn run() -> anyhow::Result<()> {
    let mut host = process::cargo();
    host.args(["doc", "--release", "--no-deps", "--quiet"]);
    shown(&mut host)?;
    for board in Board::ALL {
        // rustdoc belongs to rustup's toolchain; Debian's compiler comes without it.
        if Provider::of(board.target()) != Some(Provider::Rustup) {
            eprintln!(
                "  skipped: the documentation of {}, as rustup has no {}",
                board.name(),
                board.target()
            );
            continue;
        }
        let mut cargo = process::cargo();
        cargo.args(["doc", "--target", board.target(), "--profile", "firmware", "--no-deps", "--quiet"]);
        cargo.args(["--package", board.package()]);
        cargo.args(EVERY_BOARD.into_iter().flat_map(|package| ["--package", package]));
        shown(&mut cargo).with_context(|| format!("the documentation of {}", board.name()))?;
    }
    eprintln!("  doc: no warnings");
    Ok(())
}

fn shown(cargo: &mut Command) -> anyhow::Result<()> {
    process::shown(cargo.env("RUSTDOCFLAGS", "-Dwarnings").current_dir(workspace::root()))
}
