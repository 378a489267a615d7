//! The engine of a board: model images used in place, executed by `nn` in an arena.

use nn::{Model, format::Kind};
use recognizer::{DEFAULT_MIN_SCORE, Liveness, Recognizer};
use template::Template;
use vision::{Face, Faces, Frame, Quality};

use crate::text::text;

use super::engine::{Aligned, EncoderInfo, Engine, Fault, MAX_CALIBRATION, NetworkInfo, NetworkKind};

/// Runs networks in an arena.
pub struct Networks<'a> {
    arena: &'a mut [i8],
}

impl<'a> Networks<'a> {
    /// An engine whose networks need no more than `arena`, which must be aligned to 16 bytes
    /// (as [`nn::Arena`] is).
    pub fn new(arena: &'a mut [i8]) -> Self {
        Self { arena }
    }
}

impl Engine for Networks<'_> {
    type Model<'i> = Model<'i>;
    type Pair<'i> = Recognizer<'i>;
    type Aligned<'e>
        = recognizer::Aligned<'e>
    where
        Self: 'e;

    fn load<'i>(&self, kind: NetworkKind, image: &'i [u8]) -> Result<(Model<'i>, NetworkInfo), Fault> {
        let model = Model::load(image).map_err(Fault::new)?;
        let fits = matches!(
            (kind, model.kind()),
            (NetworkKind::Detector, Kind::Detector)
                | (NetworkKind::Encoder, Kind::Encoder)
                | (NetworkKind::Liveness, Kind::Liveness)
        );
        if !fits {
            return Err(Fault::new(format_args!("it is no {kind}")));
        }
        if kind == NetworkKind::Liveness {
            Liveness::new(model).map_err(Fault::new)?;
        }
        let (needed, given) = (model.arena_len(), self.arena.len());
        if needed > given {
            return Err(Fault::new(nn::Error::Arena { needed, given }));
        }
        Ok((model, NetworkInfo { name: text(model.name()) }))
    }

    fn join<'i>(
        &self,
        detector: Model<'i>,
        encoder: Model<'i>,
    ) -> Result<(Recognizer<'i>, EncoderInfo), Fault>
    where
        // Binds the lifetime as early as the trait does, where it stands in projections only.
        'i: 'i,
    {
        let pair = Recognizer::new(detector, encoder, DEFAULT_MIN_SCORE).map_err(Fault::new)?;
        let identity = pair.encoder_hash();
        // A longer table loses its strictest rows; what they cover is `Basis::Unproven` then.
        let calibration = pair.calibration_points().take(MAX_CALIBRATION).collect();
        Ok((pair, EncoderInfo { identity, calibration }))
    }

    fn fits(&self, detector: Model<'_>, encoder: Model<'_>) -> Result<(), Fault> {
        self.join(detector, encoder).map(|_| ())
    }

    fn detect(&mut self, pair: &Recognizer<'_>, frame: &Frame) -> Result<Faces, Fault> {
        pair.detect(frame, self.arena).map_err(Fault::new)
    }

    fn live(&mut self, liveness: &Model<'_>, frame: &Frame, face: &Face) -> Result<u16, Fault> {
        let liveness = Liveness::new(*liveness).map_err(Fault::new)?;
        liveness.score(frame, face, self.arena).map_err(Fault::new)
    }

    fn align<'e>(
        &'e mut self,
        pair: &'e Recognizer<'_>,
        frame: &Frame,
        face: &Face,
    ) -> Result<recognizer::Aligned<'e>, Fault> {
        pair.align(frame, face, self.arena).map_err(Fault::new)
    }
}

impl Aligned for recognizer::Aligned<'_> {
    fn quality(&mut self) -> Quality {
        recognizer::Aligned::quality(self)
    }

    fn openness(&mut self) -> u16 {
        recognizer::Aligned::openness(self)
    }

    fn encode(self) -> Result<Template, Fault> {
        recognizer::Aligned::encode(self).map_err(Fault::new)
    }
}
