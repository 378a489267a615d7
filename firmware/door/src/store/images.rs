//! What the settings say of the images in the slots.

use protocol::Hash;
use serde::{Deserialize, Serialize};

/// An image in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Image {
    pub(crate) slot: u8,
    pub(crate) length: u32,
    pub(crate) sha256: Hash,
}

/// A transfer under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    pub(crate) image: Image,
    /// Bytes that are surely in flash.
    pub(crate) safe: u32,
}
