//! Entries of the audit log, and the clock.
//!
//! The crate `audit` defines the content of an entry and the hash chain. The protocol carries the entries as
//! bytes, so a reader can verify them, and can read the log of a newer board.

use serde::{Deserialize, Serialize};

use crate::{Hash, Signature};

/// Most entries in one page of [`Response::Log`](crate::Response::Log).
pub const ENTRIES_PER_PAGE: usize = 32;

/// An entry of the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Number of the entry.
    pub number: u32,
    /// The entry, see `audit::Entry`.
    pub entry: [u8; 28],
    /// Its link of the hash chain, see `audit::Chain`.
    pub chain: [u8; 16],
}

/// The head of the audit log, signed by the board; see `audit::Head`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogHead {
    /// Number of the first entry that is signed.
    pub first: u32,
    /// Number of the newest entry.
    pub last: u32,
    /// Link of the newest entry.
    pub chain: [u8; 16],
    /// When the board signed.
    pub clock: Clock,
    /// The public key with which the board signs its log.
    pub signer: Hash,
    /// The signature.
    pub signature: Signature,
}

/// The time of a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Milliseconds since 1970, UTC.
    pub unix_ms: u64,
    /// Whether a host has set the clock since the board lost the time. If not, `unix_ms` is a lower bound.
    pub exact: bool,
}
