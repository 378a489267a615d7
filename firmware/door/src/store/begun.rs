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
    /// `None` until there is one, and if it is too long.
    pub(crate) reply: Option<Reply>,
}
