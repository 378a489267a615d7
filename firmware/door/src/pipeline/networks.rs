//! The engine of a board: model images used in place, executed by `nn` in an arena, or by the NPU of the board. A float encoder is
//! run by what the board gives for that, if it has any.

use audit::NpuFault;
use nn::{Model, format::Kind};
use npu_section::Section;
use recognizer::{DEFAULT_MIN_SCORE, Liveness, Recognizer};
use template::Template;
use vision::{Face, Faces, Frame, InputSize, Quality, Surroundings, Thumbnail};

use crate::text::text;

use super::engine::{Aligned, EncoderInfo, Engine, Fault, MAX_CALIBRATION, NetworkInfo, NetworkKind};
use super::float::FloatRuntime;
use super::npu::{Helper, Npu};

/// Runs networks in an arena, and float encoders by `R`.
pub struct Networks<'a, R = ()> {
    arena: &'a mut [i8],
    npu: Option<Helper<'a>>,
    float: R,
}

/// A checked image, and what the NPU runs of it.
#[derive(Clone, Copy)]
pub struct Loaded<'i> {
    model: Model<'i>,
    section: Option<Section<'i>>,
}

/// A detector and an encoder, and what the NPU runs of each.
pub struct Joined<'i> {
    recognizer: Recognizer<'i>,
    detector: Option<Section<'i>>,
    encoder: Option<Section<'i>>,
}

/// A face before the encoder.
pub struct AlignedFace<'e, 'a, R> {
    face: recognizer::Aligned<'e>,
    encoder: Option<&'e Section<'e>>,
    npu: &'e mut Option<Helper<'a>>,
    float: &'e mut R,
}

impl Joined<'_> {
    /// Input size of the detector.
    #[must_use]
    pub fn detector_input(&self) -> InputSize {
        self.recognizer.detector_input()
    }
}

impl<'a> Networks<'a> {
    /// An engine whose networks need no more than `arena`, which must be aligned to 16 bytes
    /// (as [`nn::Arena`] is).
    pub fn new(arena: &'a mut [i8]) -> Self {
        Self { arena, npu: None, float: () }
    }

    /// The same engine with the NPU of the board.
    #[must_use]
    pub fn with_npu(self, npu: Option<&'a mut (dyn Npu + Send)>) -> Self {
        Self { npu: npu.map(Helper::new), ..self }
    }

    /// The same engine with what runs float encoders.
    #[must_use]
    pub fn with_float<R: FloatRuntime>(self, float: R) -> Networks<'a, R> {
        Networks { arena: self.arena, npu: self.npu, float }
    }
}

/// Runs a network: on the NPU if it has a section for it and works, else on the processor.
fn run(
    npu: &mut Option<Helper<'_>>,
    kind: NetworkKind,
    section: Option<&Section<'_>>,
    model: &Model<'_>,
    arena: &mut [i8],
) -> Result<(), nn::Error> {
    let ran = match (npu, section) {
        (Some(npu), Some(section)) => npu.run(kind, section, model, arena),
        _ => false,
    };
    if ran { Ok(()) } else { model.run(arena) }
}

impl<'a, R: FloatRuntime> Engine for Networks<'a, R> {
    type Model<'i> = Loaded<'i>;
    type Pair<'i> = Joined<'i>;
    type Aligned<'e>
        = AlignedFace<'e, 'a, R>
    where
        Self: 'e;

