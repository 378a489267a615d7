//! The record of the keys that are trusted: the signer of images, and those who may open by signed commands.
//!
//! ```text
//! signer, 32 | keys of those who may open, 4 x 32, zeros for nobody
//! ```
//! A record of before commands were known ends after the signer: nobody may open. Older firmware reads the signer alone.
//!
//! Both are what an installer trusts, and one record is listed in the inventory for both. So nobody who may open no more is
//! brought back by an older record.

use protocol::{Hash, MAX_OPENERS};
use serde::{Deserialize, Deserializer, Serialize};

/// The keys that are trusted.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Trusted {
    pub(super) signer: Hash,
    pub(super) openers: Openers,
}

/// Who may open.
#[derive(Default, Serialize)]
pub(super) struct Openers(pub(super) [Hash; MAX_OPENERS]);

impl<'de> Deserialize<'de> for Openers {
    /// What opened is a record of this board, so that it ends early only where it is one of before.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Deserialize::deserialize(deserializer).unwrap_or_default()))
    }
}
