//! Why a frame cannot be assessed.

use core::fmt;

use super::engine::{Fault, NetworkKind};

/// Why a frame cannot be assessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Error {
    /// A network is missing.
    NoModel(NetworkKind),
    /// Detector and encoder do not fit together.
    NoFit,
    /// The encoder was not calibrated.
    NoCalibration,
    /// A network did not run.
    Engine(Fault),
    /// The gallery refused.
    Gallery(gallery::Error),
    /// Nobody comes in while the cover is open.
    CoverOpen,
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Engine(fault)
    }
}

impl From<gallery::Error> for Error {
    fn from(error: gallery::Error) -> Self {
        Self::Gallery(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoModel(kind) => write!(f, "there is no {kind}"),
            Self::NoFit => f.write_str("detector and encoder do not fit together"),
            Self::NoCalibration => f.write_str("the encoder is not calibrated"),
            Self::Engine(Fault(reason)) => f.write_str(reason),
            Self::Gallery(error) => error.fmt(f),
            Self::CoverOpen => f.write_str("the cover is open"),
        }
    }
}
