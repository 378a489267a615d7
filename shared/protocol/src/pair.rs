//! Paired hosts and their roles.

use serde::{Deserialize, Serialize};

use crate::Hash;

/// Most bytes of a label.
pub const MAX_LABEL: usize = 24;

/// Most hosts that can be paired with a board.
pub const MAX_HOSTS: usize = 8;

/// The label of a host, such as "reception": UTF-8, up to [`MAX_LABEL`] bytes.
pub type Label = heapless::String<MAX_LABEL>;

/// The role of a host. Each role has all permissions of the roles before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Reads settings, people and events.
    Auditor,
    /// Also enrols and removes people, and identifies faces.
    Operator,
    /// Also changes settings and models, invites and removes hosts, and restarts the board.
    Installer,
}

impl core::fmt::Display for Role {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Role::Auditor => "auditor",
            Role::Operator => "operator",
            Role::Installer => "installer",
        })
    }
}

/// A paired host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Its static public key.
    pub key: Hash,
    /// Its role.
    pub role: Role,
    /// Its label.
    pub label: Label,
}

/// The state of a pairing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pairing {
    /// The board shows the code, and its pairing button counts now: held it confirms, let go within two seconds it declines.
    Waiting {
        /// Milliseconds until the timeout.
        left_ms: u32,
    },
    /// The button was held while the code was shown: the host is paired.
    Paired {
        /// The role of the host.
        role: Role,
    },
    /// No pairing is in progress, or it timed out.
    None,
    /// The board waits for the first press of its pairing button. Until then it discloses nothing.
    Requested {
        /// Milliseconds until the timeout.
        left_ms: u32,
    },
    /// The board shows the code. A press does not count yet: there must be time to compare.
    Shown {
        /// Milliseconds until the timeout.
        left_ms: u32,
    },
    /// The board shows that all but its log is to be erased.
    Erasing {
        /// Presses of the pairing button until it is: 2, then 1.
        presses: u8,
        /// Whether a press counts now: what is shown must be there for a while.
        counts: bool,
        /// Milliseconds until the timeout.
        left_ms: u32,
    },
}

/// An Ed25519 signature (RFC 8032), split into its two halves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// The encoded point R.
    pub r: [u8; 32],
    /// The scalar S.
    pub s: [u8; 32],
}

impl Signature {
    /// The signature as 64 bytes.
    pub fn bytes(&self) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes.iter_mut().zip(self.r.iter().chain(&self.s)).for_each(|(to, from)| *to = *from);
        bytes
    }

    /// A signature from its 64 bytes.
    pub fn new(bytes: &[u8; 64]) -> Self {
        let (mut r, mut s) = ([0; 32], [0; 32]);
        r.iter_mut().chain(&mut s).zip(bytes).for_each(|(to, from)| *to = *from);
        Self { r, s }
    }
}
