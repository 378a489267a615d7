//! Updates: a signed image of a model, or of the firmware, is transferred, checked and made active.

use crypto::Release;
use embedded_storage::nor_flash::NorFlash;
use protocol::{Error, Hash, ModelInfo, ModelKind, Signature};

use crate::{
    pipeline::{EncoderInfo, Engine, Fault, Models, NetworkKind},
    store::{Image, Storage},
    text::text,
};

use super::{firmware::FirmwareUpdate, slots::IdleSlots, transfer::Transfer};

/// The image that a host announces.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Announced {
    pub(crate) kind: ModelKind,
    pub(crate) length: u32,
    pub(crate) sha256: Hash,
    /// The number of the release.
    pub(crate) sequence: u64,
}

/// Updates of models and firmware.
pub(crate) struct Updates<F> {
    pub(crate) firmware: FirmwareUpdate<F>,
    transfer: Option<Transfer>,
}

impl<F: NorFlash> Updates<F> {
    /// No transfer is under way.
    pub(crate) fn new(firmware: FirmwareUpdate<F>) -> Self {
        Self { firmware, transfer: None }
    }

    /// Begins a transfer, or continues an interrupted one. Returns the offset wanted next.
    ///
    /// The flash is written only after the signature is verified. The hash at the end proves that the bytes are the
    /// signed ones.
    ///
    /// # Errors
    /// [`Error::Unsigned`], [`Error::TooOld`], [`Error::ReleaseLost`], and those of the transfer.
    pub(crate) fn begin(
        &mut self,
        announced: Announced,
        signature: &Signature,
        idle: &mut IdleSlots<'_, F>,
        storage: &mut Storage<F>,
    ) -> Result<u32, Error> {
        let Announced { kind, length, sha256, sequence } = announced;
        let unsigned = || Error::Unsigned { kind };
        // One that was lost is nobody's: an installer sets it again.
        let signer = storage.signer().ok().flatten().ok_or_else(unsigned)?;
        let release = Release { kind: number(kind), sequence, length, sha256 };
        release.verify(&signer, &signature.bytes()).map_err(|_| unsigned())?;
        let newest = match kind {
            ModelKind::Firmware => self.firmware.newest_before_update()?,
            // No signature makes up for both records: an image can be signed as several releases.
            _ => storage.newest(kind).map_err(|_| Error::ReleaseLost { kind })?,
        };
        if sequence < newest {
            return Err(Error::TooOld { kind, newest });
        }
        let slot = idle.of(kind);
        let image = Image { slot: slot.index, length, sha256 };
        Transfer::fits(kind, length, slot.bytes())?;
        if kind == ModelKind::Firmware {
            // Last: a request that is refused withdraws nothing that somebody else has staged.
            self.firmware.withdraw()?;
        }
        self.transfer = None;
        let transfer = Transfer::begin(kind, image, sequence, slot.bytes(), storage)?;
        Ok(self.transfer.insert(transfer).next())
    }

    /// Forgets what the signer of before has sent, as there is another one: a transfer, and firmware that the boot loader was to try.
    ///
    /// # Errors
    /// [`Error::Flash`]: the firmware may be tried.
    pub(crate) fn forget(&mut self) -> Result<(), Error> {
        self.transfer = None;
        Ok(self.firmware.withdraw()?)
    }

    /// Whether firmware is received.
    pub(crate) fn receives_firmware(&self) -> bool {
        self.transfer.as_ref().is_some_and(|transfer| transfer.kind == ModelKind::Firmware)
    }

    /// Takes a chunk. Returns the offset wanted next.
    ///
    /// # Errors
    /// [`Error::NoTransfer`], and those of the transfer.
    pub(crate) fn chunk(
        &mut self,
        offset: u32,
        data: &[u8],
        idle: &mut IdleSlots<'_, F>,
        storage: &mut Storage<F>,
    ) -> Result<u32, Error> {
        let transfer = self.transfer.as_mut().ok_or(Error::NoTransfer)?;
        let slot = idle.of(transfer.kind);
        transfer.chunk(offset, data, slot.flash, storage)
    }

