//! Firmware onto a board: transfer and trial. The command and the console both use it.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use client::{Device, Fallback, Firmware, FirmwareSignature, Machine, Signer};

use crate::device::DeviceArgs;

/// What signs the firmware.
pub enum Seal {
    /// This computer, at the transfer.
    Signer {
        /// Its key.
        signer: Signer,
        /// The release number, or one above those that the board had.
        release: Option<u64>,
        /// Whether the board may fall back to an older release.
        fallback: Fallback,
    },
    /// Another computer has signed it.
    Signature(FirmwareSignature),
}

/// How far an update is.
pub enum Step {
    /// So many bytes of all are on the board.
    Sent {
        /// Bytes that the board has.
        done: u64,
        /// Bytes of the image.
        all: u64,
    },
    /// The board tries this release now.
    Trying(u64),
}

/// An update that is active.
pub struct Flashed {
    /// The file.
    pub elf: PathBuf,
    /// Its release number.
    pub release: u64,
    /// The release that was active before.
    pub before: u64,
}

/// The kind of board, if it takes firmware over its line.
fn updatable(board: &str) -> anyhow::Result<Machine> {
    let machine = Machine::named(board)?;
    if !machine.is_emulated() {
        bail!(
            "the program of a door on Linux is updated by its package, with apt, and not over the line; one that runs here \
             takes another by `postern board up --firmware target/release/postern-door`"
        );
    }
    Ok(machine)
}

/// The firmware of a kind of board that was built here, or that setup copied.
///
/// # Errors
/// There is none; a door on Linux is not updated over the line.
pub fn built(board: &str) -> anyhow::Result<PathBuf> {
    let machine = updatable(board)?;
    Ok(emulator::built_firmware(machine).ok_or(emulator::Error::NoFirmware { machine: machine.name() })?)
}

/// Updates the board, with the firmware that was built here unless `elf` is another file. `hear` is told how far it is.
///
/// # Errors
/// As [`built`]; firmware of another board; what the board refuses; a trial that did not go well: then the board has
/// rolled back.
pub fn install(
    device: &mut Device,
    args: &DeviceArgs,
    elf: Option<&Path>,
    seal: &Seal,
    hear: &mut dyn FnMut(Step),
) -> anyhow::Result<Flashed> {
    let machine = updatable(device.board())?;
    let elf = elf.map_or_else(|| built(device.board()), |elf| Ok(elf.to_owned()))?;
    let firmware = Firmware::read(&elf)?;
    firmware.check(machine)?;
    let running = device.running_firmware()?;
    let made;
    let signature = match seal {
        Seal::Signature(signature) => signature,
        Seal::Signer { signer, release, fallback } => {
            made = device.sign_firmware(&firmware, *release, *fallback, signer)?;
            &made
        }
    };
    let mut placed = Ok(false);
    let mut place = |image: &[u8]| {
        if let Some(emulated) = args.emulated() {
            placed = emulated.open().and_then(|board| Ok(board.place_firmware(image, &running)?));
        }
        placed.as_ref().is_ok_and(|placed| *placed)
    };
    let mut advance = |done, all| hear(Step::Sent { done, all });
    let release = device.stage_firmware(&firmware, signature, &mut place, &mut advance)?;
    placed?;
    hear(Step::Trying(release));
    device.try_firmware(release).with_context(|| format!("release {release} did not become active"))?;
    if let Some(emulated) = args.emulated() {
        // Its log is read by the file that was linked.
        emulated.open()?.keep_firmware(&elf)?;
    }
    Ok(Flashed { elf, release, before: running.running })
}
