//! What a picture shows: its faces, how good they are, and whose the chosen one is.
//!
//! Judging a camera's picture and answering a host's request go the same way, so that what a
//! request says of a photograph is what the door would do.

use gallery::Probe;
use heapless::Vec;
use protocol::{Error, LivenessMode, ModelInfo, ModelKind};
use sha2::{Digest, Sha256};
use template::{Calibration, EncoderHash, Template, Threshold};
use vision::{Face, Faces, Frame};

use crate::{
    engine::{Aligned, EncoderInfo, Engine, Fault},
    storage::Image,
    translate::{self, text},
};

impl From<Fault> for Error {
    fn from(Fault(reason): Fault) -> Self {
        Error::Internal { reason }
    }
}

/// The models in force.
pub(crate) struct Models<'i, E: Engine + 'i> {
    /// What they are, as far as there are any.
    pub(crate) infos: Vec<ModelInfo, 3>,
    pub(crate) detector: Option<E::Model<'i>>,
    pub(crate) encoder: Option<E::Model<'i>>,
    pub(crate) liveness: Option<E::Model<'i>>,
    /// The two joined, and what the encoder says of itself.
    pub(crate) pair: Option<(E::Pair<'i>, EncoderInfo)>,
}

impl<'i, E: Engine> Models<'i, E> {
    /// No models.
    pub(crate) fn none() -> Self {
        Self { infos: Vec::new(), detector: None, encoder: None, liveness: None, pair: None }
    }

    /// Loads a model in force; one that does not load, or is not the one that was signed, counts as
    /// none. Returns whether it loaded.
    pub(crate) fn load(&mut self, engine: &E, kind: ModelKind, image: Image, slot: &'i [u8]) -> bool {
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
        let loaded = model.is_some();
        match kind {
            ModelKind::Detector => self.detector = model,
            ModelKind::Liveness => self.liveness = model,
            _ => self.encoder = model,
        }
        loaded
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

    /// The network that looks for pictures of faces; none if nobody asks for it.
    ///
    /// # Errors
    /// [`Error::NoModel`] if it is asked for and missing: the door then stays locked.
    pub(crate) fn liveness(&self, mode: LivenessMode) -> Result<Option<&E::Model<'i>>, Error> {
        match (mode, &self.liveness) {
            (LivenessMode::Off, _) => Ok(None),
            (_, Some(model)) => Ok(Some(model)),
            (_, None) => Err(Error::NoModel { kind: ModelKind::Liveness }),
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

/// The face that counts, and its template or what is wrong with it.
pub(crate) struct Judged {
    /// As the detector found it.
    pub(crate) found: Face,
    /// As the protocol has it.
    pub(crate) face: protocol::Face,
    /// How far its eyes are open.
    pub(crate) openness: u16,
    pub(crate) template: Result<Template, protocol::Flaw>,
}

/// Finds the faces of a frame, the largest first.
pub(crate) fn find<E: Engine>(engine: &mut E, pair: &E::Pair<'_>, frame: &Frame) -> Result<Faces, Fault> {
    let mut faces = Faces::new();
    for face in engine.detect(pair, frame)? {
        // Sorting by `core` would cost 8 KiB of flash.
        let place = faces.partition_point(|larger| larger.bounds.area() >= face.bounds.area());
        // No more come out than went in.
        let _ = faces.insert(place, face);
    }
    Ok(faces)
}

/// How well a face shows, and the face itself as the protocol has it.
pub(crate) fn measure<A: Aligned>(face: &Face, aligned: &mut A) -> protocol::Face {
    translate::face(face, &aligned.quality())
}

/// Judges a face and encodes it if it shows well enough to be compared.
pub(crate) fn judge<E: Engine>(
    engine: &mut E,
    pair: &E::Pair<'_>,
    frame: &Frame,
    face: &Face,
) -> Result<Judged, Fault> {
    let mut aligned = engine.align(pair, frame, face)?;
    let (found, face) = (*face, measure(face, &mut aligned));
    let openness = aligned.openness();
    let template = match face.flaw {
        None => Ok(aligned.encode()?),
        Some(flaw) => Err(flaw),
    };
    Ok(Judged { found, face, openness, template })
}

/// What the door goes by: of `faces`, the largest first, the first good one, else the first.
pub(crate) fn choose<E: Engine>(
    engine: &mut E,
    pair: &E::Pair<'_>,
    frame: &Frame,
    faces: &[Face],
) -> Result<Option<Judged>, Fault> {
    let mut chosen = None;
    for face in faces {
        let judged = judge(engine, pair, frame, face)?;
        if judged.template.is_ok() {
            return Ok(Some(judged));
        }
        chosen.get_or_insert(judged);
    }
    Ok(chosen)
}

/// A template and its encoder.
pub(crate) fn probe<'t>(template: &'t Template, info: &EncoderInfo) -> Probe<'t> {
    Probe { template, encoder: info.identity }
}
