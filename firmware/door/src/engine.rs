//! The networks, as the door needs them: check an image, join two, find faces, judge and encode one.
//!
//! The door itself is tested with an engine that needs no networks; boards use
//! [`Networks`](crate::Networks).

use protocol::{ModelKind, Text};
use template::{CalibrationPoint, EncoderHash, Template};
use vision::{Face, Faces, Frame, Quality};

/// Most rows of a calibration table that are used.
pub const MAX_CALIBRATION: usize = 32;

/// What an image says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkInfo {
    /// The network's name.
    pub name: Text,
}

/// What an encoder's image says of its templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncoderInfo {
    /// What templates are bound to.
    pub identity: EncoderHash,
    /// Thresholds for false-match rates, rising; empty if it was not calibrated.
    pub calibration: heapless::Vec<CalibrationPoint, MAX_CALIBRATION>,
}

/// Why an engine did not do as told, in words for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault(pub Text);

impl Fault {
    /// A fault with a reason, of which as much is kept as fits.
    pub fn new(reason: impl core::fmt::Display) -> Self {
        Self(crate::translate::text(reason))
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
    fn load<'i>(&self, kind: ModelKind, image: &'i [u8]) -> Result<(Self::Model<'i>, NetworkInfo), Fault>;

    /// Joins a detector and an encoder.
    ///
    /// # Errors
    /// A [`Fault`] that says why they do not fit together.
    fn join<'i>(
        &self,
        detector: Self::Model<'i>,
        encoder: Self::Model<'i>,
    ) -> Result<(Self::Pair<'i>, EncoderInfo), Fault>;

    /// Whether [`Engine::join`] would join the two, wherever their images lie.
    ///
    /// # Errors
    /// A [`Fault`] that says why they do not fit together.
    fn fits(&self, detector: Self::Model<'_>, encoder: Self::Model<'_>) -> Result<(), Fault>;

    /// Finds faces, in the frame's coordinates.
    ///
    /// # Errors
    /// A [`Fault`] if the network does not run.
    fn detect(&mut self, pair: &Self::Pair<'_>, frame: &Frame) -> Result<Faces, Fault>;

    /// Lays a face that was found on the encoder's template, once for both its uses.
    ///
    /// # Errors
    /// A [`Fault`] if its landmarks make no face.
    fn align<'e>(
        &'e mut self,
        pair: &'e Self::Pair<'_>,
        frame: &Frame,
        face: &Face,
    ) -> Result<Self::Aligned<'e>, Fault>;

    /// How alive a face that was found looks to a liveness network: Q15, 32768 is surely alive.
    ///
    /// # Errors
    /// A [`Fault`] if the model is no liveness network, or does not run.
    fn live(&mut self, liveness: &Self::Model<'_>, frame: &Frame, face: &Face) -> Result<u16, Fault>;
}

/// A face laid on the encoder's template. It borrows the engine, so that nothing comes between.
pub trait Aligned {
    /// How well the face shows.
    fn quality(&mut self) -> Quality;

    /// How far its eyes are open, as [`vision::openness`] has it.
    fn openness(&mut self) -> u16;

    /// Encodes the face.
    ///
    /// # Errors
    /// A [`Fault`] if the network does not run.
    fn encode(self) -> Result<Template, Fault>;
}
