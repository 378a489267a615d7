//! What a picture shows: its faces, how good they are, and whose the chosen one is.
//!
//! Judging a camera's picture and answering a host's request go the same way, so that what a
//! request says of a photograph is what the door would do.

use gallery::{Calibration, EncoderHash, Probe, Template, Threshold};
use heapless::Vec;
use protocol::{Error, ModelInfo, ModelKind};
use sha2::{Digest, Sha256};
use vision::{Frame, Limits, MAX_FACES, Quality};

use crate::{
    engine::{EncoderInfo, Engine, Fault},
    storage::Image,
    translate::text,
};

impl From<Fault> for Error {
    fn from(Fault(reason): Fault) -> Self {
        Error::Internal { reason }
    }
}

/// The models in force.
pub(crate) struct Models<'i, E: Engine + 'i> {
    /// What they are, as far as there are any.
    pub(crate) infos: Vec<ModelInfo, 2>,
    pub(crate) detector: Option<E::Model<'i>>,
    pub(crate) encoder: Option<E::Model<'i>>,
    /// The two joined, and what the encoder says of itself.
    pub(crate) pair: Option<(E::Pair<'i>, EncoderInfo)>,
}

impl<'i, E: Engine> Models<'i, E> {
    /// No models.
    pub(crate) fn none() -> Self {
        Self { infos: Vec::new(), detector: None, encoder: None, pair: None }
    }

    /// Loads a model in force; one that does not load, or is not the one that was signed, counts as
    /// none.
    pub(crate) fn load(&mut self, engine: &E, kind: ModelKind, image: Image, slot: &'i [u8]) {
        let bytes = slot.get(..image.length as usize).unwrap_or_default();
        let signed = <[u8; 32]>::from(Sha256::digest(bytes)) == image.sha256;
        let loaded =
            if signed { engine.load(kind, bytes) } else { Err(Fault::new("it was changed in flash")) };
        let model = match loaded {
            Ok((model, info)) => {
                let Image { length, sha256, .. } = image;
                // There is room for one of each kind.
                let _ = self.infos.push(ModelInfo { kind, name: info.name, sha256, length });
                Some(model)
            }
            Err(Fault(reason)) => {
                crate::log::log!(error, "a model in force does not load: {=str}", reason.as_str());
                None
            }
        };
        match kind {
            ModelKind::Detector => self.detector = model,
            _ => self.encoder = model,
        }
    }

    /// Joins what was loaded.
    pub(crate) fn join(&mut self, engine: &E) {
        self.pair = match (self.detector, self.encoder) {
            (Some(detector), Some(encoder)) => match engine.join(detector, encoder) {
                Ok(pair) => Some(pair),
                Err(Fault(reason)) => {
                    crate::log::log!(error, "the models do not fit: {=str}", reason.as_str());
                    None
                }
            },
            _ => None,
        };
    }

    /// What is joined.
    ///
    /// # Errors
    /// [`Error::NoModel`] if a model is missing, [`Error::BadModel`] if they do not fit together.
    pub(crate) fn pair(&self) -> Result<&(E::Pair<'i>, EncoderInfo), Error> {
        match (&self.pair, &self.detector) {
            (Some(pair), _) => Ok(pair),
            (None, None) => Err(Error::NoModel { kind: ModelKind::Detector }),
            (None, Some(_)) if self.encoder.is_none() => Err(Error::NoModel { kind: ModelKind::Encoder }),
            (None, Some(_)) => {
                Err(Error::BadModel { reason: text("detector and encoder do not fit together") })
            }
        }
    }

    /// What templates are bound to.
    pub(crate) fn encoder_hash(&self) -> Option<EncoderHash> {
        self.pair.as_ref().map(|(_, info)| info.identity)
    }

    /// The threshold for a false-accept rate and so many templates compared with.
    pub(crate) fn threshold(&self, one_in: u32, templates: usize) -> Result<Threshold, Error> {
        let (_, info) = self.pair()?;
        let calibration = Calibration::new(&info.calibration).map_err(|_| Error::NoCalibration)?;
        Ok(calibration.threshold(one_in, templates as u32))
    }
}

/// A face and how well it shows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) face: vision::Face,
    pub(crate) quality: Quality,
}

impl Measured {
    /// Whether it is good enough to be compared.
    pub(crate) fn is_good(&self) -> bool {
        Limits::default().judge(&self.quality).is_acceptable()
    }

    /// As the protocol has it.
    pub(crate) fn message(&self) -> protocol::Face {
        crate::translate::face(&self.face, &self.quality)
    }
}

/// Finds the faces of a frame, the largest first. Faces whose landmarks make no face are none.
pub(crate) fn find<E: Engine>(
    engine: &mut E,
    pair: &E::Pair<'_>,
    frame: &Frame,
) -> Result<Vec<Measured, MAX_FACES>, Fault> {
    let found = engine.detect(pair, frame)?;
    let mut faces: Vec<Measured, MAX_FACES> = Vec::new();
    for face in found {
        if let Ok(quality) = engine.measure(pair, frame, &face) {
            // No more come out than went in.
            let _ = faces.push(Measured { face, quality });
        }
    }
    faces.sort_unstable_by_key(|measured| core::cmp::Reverse(measured.face.bounds.area()));
    Ok(faces)
}

/// The face that the door judges: the largest good one, else the largest.
pub(crate) fn choose(faces: &[Measured]) -> Option<&Measured> {
    faces.iter().find(|face| face.is_good()).or(faces.first())
}

/// Encodes a face into something to compare.
pub(crate) fn encode<E: Engine>(
    engine: &mut E,
    pair: &E::Pair<'_>,
    frame: &Frame,
    face: &Measured,
) -> Result<Template, Fault> {
    engine.encode(pair, frame, &face.face)
}

/// A template and its encoder.
pub(crate) fn probe<'t>(template: &'t Template, info: &EncoderInfo) -> Probe<'t> {
    Probe { template, encoder: info.identity }
}
