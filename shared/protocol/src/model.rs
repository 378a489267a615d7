//! The networks in a board's flash.

use serde::{Deserialize, Serialize};

use crate::{Hash, Text};

/// What a network is for. Each kind has two slots in flash, one in force and one idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ModelKind {
    /// Finds faces.
    Detector,
    /// Makes a template of a face.
    Encoder,
    /// Tells a face from a picture of one.
    Liveness,
}

impl core::fmt::Display for ModelKind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            ModelKind::Detector => "detector",
            ModelKind::Encoder => "encoder",
            ModelKind::Liveness => "liveness network",
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