    /// Makes an image active that is complete, has the announced hash, and can run. `bears_out` refuses an encoder whose table does
    /// not bear out the false-accept rate; it is `None` where no detector is there to pair it with.
    ///
    /// # Errors
    /// [`Error::NoTransfer`], [`Error::Incomplete`]; [`Error::UnprovenRate`], after which the installer may accept that and commit
    /// again. Any other error ends the transfer.
    pub(crate) fn commit<E: Engine>(
        &mut self,
        engine: &mut E,
        models: &Models<'_, E>,
        idle: &mut IdleSlots<'_, F>,
        storage: &mut Storage<F>,
        bears_out: impl FnOnce(Option<&EncoderInfo>) -> Result<(), Error>,
    ) -> Result<ModelInfo, Error> {
        let transfer = self.transfer.as_ref().ok_or(Error::NoTransfer)?;
        let (kind, image, sequence) = (transfer.kind, transfer.image, transfer.sequence);
        let checked = transfer.check();
        if let Err(incomplete @ Error::Incomplete { .. }) = checked {
            return Err(incomplete);
        }
        let slot = idle.of(kind).bytes();
        let info = match (checked, network(kind)) {
            (Ok(()), None) => self.stage_firmware(image, sequence, slot, storage),
            (Ok(()), Some(network)) => check_image((network, kind), image, engine, models, slot, bears_out),
            (Err(error), _) => Err(error),
        };
        if let Err(unproven @ Error::UnprovenRate { .. }) = info {
            return Err(unproven);
        }
        // In any case this transfer is over; a bad one starts again.
        self.transfer = None;
        match info {
            Ok(info) => {
                if kind != ModelKind::Firmware {
                    storage.set_active(kind, &image, sequence)?;
                }
                let _ = storage.set_transfer(kind, None);
                Ok(info)
            }
            Err(error) => {
                storage.set_transfer(kind, None)?;
                Err(error)
            }
        }
    }

    /// Stages complete firmware for the boot loader.
    fn stage_firmware(
        &mut self,
        image: Image,
        release: u64,
        slot: &[u8],
        storage: &mut Storage<F>,
    ) -> Result<ModelInfo, Error> {
        let signer = storage.signer()?.unwrap_or_default();
        self.firmware.stage(slot, release, &signer)?;
        let Image { length, sha256, .. } = image;
        Ok(ModelInfo { kind: ModelKind::Firmware, name: text("firmware"), sha256, length })
    }
}

/// Checks that an image in flash can replace the model of its kind.
fn check_image<E: Engine>(
    (network, kind): (NetworkKind, ModelKind),
    image: Image,
    engine: &mut E,
    models: &Models<'_, E>,
    slot: &[u8],
    bears_out: impl FnOnce(Option<&EncoderInfo>) -> Result<(), Error>,
) -> Result<ModelInfo, Error> {
    let bad = |Fault(reason)| Error::BadModel { reason };
    let bytes = slot.get(..image.length as usize).unwrap_or_default();
    let (model, info) = engine.load(network, bytes).map_err(bad)?;
    let fit = match (network, models.detector, models.encoder) {
        (NetworkKind::Detector, _, Some(encoder)) => Some(engine.fits(model, encoder)),
        (NetworkKind::Encoder, Some(detector), _) => Some(engine.fits(detector, model)),
        _ => None,
    };
    let encoder = fit.transpose().map_err(bad)?;
    if encoder.is_some() || network == NetworkKind::Encoder {
        bears_out(encoder.as_ref())?;
    }
    Ok(ModelInfo { kind, name: info.name, sha256: image.sha256, length: image.length })
}

/// The network of a kind; `None` for firmware.
fn network(kind: ModelKind) -> Option<NetworkKind> {
    match kind {
        ModelKind::Detector => Some(NetworkKind::Detector),
        ModelKind::Liveness => Some(NetworkKind::Liveness),
        ModelKind::Firmware => None,
        _ => Some(NetworkKind::Encoder),
    }
}

/// The number of a kind in the signed bytes. It never changes.
fn number(kind: ModelKind) -> u8 {
    match kind {
        ModelKind::Detector => 0,
        ModelKind::Encoder => 1,
        ModelKind::Liveness => 2,
        ModelKind::Firmware => 3,
    }
}
