//! Models: their manifests, where their files lie, and how they are fetched.
//!
//! ```text
//! Manifest    models/NAME/manifest.toml: source, preprocessing, calibration
//! Store       the folders of models, pictures and firmware: a source tree, or the user's data folder
//! fetch       pinned packages of a registry, taken apart and checked by SHA-256
//! ImageFile   a model image in memory, aligned for use in place
//! ```
#![forbid(unsafe_code)]

pub mod calibration;
mod embedded;
mod error;
pub mod fetch;
mod image_file;
mod manifest;
pub mod package;
pub mod pip;
mod plain_name;
mod store;

use std::path::PathBuf;

pub use error::Error;
pub use image_file::{Arena, ImageFile};
pub use manifest::{
    Basis, Calibration, CalibrationPoint, Channels, Input, Kind, Manifest, Miss, Misses, Purpose, WorstGroup,
};
pub use plain_name::plain_name;
pub use store::{Store, is_open};

/// The detector that commands use by default.
pub const DETECTOR: &str = "yunet";

/// The encoder that commands use by default.
pub const ENCODER: &str = "postern-128";

/// The liveness network that commands use by default.
pub const LIVENESS: &str = "liveness";

/// Short for a result of this crate.
pub type Result<T> = core::result::Result<T, Error>;

/// The image that a user names: a file, or a compiled model.
///
/// # Errors
/// As [`Store::image`].
pub fn image(name: &str) -> Result<PathBuf> {
    Store::find().image(name)
}

/// The image of the model `name`, which may be a word of somebody else: of a board, for instance. It is no path.
///
/// # Errors
/// As [`Store::named_image`].
pub fn named_image(name: &str) -> Result<PathBuf> {
    Store::find().named_image(name)
}

/// The folder of the training `name` in the data folder.
///
/// # Errors
/// [`Error::Name`].
pub fn training(name: &str) -> Result<PathBuf> {
    Store::find().training(name)
}

/// The path of a file in the data folder, see [`Store`].
pub fn data(path: &str) -> PathBuf {
    Store::find().data(path)
}

/// The folder of the boards' firmware in the data folder.
pub fn firmware_folder() -> PathBuf {
    data("firmware")
}
