//! Errors: unsuitable networks, and faces without a template.

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

/// Why a network was rejected, or a face was not encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Error {
    /// The model image is of another kind.
    Kind(Network),
    /// The input of the network is not RGB, or has an unsupported size.
    Input(Network),
    /// The outputs of the network do not have the number, shapes or precision of its kind.
    Outputs(Network),
    /// The arena is shorter than [`Recognizer::arena_len`](crate::Recognizer::arena_len) bytes, or
    /// not aligned to 16.
    Arena,
    /// The encoder is a float network, which this engine does not run.
    Float,
    /// The landmarks of the face cannot be aligned; the detector returns no such face.
    Landmarks,
    /// The aligned crop does not have the input size of the encoder.
    Crop,
    /// The encoder returned an embedding of zeros.
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
            Self::Kind(network) => write!(f, "the model is not a {network}"),
            Self::Input(network) => write!(f, "the {network} has an unsupported input"),
            Self::Outputs(network) => write!(f, "the {network} has unsupported outputs"),
            Self::Arena => f.write_str("the arena is too short or not aligned to 16 bytes"),
            Self::Float => f.write_str("the face encoder is a float one, which only tract runs"),
            Self::Landmarks => f.write_str("the landmarks cannot be aligned to the face template"),
            Self::Crop => f.write_str("the aligned crop does not have the input size of the face encoder"),
            Self::Embedding => f.write_str("the face encoder returned an embedding of zeros"),
        }
    }
}

impl core::error::Error for Error {}

impl From<nn::Error> for Error {
    /// Why a network did not run, after it was checked.
    fn from(error: nn::Error) -> Self {
        match error {
            nn::Error::Float => Self::Float,
            _ => Self::Arena,
        }
    }
}
