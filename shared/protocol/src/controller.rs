//! The access controller on the OSDP bus.

use serde::{Deserialize, Serialize};

/// Configuration of the OSDP bus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Osdp {
    /// The board's address, 0 to [`MAX_ADDRESS`](Self::MAX_ADDRESS).
    pub address: u8,
    /// The key shared by controller and board.
    pub key: Scbk,
}

impl Osdp {
    /// The highest address; the next one is the broadcast address.
    pub const MAX_ADDRESS: u8 = 126;
}

/// A secure channel base key (SCBK), AES-128. [`Debug`](core::fmt::Debug) does not print it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scbk(pub [u8; 16]);

impl core::fmt::Debug for Scbk {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Scbk")
    }
}

/// State of the OSDP bus as the board reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OsdpState {
    /// The board's address.
    pub address: u8,
    /// Whether a secure channel is established.
    pub secure: bool,
}
