//! An access controller on the bus, which hears of the door by OSDP.

use serde::{Deserialize, Serialize};

/// How a controller knows a board on its bus, and the board the controller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Osdp {
    /// The board's address, 0 to [`MAX_ADDRESS`](Self::MAX_ADDRESS).
    pub address: u8,
    /// The key that both have.
    pub key: Scbk,
}

impl Osdp {
    /// The highest address; the next one is everybody's.
    pub const MAX_ADDRESS: u8 = 126;
}

/// A secure channel base key, AES-128. It is not shown by [`Debug`](core::fmt::Debug).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scbk(pub [u8; 16]);

impl core::fmt::Debug for Scbk {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Scbk")
    }
}

/// What a board tells of its controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OsdpState {
    /// The board's address.
    pub address: u8,
    /// Whether there is a secure channel.
    pub secure: bool,
}
