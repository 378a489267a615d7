//! The audit log as a board tells it, and its clock.
//!
//! What an entry says, and how entries are chained, is the crate `audit`'s: the protocol carries bytes, so that
//! who reads the log can check them, and can read a log of a newer board.

use serde::{Deserialize, Serialize};

/// Most entries in one page of [`Response::Log`](crate::Response::Log).
pub const ENTRIES_PER_PAGE: usize = 32;

/// An entry of the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Its number.
    pub number: u32,
    /// Its bytes, see `audit::Entry`.
    pub entry: [u8; 28],
    /// Its link of the chain, see `audit::Chain`.
    pub chain: [u8; 16],
}

/// What a board's clock shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Milliseconds since 1970, UTC.
    pub unix_ms: u64,
    /// Whether a host set it since the board lost the time. If not, it is at least that.
    pub exact: bool,
}
