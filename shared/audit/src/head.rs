//! The head of a log: what a board signs, so that others can check an exported log without the board.
//!
//! ```text
//! signed   "postern log head 1" | first u32 LE | entry, 28 bytes | last u32 LE | chain, 16 bytes | time u64 LE
//! ```
//! The chain alone has no key: whoever changes an entry can compute all links after it again. The signature covers the
//! link of the newest entry, and so all entries that led to it. It covers the bytes of the first entry, too, because the
//! link before that may be erased already. `time` is when the board signed, in the form of an entry's time.

use crate::chain::{CHAIN_BYTES, Chain};
use crate::entry::{ENTRY_BYTES, Time};

/// Bytes that are signed.
pub const SIGNED_HEAD: usize = 18 + 4 + ENTRY_BYTES + 4 + CHAIN_BYTES + 8;

/// The part of a log from one entry to the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Number of the first entry.
    pub first: u32,
    /// The bytes of that entry.
    pub entry: [u8; ENTRY_BYTES],
    /// Number of the newest entry.
    pub last: u32,
    /// Its link of the chain.
    pub chain: Chain,
    /// When the board signed.
    pub time: Time,
}

impl Head {
    /// The bytes that are signed.
    #[must_use]
    pub fn signed(&self) -> [u8; SIGNED_HEAD] {
        let mut bytes = [0; SIGNED_HEAD];
        bytes[..18].copy_from_slice(b"postern log head 1");
        bytes[18..22].copy_from_slice(&self.first.to_le_bytes());
        bytes[22..50].copy_from_slice(&self.entry);
        bytes[50..54].copy_from_slice(&self.last.to_le_bytes());
        bytes[54..70].copy_from_slice(&self.chain.0);
        bytes[70..].copy_from_slice(&self.time.to_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_signed() {
        let time = Time { unix_ms: 5, exact: true };
        let head = Head { first: 1, entry: [2; ENTRY_BYTES], last: 3, chain: Chain([4; CHAIN_BYTES]), time };
        let others = [
            Head { first: 2, ..head },
            Head { entry: [3; ENTRY_BYTES], ..head },
            Head { last: 4, ..head },
            Head { chain: Chain([5; CHAIN_BYTES]), ..head },
            Head { time: Time { unix_ms: 6, exact: true }, ..head },
            Head { time: Time { unix_ms: 5, exact: false }, ..head },
        ];
        assert!(others.iter().all(|other| other.signed() != head.signed()));
    }
}
