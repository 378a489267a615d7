//! `cargo xtask reproduce`: whether the same sources give the same firmware.
//!
//! The files that git tracks are copied into two folders whose paths have different lengths, and the firmware and its boot
//! loader are built in both. What a board loads must be the same, byte by byte; a difference in what is there for debuggers
//! alone is named. With `--against` they are also compared with an ELF file that somebody published.
//!
//! The folders lie outside the workspace: cargo would read its configuration otherwise, and pass each flag twice.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use sha2::{Digest, Sha256};

use crate::firmware::{self, Board};
use crate::{elf, process, workspace};

/// Options of `cargo xtask reproduce`.
#[derive(clap::Args)]
pub struct Args {
    /// Build for this board only
    #[arg(long)]
    board: Option<Board>,

    /// Compare also with this firmware, which somebody else built from this commit
    #[arg(long, value_name = "ELF", requires = "board")]
    against: Option<PathBuf>,
}

/// Builds twice and compares.
///
/// # Errors
/// A build fails, or two files differ: the first difference.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let published = args.against.as_deref().map(read).transpose()?;
    if !git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty() {
        eprintln!("  some files differ from the commit: what is built is what lies here");
    }
    let room = tempfile::tempdir()?;
    let folders = ["a", "another-folder-with-a-longer-path"].map(|name| room.path().join(name));
    for folder in &folders {
        copy(folder)?;
    }
    for board in Board::ALL.into_iter().filter(|board| args.board.is_none_or(|only| only == *board)) {
        let [first, second] = [&folders[0], &folders[1]].map(|folder| build(board, folder));
        let (first, second) = (first?, second?);
        for (program, again) in first.iter().zip(&second) {
            let (one, other) = (read(program)?, read(again)?);
            let name = program.file_name().unwrap_or_default().display().to_string();
            match elf::difference(&one, &other)? {
                None => println!("{} {name}: the same twice, SHA-256 {}", board.name(), digest(&one)),
                // The compiler leaves the folder of the build in a text for debuggers.
                Some(difference) if !difference.is_loaded() => {
                    println!("{} {name}: a board runs the same; {difference}", board.name());
                }
                Some(difference) => bail!("{}: two builds of {name} differ: {difference}", board.name()),
            }
        }
        let Some(published) = &published else { continue };
        match elf::difference(&read(&first[0])?, published)? {
            None => println!("{}: the published file is the same", board.name()),
            Some(difference) if !difference.is_loaded() => {
                println!("{}: a board runs the same; {difference}", board.name());
            }
            Some(difference) => bail!("{}: the published file differs: {difference}", board.name()),
        }
    }
    Ok(())
}

/// Builds a board's programs in a copy: its firmware and the boot loader.
fn build(board: Board, folder: &Path) -> anyhow::Result<[PathBuf; 2]> {
    let target = folder.join("target");
    let mut cargo = firmware::command_in(board, folder, &target)?;
    process::quiet(&format!("{} in {}", board.name(), folder.display()), cargo.arg("--locked"), None)?;
    let built = target.join(board.target()).join("firmware");
    Ok([built.join(board.name()), built.join("loader")])
}

/// Copies the files that git tracks, as they lie in the workspace.
fn copy(folder: &Path) -> anyhow::Result<()> {
    let listed = git(&["ls-files", "-z"])?;
    let files: Vec<&str> = listed.split('\0').filter(|name| !name.is_empty()).collect();
    ensure!(!files.is_empty(), "git tracks no file here: a clone of the repository is needed");
    for name in files {
        let (from, to) = (workspace::root().join(name), folder.join(name));
        // One that was removed and is still tracked.
        if !from.is_file() {
            continue;
        }
        std::fs::create_dir_all(to.parent().unwrap_or(folder))?;
        std::fs::copy(&from, &to).with_context(|| from.display().to_string())?;
    }
    Ok(())
}

fn git(arguments: &[&str]) -> anyhow::Result<String> {
    process::captured(Command::new("git").args(arguments).current_dir(workspace::root()), None)
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| path.display().to_string())
}

/// The SHA-256 of a file, in hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
