//! What can go wrong with a float network.

use std::path::PathBuf;

use vision::Surroundings;

const WIDE: Surroundings = Surroundings::WIDE;
const TIGHT: Surroundings = Surroundings::TIGHT;

/// Why a network cannot be run, or samples cannot be collected.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The model is unknown or not fetched.
    #[error(transparent)]
    Model(#[from] models::Error),
    /// A photograph cannot be read.
    #[error(transparent)]
    Photo(#[from] imaging::Error),
    /// A picture does not fit the device's pipeline.
    #[error(transparent)]
    Picture(#[from] vision::Error),
    /// A network cannot be read.
    #[error("{}", path.display())]
    Network {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: compiler::Error,
    },
    /// The preprocessing of a manifest is not supported.
    #[error("{name}: the same mean for all channels is required")]
    Preprocessing {
        /// The model.
        name: String,
    },
    /// The outputs of a network are not those of its kind.
    #[error("{}: its outputs are not those of {expected}", path.display())]
    Outputs {
        /// Its file.
        path: PathBuf,
        /// The kind of network that was expected.
        expected: &'static str,
    },
    /// No liveness network sees so many pixels.
    #[error("a liveness network sees a square of {} or of {} pixels a side, not {width}", WIDE.side(), TIGHT.side())]
    Surroundings {
        /// Width of its input.
        width: usize,
    },
    /// A file or folder cannot be read.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A folder has no picture with a face.
    #[error("{} has no picture with a face", folder.display())]
    NoFace {
        /// The folder.
        folder: PathBuf,
    },
}