    fn load<'i>(&mut self, kind: NetworkKind, image: &'i [u8]) -> Result<(Loaded<'i>, NetworkInfo), Fault> {
        let model = Model::load(image).map_err(Fault::new)?;
        let fits = matches!(
            (kind, model.kind()),
            (NetworkKind::Detector, Kind::Detector)
                | (NetworkKind::Encoder, Kind::Encoder | Kind::FloatEncoder)
                | (NetworkKind::Liveness, Kind::Liveness)
        );
        if !fits {
            return Err(Fault::new(format_args!("it is no {kind}")));
        }
        if kind == NetworkKind::Liveness {
            let network = Liveness::new(model).map_err(Fault::new)?;
            // The sequence model knows the scores of these.
            if network.surroundings() != Surroundings::TIGHT {
                return Err(Fault::new(format_args!("it sees more than a face")));
            }
        }
        let (needed, given) = (model.arena_len(), self.arena.len());
        if needed > given {
            return Err(Fault::new(nn::Error::Arena { needed, given }));
        }
        if model.is_float() {
            if R::IS_THERE {
                // Before it runs: the memory that it takes goes by its input.
                recognizer::check(&model).map_err(Fault::new)?;
            }
            self.float.load(&model)?;
        }
        let section = self.npu.as_mut().and_then(|npu| npu.section(kind, &model));
        Ok((Loaded { model, section }, NetworkInfo { name: text(model.name()) }))
    }

    fn join<'i>(&self, detector: Loaded<'i>, encoder: Loaded<'i>) -> Result<(Joined<'i>, EncoderInfo), Fault>
    where
        // Binds the lifetime as early as the trait does, where it stands in projections only.
        'i: 'i,
    {
        let recognizer =
            Recognizer::new(detector.model, encoder.model, DEFAULT_MIN_SCORE).map_err(Fault::new)?;
        let identity = recognizer.encoder_hash();
        // A longer table loses its strictest rows; what they cover is `Basis::Unproven` then.
        let calibration = recognizer.calibration_points().take(MAX_CALIBRATION).collect();
        let pair = Joined { recognizer, detector: detector.section, encoder: encoder.section };
        Ok((pair, EncoderInfo { identity, calibration }))
    }

    fn fits(&self, detector: Loaded<'_>, encoder: Loaded<'_>) -> Result<EncoderInfo, Fault> {
        self.join(detector, encoder).map(|(_, info)| info)
    }

    fn detect(&mut self, pair: &Joined<'_>, frame: &Frame) -> Result<Faces, Fault> {
        let Self { arena, npu, .. } = self;
        let section = pair.detector.as_ref();
        let run = |model: &Model, arena: &mut [i8]| run(npu, NetworkKind::Detector, section, model, arena);
        pair.recognizer.detect_with(frame, arena, run).map_err(Fault::new)
    }

    fn track(&mut self, pair: &Joined<'_>, frame: &Frame, face: &Face) -> Result<Faces, Fault> {
        // An NPU looks at the whole frame in less time than the processor at a part of it.
        if pair.detector.is_some() && self.npu.as_ref().is_some_and(Helper::serves) {
            return self.detect(pair, frame);
        }
        let Self { arena, npu, .. } = self;
        let section = pair.detector.as_ref();
        let run = |model: &Model, arena: &mut [i8]| run(npu, NetworkKind::Detector, section, model, arena);
        pair.recognizer.track_with(frame, face, arena, run).map_err(Fault::new)
    }

    fn live(&mut self, liveness: &Loaded<'_>, frame: &Frame, face: &Face) -> Result<u16, Fault> {
        let Self { arena, npu, .. } = self;
        let section = liveness.section.as_ref();
        let run = |model: &Model, arena: &mut [i8]| run(npu, NetworkKind::Liveness, section, model, arena);
        let liveness = Liveness::new(liveness.model).map_err(Fault::new)?;
        liveness.score_with(frame, face, arena, run).map_err(Fault::new)
    }

    fn align<'e>(
        &'e mut self,
        pair: &'e Joined<'_>,
        frame: &Frame,
        face: &Face,
    ) -> Result<AlignedFace<'e, 'a, R>, Fault> {
        let Self { arena, npu, float } = self;
        let face = pair.recognizer.align(frame, face, arena).map_err(Fault::new)?;
        Ok(AlignedFace { face, encoder: pair.encoder.as_ref(), npu, float })
    }

    fn is_on_npu(&self, model: &Loaded<'_>) -> bool {
        model.section.is_some() && self.npu.as_ref().is_some_and(Helper::serves)
    }

    fn take_npu_fault(&mut self) -> Option<(NetworkKind, NpuFault)> {
        self.npu.as_mut().and_then(Helper::take_fault)
    }
}

impl<R: FloatRuntime> Aligned for AlignedFace<'_, '_, R> {
    fn quality(&mut self) -> Quality {
        self.face.quality()
    }

    fn openness(&mut self) -> u16 {
        self.face.openness()
    }

    fn thumbnail(&mut self) -> Thumbnail {
        self.face.thumbnail()
    }

    fn encode(self) -> Result<Template, Fault> {
        let Self { face, encoder, npu, float } = self;
        let mut fault = None;
        let run = |model: &Model, arena: &mut [i8]| {
            if R::IS_THERE && model.is_float() {
                return float.run(model, arena).map_err(|why| {
                    fault = Some(why);
                    nn::Error::Float
                });
            }
            run(npu, NetworkKind::Encoder, encoder, model, arena)
        };
        let encoded = face.encode_with(run);
        encoded.map_err(|error| fault.unwrap_or_else(|| Fault::new(error)))
    }
}
