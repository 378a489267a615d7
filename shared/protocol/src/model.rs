//! The networks in a board's flash, and its firmware.

use serde::{Deserialize, Serialize};

use crate::{Hash, Text};

/// What a network is for. Each kind has two slots in flash, one in force and one idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ModelKind {
    /// Finds faces.
    Detector,
    /// Makes a template of a face.
    Encoder,
    /// Tells a face from a picture of one.
    Liveness,
    /// No network, but the board's own firmware, which comes the same way.
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

/// A network in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// What it is for.
    pub kind: ModelKind,
    /// Its name, as "mobilefacenet".
    pub name: Text,
    /// SHA-256 of its image.
    pub sha256: Hash,
    /// Length of its image in bytes.
    pub length: u32,
}

/// The board's own firmware, which a boot loader has started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firmware {
    /// The slot it runs from: 0 or 1.
    pub slot: u8,
    /// The newest release ever in force, which is the one in force.
    pub newest: u64,
    /// The release that is staged, or on trial.
    pub pending: Option<u64>,
    /// Whether that is what runs.
    pub trial: bool,
}
