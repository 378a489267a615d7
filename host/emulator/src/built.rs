//! Where the boards' firmware is found: built in a source tree, or copied to the data folder.
//!
//! ```text
//! TARGET/thumb…/firmware/an547        a build: beside this program in Cargo's target folder
//! DATA/firmware/an547/an547           the user's data folder, after `postern setup --firmware`
//! ```
//! The door on Linux is a program for this computer: `postern-door`, beside this program, in `release/` of a target folder,
//! in `DATA/firmware/linux/`, or in `/usr/bin`, where its package puts it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use client::Machine;

/// The door's program on Linux.
const PROGRAM: &str = "postern-door";

/// Where a package puts programs.
const PACKAGED: &str = "/usr/bin";

/// Cargo's folder in a target folder, for what a board runs.
fn build_folder(machine: Machine) -> &'static str {
    match machine {
        Machine::An547 => "thumbv8m.main-none-eabihf/firmware",
        Machine::An500 => "thumbv7em-none-eabihf/firmware",
        Machine::Linux => "release",
    }
}

/// The file that a board runs.
fn firmware_name(machine: Machine) -> &'static str {
    match machine {
        Machine::Linux => PROGRAM,
        emulated => emulated.name(),
    }
}

/// The firmware of a board, as an ELF file; for Linux the door's program.
pub fn built_firmware(machine: Machine) -> Option<PathBuf> {
    let packaged = || Some(Path::new(PACKAGED).join(PROGRAM)).filter(|path| path.is_file());
    built(machine, firmware_name(machine)).or_else(|| if machine.is_emulated() { None } else { packaged() })
}

/// Whether a file is the program of a door, for this computer: it says so when it is asked for its version.
pub fn is_door(path: &Path) -> bool {
    let program = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let asked = Command::new(program).arg("--version").stdin(Stdio::null()).output();
    asked.is_ok_and(|said| said.status.success() && said.stdout.starts_with(b"postern-door "))
}

/// The boot loader of a board, from the same place as [`built_firmware`].
pub fn built_loader(machine: Machine) -> Option<PathBuf> {
    built(machine, "loader")
}

/// The conformance suite for a board, see [`measure`](crate::measure).
pub fn built_conformance(machine: Machine) -> Option<PathBuf> {
    built(machine, "conformance")
}

/// The file `name` of a machine in the first folder that has one. It is run: so it does not come from the current folder.
fn built(machine: Machine, name: &str) -> Option<PathBuf> {
    let program = std::env::current_exe().unwrap_or_default();
    let beside = program.ancestors().skip(1).take(3).filter(|folder| !models::is_open(folder));
    beside
        .map(|targets| in_targets(targets, machine, name))
        .chain([models::firmware_folder().join(machine.name()).join(name)])
        .find(|path| path.is_file())
}

/// Where Cargo puts the file `name` of a machine in a target folder.
fn in_targets(targets: &Path, machine: Machine, name: &str) -> PathBuf {
    targets.join(build_folder(machine)).join(name)
}

/// Copies firmware, boot loader and conformance suite of each machine from `folder` to the data folder: from
/// Cargo's target folder, the source tree around it, or a folder laid out as the data folder's. Returns the
/// machines that were found.
///
/// # Errors
/// [`Error::File`](crate::Error::File).
pub fn install_firmware(folder: &Path) -> crate::Result<Vec<Machine>> {
    let mut found = Vec::new();
    for machine in Machine::ALL {
        let to = models::firmware_folder().join(machine.name());
        let mut whole = true;
        let emulated: &[&str] = if machine.is_emulated() { &["loader", "conformance"] } else { &[] };
        for name in core::iter::once(firmware_name(machine)).chain(emulated.iter().copied()) {
            let places = [
                in_targets(folder, machine, name),
                in_targets(&folder.join("target"), machine, name),
                folder.join(machine.name()).join(name),
            ];
            match places.into_iter().find(|path| path.is_file()) {
                Some(source) => {
                    std::fs::create_dir_all(&to).map_err(crate::Error::file(&to))?;
                    copy(&source, &to.join(name))?;
                }
                // Only `postern bench` needs the suite.
                None => whole &= name == "conformance",
            }
        }
        if whole {
            found.push(machine);
        }
    }
    Ok(found)
}

/// Copies a file: written beside and renamed, so that an interrupted copy is never used.
pub(crate) fn copy(source: &Path, to: &Path) -> crate::Result<()> {
    if source == to {
        return Ok(());
    }
    let beside = to.with_extension("new");
    std::fs::copy(source, &beside).map_err(crate::Error::file(source))?;
    std::fs::rename(&beside, to).map_err(crate::Error::file(to))
}
