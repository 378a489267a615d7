//! Models and firmware of a fleet on a board: what is checked before the first byte, and the transfer.
//!
//! The record has kind, board, length, digest and signature. The signature is of exactly these, by the key that it names; the board
//! checks that it trusts this key before it takes the first byte. Firmware is tried as by `postern flash firmware`.

use std::path::Path;

use ::fleet::setup::{Active, Kind, Release};
use anyhow::{Context, ensure};
use client::protocol::{Firmware, ModelInfo, ModelKind};
use client::{Device, FirmwareSignature, Machine, ModelSignature};

use crate::commands::flash::model_check;
use crate::device::DeviceArgs;

/// The signature of a release.
pub enum Signed {
    /// Of a model.
    Model(ModelSignature),
    /// Of firmware.
    Firmware(FirmwareSignature),
}

impl Signed {
    /// The signature that a record carries, if it is of what the record says.
    pub fn of(release: &Release) -> anyhow::Result<Self> {
        let path = Path::new("the signature of the record");
        let Some(kind) = model_kind(release.kind) else {
            let signature = FirmwareSignature::parse(&release.signature, path)?;
            signature.check(release.length, release.sha256)?;
            ensure!(
                signature.machine.name() == release.board && signature.release == release.release,
                "the record names another board or release than its signature"
            );
            return Ok(Self::Firmware(signature));
        };
        let signature = ModelSignature::parse(&release.signature, path)?;
        signature.check()?;
        ensure!(
            (signature.kind, signature.release, signature.length, signature.sha256)
                == (kind, release.release, release.length, release.sha256),
            "the record names another image than its signature"
        );
        Ok(Self::Model(signature))
    }

    /// Whether a board is to get it.
    pub fn is_wanted(&self, release: &Release, device: &mut Device) -> anyhow::Result<bool> {
        let machine = Machine::named(device.board()).ok();
        match self {
            Self::Firmware(signature) => {
                if machine != Some(signature.machine) {
                    return Ok(false);
                }
                is_firmware_wanted(&device.running_firmware()?, signature.release)
            }
            Self::Model(signature) => {
                let active = device.status()?.models;
                if active.iter().any(|model| model.kind == signature.kind && model.sha256 == release.sha256) {
                    return Ok(false);
                }
                if let Some(machine) = machine {
                    model_check::check_size(signature.kind, &release.name, release.length as usize, machine)?;
                }
                Ok(true)
            }
        }
    }

    /// Checks that an image is what it is said to be.
    pub fn check(&self, release: &Release, image: &[u8]) -> anyhow::Result<()> {
        match self {
            Self::Model(signature) => {
                signature.apply(signature.kind, image)?;
                model_check::check(signature.kind, Path::new(&release.name), image, None)
            }
            // Its header is signed, and the board reads it.
            Self::Firmware(_) => Ok(()),
        }
    }

    /// Installs an image, and tries firmware.
    pub fn install(&self, image: &[u8], args: &DeviceArgs, device: &mut Device) -> anyhow::Result<()> {
        match self {
            Self::Model(signature) => {
                let active = device.status()?.models;
                if let Some(emulated) = args.emulated() {
                    emulated.open()?.place_model(signature.kind, image, &active)?;
                }
                device.install_signed(signature.kind, image, signature, &mut |_, _| {})?;
            }
            Self::Firmware(signature) => {
                device.stage_image(image, signature, &mut |_, _| {})?;
                let release = signature.release;
                device
                    .try_firmware(release)
                    .with_context(|| format!("firmware release {release} did not become active"))?;
            }
        }
        Ok(())
    }
}

/// Whether a board is to get a release of its firmware: it runs another one, as also after it fell back.
fn is_firmware_wanted(firmware: &Firmware, release: u64) -> anyhow::Result<bool> {
    let newest = firmware.newest;
    ensure!(newest <= release, "the board has had release {newest}, which is newer than release {release}");
    Ok(firmware.running != release)
}

/// The models and the firmware of a board.
pub fn active(device: &mut Device, models: &[ModelInfo]) -> anyhow::Result<Vec<Active>> {
    let mut active: Vec<Active> = models
        .iter()
        .filter_map(|model| {
            let (kind, name) = (kind_of(model.kind)?, model.name.to_string());
            Some(Active { kind, name, sha256: model.sha256, newest: None })
        })
        .collect();
    // A door on Linux has a package, and no firmware.
    if Machine::named(device.board()).is_ok_and(Machine::is_emulated) {
        match device.running_firmware() {
            Ok(firmware) => active.push(Active {
                kind: Kind::Firmware,
                name: firmware.running.to_string(),
                sha256: [0; 32],
                newest: (firmware.running < firmware.newest).then_some(firmware.newest),
            }),
            // It was started without its boot loader.
            Err(client::Error::Refused(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(active)
}

/// The kind of model; `None` of firmware.
pub const fn model_kind(kind: Kind) -> Option<ModelKind> {
    match kind {
        Kind::Detector => Some(ModelKind::Detector),
        Kind::Encoder => Some(ModelKind::Encoder),
        Kind::Liveness => Some(ModelKind::Liveness),
        Kind::Firmware => None,
    }
}

/// The kind in a record of a kind of model.
pub const fn kind_of(kind: ModelKind) -> Option<Kind> {
    match kind {
        ModelKind::Detector => Some(Kind::Detector),
        ModelKind::Encoder => Some(Kind::Encoder),
        ModelKind::Liveness => Some(Kind::Liveness),
        ModelKind::Firmware => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fleet_knows_the_boards_that_have_firmware() {
        let boards = [Machine::An547, Machine::An500].map(Machine::name);
        assert_eq!(boards, ::fleet::setup::BOARDS);
    }

    #[test]
    fn a_board_that_fell_back_is_sent_its_release_again() {
        let board = |running, newest| Firmware { slot: 0, running, newest, pending: None, trial: false };
        assert!(!is_firmware_wanted(&board(12, 12), 12).expect("it has it"));
        assert!(is_firmware_wanted(&board(11, 12), 12).expect("it can be sent"), "it fell back");
        assert!(is_firmware_wanted(&board(12, 12), 13).expect("it can be sent"));
        assert!(is_firmware_wanted(&board(11, 12), 11).is_err(), "the board would refuse it");
    }
}
