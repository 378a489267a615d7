//! The networks as the pipeline uses them: check an image, pair two, find faces, assess and encode one.
//!
//! Tests use an engine without networks; boards use [`Networks`](crate::Networks).

use audit::NpuFault;
use template::{CalibrationPoint, EncoderHash, Template};
use vision::{Face, Faces, Frame, Quality, Thumbnail};

use crate::text::{Text, text};

/// Most rows of a calibration table that are used.
pub const MAX_CALIBRATION: usize = 32;

/// What a network does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkKind {
    /// Finds faces.
    Detector,
    /// Encodes a face as a template.
    Encoder,
    /// Scores whether a face is a living one.
    Liveness,
}

impl core::fmt::Display for NetworkKind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Detector => "detector",
            Self::Encoder => "encoder",
            Self::Liveness => "liveness network",
        })
    }
}

/// The description in the image of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkInfo {
    /// The network's name.
    pub name: Text,
}

/// The description of an encoder's templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncoderInfo {
    /// The hash that templates are bound to.
    pub identity: EncoderHash,
    /// Thresholds for false-match rates, rising; empty if it was not calibrated.
    pub calibration: heapless::Vec<CalibrationPoint, MAX_CALIBRATION>,
}

/// Why an engine failed, as a text for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault(pub Text);

impl Fault {
    /// A fault with a reason, cut to what fits.
    pub fn new(reason: impl core::fmt::Display) -> Self {
        Self(text(reason))
    }
}

/// Loads and runs networks.
pub trait Engine {
    /// A network whose image was checked.
    type Model<'i>: Copy;
    /// A detector and an encoder that fit together.
    type Pair<'i>;
    /// A face before the encoder.
    type Aligned<'e>: Aligned
    where
        Self: 'e;

    /// Checks an image, all of it: that it is whole, of that kind, and that there is memory to
    /// run it. This takes as long as a SHA-256 of the image.
    ///
    /// # Errors
    /// A [`Fault`] that says why it cannot be used.
    fn load<'i>(
        &mut self,
        kind: NetworkKind,
        image: &'i [u8],
    ) -> Result<(Self::Model<'i>, NetworkInfo), Fault>;

    /// Joins a detector and an encoder.
    ///
    /// # Errors
    /// A [`Fault`] that says why they do not fit together.
    fn join<'i>(
        &self,
        detector: Self::Model<'i>,
        encoder: Self::Model<'i>,
    ) -> Result<(Self::Pair<'i>, EncoderInfo), Fault>;

    /// The description of the encoder if [`Engine::join`] would join the two, wherever their images lie.
    ///
    /// # Errors
    /// A [`Fault`] that says why they do not fit together.
    fn fits(&self, detector: Self::Model<'_>, encoder: Self::Model<'_>) -> Result<EncoderInfo, Fault>;

    /// Finds faces, in the frame's coordinates.
    ///
    /// # Errors
    /// A [`Fault`] if the network does not run.
    fn detect(&mut self, pair: &Self::Pair<'_>, frame: &Frame) -> Result<Faces, Fault>;

    /// Finds faces near the place of a face of a moment ago, in the frame's coordinates. An engine that cannot do that for
    /// less looks at the whole frame.
    ///
    /// # Errors
    /// A [`Fault`] if the network does not run.
    fn track(&mut self, pair: &Self::Pair<'_>, frame: &Frame, face: &Face) -> Result<Faces, Fault> {
        let _ = face;
        self.detect(pair, frame)
    }

    /// Aligns a face to the encoder's input, once for quality and encoding.
    ///
    /// # Errors
    /// A [`Fault`] if the landmarks cannot be aligned.
    fn align<'e>(
        &'e mut self,
        pair: &'e Self::Pair<'_>,
        frame: &Frame,
        face: &Face,
    ) -> Result<Self::Aligned<'e>, Fault>;

    /// The liveness score of a face: Q15, 32768 is surely alive.
    ///
    /// # Errors
    /// A [`Fault`] if the model is no liveness network, or does not run.
    fn live(&mut self, liveness: &Self::Model<'_>, frame: &Frame, face: &Face) -> Result<u16, Fault>;

    /// Whether an NPU runs this network. The processor gives the same bytes.
    fn is_on_npu(&self, _model: &Self::Model<'_>) -> bool {
        false
    }

    /// A network that the NPU did not run and the processor did, and why: each is told once.
    fn take_npu_fault(&mut self) -> Option<(NetworkKind, NpuFault)> {
        None
    }
}

/// A face aligned to the encoder's input. It borrows the engine, so that no other network overwrites it.
pub trait Aligned {
    /// The quality of the view.
    fn quality(&mut self) -> Quality;

    /// How far its eyes are open, as [`vision::openness`] has it.
    fn openness(&mut self) -> u16;

    /// Its thumbnail, by which the same face is known a moment later.
    fn thumbnail(&mut self) -> Thumbnail;

    /// Encodes the face.
    ///
    /// # Errors
    /// A [`Fault`] if the network does not run.
    fn encode(self) -> Result<Template, Fault>;
}
