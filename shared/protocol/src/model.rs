//! The models in the flash of a board, and its firmware.

use serde::{Deserialize, Serialize};

use crate::{Hash, Text};

/// The kind of an image. Each kind has two slots in flash, one active and one idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ModelKind {
    /// Finds faces.
    Detector,
    /// Makes a template of a face.
    Encoder,
    /// Scores liveness.
    Liveness,
    /// The firmware of the board, which is transferred in the same way.
    Firmware,
}

impl core::fmt::Display for ModelKind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            ModelKind::Detector => "detector",
            ModelKind::Encoder => "encoder",
            ModelKind::Liveness => "liveness network",
            ModelKind::Firmware => "firmware",
        })
    }
}

/// An active model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// The kind.
    pub kind: ModelKind,
    /// The name, such as "mobilefacenet".
    pub name: Text,
    /// SHA-256 of the image.
    pub sha256: Hash,
    /// Length of the image in bytes.
    pub length: u32,
}

/// The firmware of the board, started by a boot loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firmware {
    /// The slot that the running firmware was started from: 0 or 1.
    pub slot: u8,
    /// The release that runs. It is older than the newest one if the board fell back to the firmware before it.
    pub running: u64,
    /// The newest release that was ever active.
    pub newest: u64,
    /// The release that is staged or on trial.
    pub pending: Option<u64>,
    /// Whether the pending release is the one that runs (on trial).
    pub trial: bool,
}
