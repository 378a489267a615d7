//! `cargo xtask firmware`: builds the programs that run on the boards.

use std::path::{Path, PathBuf};
use std::process::Command;

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

/// The profile of Cargo that the firmware is built with.
const FIRMWARE: &str = "firmware";

/// The package of the boot loader.
pub const LOADER: &str = "postern-loader";

/// The packages that are built for a board: its firmware, the boot loader, and the conformance suite that tests and
/// measures it. They are built at once, and share their features.
pub fn packages(board: Board) -> [&'static str; 3] {
    [board.package(), LOADER, "postern-conformance"]
}

/// The command that builds the [`packages`] of a board.
///
/// # Errors
/// There is no compiler for the board.
pub fn command(board: Board) -> anyhow::Result<Command> {
    command_in(board, &workspace::root(), &workspace::target()?)
}

/// As [`command`], for a workspace in another folder, with cargo's folder there. The names of these folders, of cargo's
/// packages and of the compiler do not get into the programs, so they are the same on each computer.
pub fn command_in(board: Board, root: &Path, cargo_folder: &Path) -> anyhow::Result<Command> {
    let chosen: Vec<&str> = packages(board).into_iter().flat_map(|package| ["--package", package]).collect();
    cargo(board, (FIRMWARE, &chosen), root, cargo_folder)
}

/// Builds with a profile of Cargo and further options.
fn cargo(
    board: Board,
    (profile, options): (&str, &[&str]),
    root: &Path,
    cargo_folder: &Path,
) -> anyhow::Result<Command> {
    let target = board.target();
    let provider =
        Provider::of(target).with_context(|| format!("no compiler for {target}: run `cargo xtask setup`"))?;
    let mut cargo = provider.build(target);
    cargo.args(["--profile", profile]).args(options);
    let core = provider.core_sources().context("rustc does not say which it is (`rustc -vV`)")?;
    let flags = remapped(root, cargo_folder, &core).map(|flag| toml::Value::from(flag).to_string()).join(",");
    cargo.arg("--config").arg(format!("target.\"{target}\".rustflags=[{flags}]"));
    cargo.arg("--target-dir").arg(cargo_folder);
    cargo.current_dir(root);
    Ok(cargo)
}

/// The flags that give folders a name that is the same everywhere. The last that matches counts.
fn remapped(root: &Path, cargo_folder: &Path, (core, core_name): &(PathBuf, String)) -> [String; 4] {
    let packages = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let packages = packages.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).unwrap_or_default();
    [(core.as_path(), core_name.as_str()), (&packages, "/cargo"), (root, "."), (cargo_folder, "./target")]
        .map(|(folder, name)| format!("--remap-path-prefix={}={name}", folder.display()))
}

/// The folder with the programs of a board.
pub fn folder(board: Board) -> anyhow::Result<PathBuf> {
    Ok(workspace::target()?.join(board.target()).join(FIRMWARE))
}

/// Builds the development firmware of one board, in a folder of its own. Returns its ELF file.
fn development(board: Board) -> anyhow::Result<PathBuf> {
    const PROFILE: &str = "development";
    let options = ["--package", board.package(), "--features", "development"];
    let target = workspace::target()?;
    process::shown(&mut cargo(board, (PROFILE, &options), &workspace::root(), &target)?)
        .with_context(|| format!("cannot build the development firmware of {}", board.name()))?;
    let elf = target.join(board.target()).join(PROFILE).join(board.name());
    ensure!(elf.is_file(), "cargo built no {}", elf.display());
    Ok(elf)
}

/// Builds the [`packages`] of a board. Returns the firmware's ELF file.
///
/// # Errors
/// It cannot be built, or logs values as only development firmware may.
pub fn build(board: Board) -> anyhow::Result<PathBuf> {
    process::shown(&mut command(board)?)
        .with_context(|| format!("cannot build the firmware of {}", board.name()))?;
    let elf = folder(board)?.join(board.name());
    ensure!(elf.is_file(), "cargo built no {}", elf.display());
    log_port::check_firmware(&elf)?;
    Ok(elf)
}
