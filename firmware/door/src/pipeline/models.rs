//! The active models, loaded.

use heapless::Vec;
use sha2::{Digest, Sha256};
use template::{Calibration, EncoderHash, Threshold};

use crate::{
    log::{log, log_private},
    text::Text,
};

use super::{
    engine::{EncoderInfo, Engine, Fault, NetworkKind},
    error::Error,
    liveness_watch::LivenessMode,
};

/// An active model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModelInfo {
    pub(crate) kind: NetworkKind,
    /// The name in the image.
    pub(crate) name: Text,
    pub(crate) sha256: [u8; 32],
    /// Bytes of the image.
    pub(crate) length: u32,
}

/// The active models.
pub(crate) struct Models<'i, E: Engine + 'i> {
    /// Those that were loaded.
    pub(crate) infos: Vec<ModelInfo, 3>,
    pub(crate) detector: Option<E::Model<'i>>,
    pub(crate) encoder: Option<E::Model<'i>>,
    liveness: Option<E::Model<'i>>,
    /// Detector and encoder as a pair, with the description of the encoder.
    pair: Option<(E::Pair<'i>, EncoderInfo)>,
}

impl<'i, E: Engine> Models<'i, E> {
    /// No models.
    pub(crate) fn none() -> Self {
        Self { infos: Vec::new(), detector: None, encoder: None, liveness: None, pair: None }
    }

    /// Loads an active model. A model that does not load, or whose bytes differ from the signed ones, counts as missing.
    /// Returns whether it loaded.
    pub(crate) fn load(
        &mut self,
        engine: &mut E,
        kind: NetworkKind,
        sha256: [u8; 32],
        image: &'i [u8],
    ) -> bool {
        let signed = <[u8; 32]>::from(Sha256::digest(image)) == sha256;
        let loaded =
            if signed { engine.load(kind, image) } else { Err(Fault::new("it was changed in flash")) };
        let model = match loaded {
            Ok((model, info)) => {
                let length = image.len() as u32;
                // There is room for one of each kind.
                let _ = self.infos.push(ModelInfo { kind, name: info.name, sha256, length });
                Some(model)
            }
            Err(Fault(reason)) => {
                log!(error, "an active model does not load");
                log_private!(error, "because {=str}", reason.as_str());
                None
            }
        };
        let loaded = model.is_some();
        match kind {
            NetworkKind::Detector => self.detector = model,
            NetworkKind::Liveness => self.liveness = model,
            NetworkKind::Encoder => self.encoder = model,
        }
        loaded
    }

    /// Pairs detector and encoder.
    pub(crate) fn join(&mut self, engine: &E) {
        self.pair = match (self.detector, self.encoder) {
            (Some(detector), Some(encoder)) => match engine.join(detector, encoder) {
                Ok(pair) => Some(pair),
                Err(Fault(reason)) => {
                    log!(error, "the models do not fit");
                    log_private!(error, "because {=str}", reason.as_str());
                    None
                }
            },
            _ => None,
        };
    }

    /// Detector and encoder.
    ///
    /// # Errors
    /// [`Error::NoModel`] if one is missing, [`Error::NoFit`] if they do not fit together.
    pub(crate) fn pair(&self) -> Result<&(E::Pair<'i>, EncoderInfo), Error> {
        match (&self.pair, &self.detector) {
            (Some(pair), _) => Ok(pair),
            (None, None) => Err(Error::NoModel(NetworkKind::Detector)),
            (None, Some(_)) if self.encoder.is_none() => Err(Error::NoModel(NetworkKind::Encoder)),
            (None, Some(_)) => Err(Error::NoFit),
        }
    }

    /// The liveness network; `None` if liveness is off.
    ///
    /// # Errors
    /// [`Error::NoModel`] if it is needed and missing: the door then stays locked.
    pub(crate) fn liveness(&self, mode: LivenessMode) -> Result<Option<&E::Model<'i>>, Error> {
        match (mode, &self.liveness) {
            (LivenessMode::Off, _) => Ok(None),
            (_, Some(model)) => Ok(Some(model)),
            (_, None) => Err(Error::NoModel(NetworkKind::Liveness)),
        }
    }

    /// The networks that an NPU runs.
    pub(crate) fn on_npu(&self, engine: &E) -> impl Iterator<Item = NetworkKind> {
        let loaded = [
            (NetworkKind::Detector, &self.detector),
            (NetworkKind::Encoder, &self.encoder),
            (NetworkKind::Liveness, &self.liveness),
        ];
        let runs = |model: &Option<E::Model<'i>>| model.as_ref().is_some_and(|it| engine.is_on_npu(it));
        loaded.into_iter().filter(move |(_, model)| runs(model)).map(|(kind, _)| kind)
    }

    /// The hash that templates are bound to.
    pub(crate) fn encoder_hash(&self) -> Option<EncoderHash> {
        self.pair.as_ref().map(|(_, info)| info.identity)
    }

    /// The threshold for a false-accept rate of one in `one_in`, and a comparison with this many templates.
    ///
    /// # Errors
    /// As [`Models::pair`], and [`Error::NoCalibration`].
    pub(crate) fn threshold(&self, one_in: u32, templates: usize) -> Result<Threshold, Error> {
        let (_, info) = self.pair()?;
        let calibration = Calibration::new(&info.calibration).map_err(|_| Error::NoCalibration)?;
        Ok(calibration.threshold(one_in, templates as u32))
    }
}
