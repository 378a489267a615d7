//! `cargo xtask book`: the pages of `docs/` as a book, by mdBook.

use std::process::Command;

use anyhow::ensure;

use crate::{process, workspace};

/// Builds the book.
///
/// # Errors
/// mdBook is not installed, or finds an error.
pub fn run() -> anyhow::Result<()> {
    ensure!(
        process::answers("mdbook"),
        "mdbook is not installed: run `cargo install --locked mdbook`, then `cargo xtask book` again"
    );
    let folder = workspace::target()?.join("book");
    let mut mdbook = Command::new("mdbook");
    mdbook.args(["build", "docs", "--dest-dir"]).arg(&folder);
    process::shown(mdbook.current_dir(workspace::root()))?;
    println!("{}", folder.join("index.html").display());
    Ok(())
}
