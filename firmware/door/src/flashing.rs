//! The host's requests that bring a new model, or firmware, which is one more kind of image.

use board_api::Board;
use crypto::Release;
use protocol::{Error, Hash, ModelInfo, ModelKind, Response, Signature};

use crate::{
    back::IdleSlots,
    desk::Desk,
    engine::{Engine, Fault},
    models::Transfer,
    recognition::Models,
    storage::Image,
    translate::text,
};

/// What a host says that it brings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Announced {
    pub(crate) kind: ModelKind,
    pub(crate) length: u32,
    pub(crate) sha256: Hash,
    /// The number of the release.
    pub(crate) sequence: u64,
}

impl<B: Board, E: Engine> Desk<'_, '_, B, E> {
    /// Begins a transfer, or goes on with one that was interrupted. The flash is not touched before
    /// the signature was found to be right; that the bytes are those signed, the hash says at the
    /// end.
    pub(crate) fn begin_model(
        &mut self,
        announced: Announced,
        signature: &Signature,
        idle: &mut IdleSlots<'_, B::Flash>,
    ) -> Result<Response, Error> {
        let Announced { kind, length, sha256, sequence } = announced;
        let unsigned = || Error::Unsigned { kind };
        let signer = self.storage()?.signer()?.ok_or_else(unsigned)?;
        let release = Release { kind: number(kind), sequence, length, sha256 };
        release.verify(&signer, &signature.bytes()).map_err(|_| unsigned())?;
        let newest = match kind {
            ModelKind::Firmware => self.updates.begin()?,
            _ => self.storage()?.newest(kind)?,
        };
        if sequence < newest {
            return Err(Error::RolledBack { kind, newest });
        }
        let slot = idle.of(kind);
        let image = Image { slot: slot.index, length, sha256 };
        self.transfer = None;
        let transfer = Transfer::begin(kind, image, sequence, slot.bytes(), self.storage()?)?;
        let next = transfer.next();
        self.transfer = Some(transfer);
        Ok(Response::Progress { next })
    }

    /// Puts a model in force that came whole, as announced, and fit to run.
    pub(crate) fn commit_model(
        &mut self,
        models: &Models<'_, E>,
        idle: &mut IdleSlots<'_, B::Flash>,
    ) -> Result<ModelInfo, Error> {
        let (transfer, _) = self.transfer()?;
        let (kind, image, sequence) = (transfer.kind, transfer.image, transfer.sequence);
        let checked = transfer.check();
        if let Err(incomplete @ Error::Incomplete { .. }) = checked {
            return Err(incomplete);
        }
        let info = match checked {
            Ok(()) if kind == ModelKind::Firmware => {
                self.stage_firmware(image, sequence, idle.of(kind).bytes())
            }
            Ok(()) => self.check_image(kind, image, models, idle.of(kind).bytes()),
            Err(error) => Err(error),
        };
        // Whatever comes of it, this transfer is over; a bad one begins anew.
        self.transfer = None;
        match info {
            Ok(info) => {
                // First the number: a cut in between leaves the old model, and none older to come.
                if kind != ModelKind::Firmware {
                    self.storage()?.set_newest(kind, sequence)?;
                    self.storage()?.set_active(kind, &image)?;
                }
                let _ = self.storage()?.set_transfer(kind, None);
                self.begin_anew();
                Ok(info)
            }
            Err(error) => {
                self.storage()?.set_transfer(kind, None)?;
                Err(error)
            }
        }
    }

    /// Has the boot loader try firmware that came whole.
    fn stage_firmware(&mut self, image: Image, release: u64, slot: &[u8]) -> Result<ModelInfo, Error> {
        let signer = self.storage()?.signer()?.unwrap_or_default();
        self.updates.stage(slot, release, &signer)?;
        let Image { length, sha256, .. } = image;
        Ok(ModelInfo { kind: ModelKind::Firmware, name: text("firmware"), sha256, length })
    }

    /// Whether an image in flash can take the place of the model of its kind.
    fn check_image(
        &self,
        kind: ModelKind,
        image: Image,
        models: &Models<'_, E>,
        slot: &[u8],
    ) -> Result<ModelInfo, Error> {
        let bad = |Fault(reason)| Error::BadModel { reason };
        let bytes = slot.get(..image.length as usize).unwrap_or_default();
        let (model, info) = self.engine.load(kind, bytes).map_err(bad)?;
        match (kind, models.detector, models.encoder) {
            (ModelKind::Detector, _, Some(encoder)) => self.engine.fits(model, encoder).map_err(bad)?,
            (ModelKind::Encoder, Some(detector), _) => self.engine.fits(detector, model).map_err(bad)?,
            _ => {}
        }
        Ok(ModelInfo { kind, name: info.name, sha256: image.sha256, length: image.length })
    }
}

/// A kind's number in what is signed, which must never change.
fn number(kind: ModelKind) -> u8 {
    match kind {
        ModelKind::Detector => 0,
        ModelKind::Encoder => 1,
        ModelKind::Liveness => 2,
        ModelKind::Firmware => 3,
    }
}
