//! The host's requests that bring a new model.

use embedded_storage_async::nor_flash::NorFlash;
use protocol::{Error, Hash, ModelInfo, ModelKind, Response};

use crate::{
    back::IdleSlots,
    desk::Desk,
    engine::{Engine, Fault},
    models::Transfer,
    recognition::Models,
    storage::Image,
};

impl<E: Engine, S, G: NorFlash, T: NorFlash> Desk<'_, '_, E, S, G, T> {
    /// Begins a transfer, or goes on with one that was interrupted.
    pub(crate) async fn begin_model<M: NorFlash>(
        &mut self,
        kind: ModelKind,
        length: u32,
        sha256: Hash,
        idle: &mut IdleSlots<'_, M>,
    ) -> Result<Response, Error> {
        let slot = idle.of(kind);
        let image = Image { slot: slot.index, length, sha256 };
        self.transfer = None;
        let transfer = Transfer::begin(kind, image, slot.bytes(), self.storage()?).await?;
        let next = transfer.next();
        self.transfer = Some(transfer);
        Ok(Response::Progress { next })
    }

    /// Puts a model in force that came whole, as announced, and fit to run.
    pub(crate) async fn commit_model<M: NorFlash>(
        &mut self,
        models: &Models<'_, E>,
        idle: &mut IdleSlots<'_, M>,
    ) -> Result<ModelInfo, Error> {
        let (transfer, _) = self.transfer()?;
        let (kind, image) = (transfer.kind, transfer.image);
        let checked = transfer.check();
        if let Err(incomplete @ Error::Incomplete { .. }) = checked {
            return Err(incomplete);
        }
        let info = match checked {
            Ok(()) => self.check_image(kind, image, models, idle.of(kind).bytes()),
            Err(error) => Err(error),
        };
        // Whatever comes of it, this transfer is over; a bad one begins anew.
        self.transfer = None;
        match info {
            Ok(info) => {
                self.storage()?.set_active(kind, &image).await?;
                let _ = self.storage()?.set_transfer(kind, None).await;
                self.begin_anew();
                Ok(info)
            }
            Err(error) => {
                self.storage()?.set_transfer(kind, None).await?;
                Err(error)
            }
        }
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
