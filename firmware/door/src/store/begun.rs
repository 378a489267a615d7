//! The last request of a host, as the settings keep it. `session::executed` says what for.

use heapless::Vec;
use protocol::{Hash, IdempotencyKey};
use serde::{Deserialize, Serialize};

/// Bytes of the longest reply that is kept: more than that of any request that changes something.
const REPLY: usize = 128;

/// A packed reply.
pub(crate) type Reply = Vec<u8, REPLY>;

/// The last request of a host that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Begun {
    /// The key of the host at that time.
    pub(crate) host: Hash,
    pub(crate) key: IdempotencyKey,
    pub(crate) progress: Progress,
}

/// How far a request came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Progress {
    /// There is no reply that could be given again: the request is executed, its reply is too long, or a reset came in
    /// between and the audit log says so.
    Unknown,
    Replied(Reply),
    /// It is executed, and may change something: the intent, and the number of the newest entry of the audit log at that time.
    /// Once the log has another entry, it has that of the request, or the next boot has told of it.
    Changing(Intent, Option<u32>),
}

/// What a request changes, for the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Intent {
    /// The number of the kind of its entry.
    pub(crate) kind: u8,
    /// The detail of its entry, after the host.
    pub(crate) detail: [u8; 8],
}
