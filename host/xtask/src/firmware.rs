//! `cargo xtask firmware`: builds the programs that run on the boards.

use std::path::PathBuf;

use anyhow::{Context, ensure};

use crate::toolchain::Provider;
use crate::{log_port, process, workspace};

/// Options of `cargo xtask firmware`.
#[derive(clap::Args, Default)]
pub struct Args {
    /// Build for this board only
    #[arg(long)]
    board: Option<Board>,

    /// Build development firmware, whose log tells names, scores and pairing codes; `postern board up --firmware` runs it
    #[arg(long)]
    development: bool,
}

/// A board, emulated or real.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Board {
    /// Arm MPS3 AN547: Cortex-M55 with Helium
    An547,
    /// Arm MPS2 AN500: Cortex-M7
    An500,
}

impl Board {
    /// Every board.
    pub const ALL: [Self; 2] = [Self::An547, Self::An500];

    /// The package of its firmware.
    pub fn package(self) -> &'static str {
        match self {
            Self::An547 => "postern-an547",
            Self::An500 => "postern-an500",
        }
    }

    /// Its name, and the name of its firmware's ELF file.
    pub fn name(self) -> &'static str {
        match self {
            Self::An547 => "an547",
            Self::An500 => "an500",
        }
    }

    /// The target it is built for.
    pub fn target(self) -> &'static str {
        match self {
            Self::An547 => "thumbv8m.main-none-eabihf",
            Self::An500 => "thumbv7em-none-eabihf",
        }
    }
}

/// Builds the firmware and prints the path of each ELF file on stdout.
pub fn run(args: &Args) -> anyhow::Result<()> {
    for board in Board::ALL {
        if args.board.is_none_or(|only| only == board) {
            let elf = if args.development { development(board) } else { build(board) };
            println!("{}", elf?.display());
        }
    }
    Ok(())
}

/// Builds the firmware of every board.
pub fn build_all() -> anyhow::Result<Vec<(Board, PathBuf)>> {
    Board::ALL.into_iter().map(|board| Ok((board, build(board)?))).collect()
}

/// Builds the firmware of one board, its boot loader, and the conformance suite that tests and measures it. Returns the
/// firmware's ELF file.
///
/// # Errors
/// It cannot be built, or logs values as only development firmware may.
pub fn build(board: Board) -> anyhow::Result<PathBuf> {
    let elf = cargo(board, "firmware", &["--package", "postern-loader", "--package", "postern-conformance"])?;
    log_port::check_firmware(&elf)?;
    Ok(elf)
}

/// Builds the development firmware of one board, in a folder of its own. Returns its ELF file.
fn development(board: Board) -> anyhow::Result<PathBuf> {
    cargo(board, "development", &["--features", "development"])
}

/// Builds the firmware of one board with a profile of Cargo and further options.
fn cargo(board: Board, profile: &str, options: &[&str]) -> anyhow::Result<PathBuf> {
    let target = board.target();
    let provider =
        Provider::of(target).with_context(|| format!("no compiler for {target}: run `cargo xtask setup`"))?;
    let mut cargo = provider.build(target);
    cargo.args(["--profile", profile, "--package", board.package()]).args(options);
    process::shown(cargo.current_dir(workspace::root()))
        .with_context(|| format!("cannot build the firmware of {}", board.name()))?;
    let elf = workspace::target()?.join(target).join(profile).join(board.name());
    ensure!(elf.is_file(), "cargo built no {}", elf.display());
    Ok(elf)
}
