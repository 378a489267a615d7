//! `cargo xtask screenshots`: pictures of the console's pages, in Chromium before a door on Linux.
//!
//! All of them go to `.cache/screenshots`, for a person who looks at them; the few of docs/console.md to `docs/images`. The
//! program that takes them is one of `tests/browser`.

use anyhow::ensure;

use crate::{images, process, setup, workspace};

/// Options of `cargo xtask screenshots`.
#[derive(clap::Args)]
pub struct Args {
    /// Leave those of the documentation as they are
    #[arg(long)]
    keep_docs: bool,
}

/// Takes the pictures.
///
/// # Errors
/// There is no browser; a page does not come.
pub fn run(args: &Args) -> anyhow::Result<()> {
    ensure!(setup::has_browser(), "there is no browser: `cargo xtask setup --browser` installs one");
    images::build()?;
    let mut cargo = process::cargo();
    cargo.args(["run", "--locked", "--bin", "screenshots", "--manifest-path"]);
    cargo.arg(workspace::root().join("tests/browser/Cargo.toml"));
    cargo.env("CARGO_TARGET_DIR", workspace::target()?.join("browser")).arg("--");
    cargo.arg(workspace::cache("screenshots"));
    if !args.keep_docs {
        cargo.arg(workspace::root().join("docs/images"));
    }
    process::shown(&mut cargo)
}
