//! Why two networks make no recognizer, or a face no template.

use core::fmt;

/// One of the networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Network {
    /// The face detector.
    Detector,
    /// The face encoder.
    Encoder,
    /// The liveness network.
    Liveness,
}

/// Why a network was refused or a face not recognized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Error {
    /// The model image says that it is for something else.
    Kind(Network),
    /// The network's input is not RGB, or of a size that it cannot be.
    Input(Network),
    /// The network has not the outputs that its kind has, or not in their shape and precision.
    Outputs(Network),
    /// The arena is shorter than [`Recognizer::arena_len`](crate::Recognizer::arena_len) bytes, or
    /// not aligned to 16.
    Arena,
    /// The landmarks of the face cannot be aligned: it is no face that the detector gave.
    Landmarks,
    /// An aligned crop has not the size that the encoder takes.
    Crop,
    /// The encoder answered with nothing but zeros.
    Embedding,
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Detector => "face detector",
            Self::Encoder => "face encoder",
            Self::Liveness => "liveness network",
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(network) => write!(f, "the model is no {network}"),
            Self::Input(network) => write!(f, "the {network} takes no input of its kind"),
            Self::Outputs(network) => write!(f, "the {network} has not the outputs of its kind"),
            Self::Arena => f.write_str("the arena is too short or not aligned to 16 bytes"),
            Self::Landmarks => f.write_str("the landmarks cannot be aligned to the face template"),
            Self::Crop => f.write_str("the aligned crop has not the size that the face encoder takes"),
            Self::Embedding => f.write_str("the face encoder gave an embedding of zeros"),
        }
    }
}

impl core::error::Error for Error {}
