//! Which hosts a board knows, and what they may do.

use serde::{Deserialize, Serialize};

use crate::Hash;

/// Most bytes of a host's label.
pub const MAX_LABEL: usize = 24;

/// Most hosts that a board knows.
pub const MAX_HOSTS: usize = 8;

/// What people call a host, as "reception": UTF-8, up to [`MAX_LABEL`] bytes.
pub type Label = heapless::String<MAX_LABEL>;

/// What a host may do. Each role may do all that those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Reads: settings, people, events.
    Auditor,
    /// Also enrols and removes people, and asks whose a face is.
    Operator,
    /// Also changes settings and models, invites and removes hosts, restarts the board.
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

/// A host that was paired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Its static key.
    pub key: Hash,
    /// What it may do.
    pub role: Role,
    /// What people call it.
    pub label: Label,
}

/// How far a pairing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pairing {
    /// The board shows the code and waits for its button.
    Waiting {
        /// Milliseconds that are left.
        left_ms: u32,
    },
    /// The button was pressed: the host is paired.
    Paired {
        /// What it may do.
        role: Role,
    },
    /// There is none, or its time is over.
    None,
}

/// An Ed25519 signature (RFC 8032), in its two halves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// The point.
    pub r: [u8; 32],
    /// The scalar.
    pub s: [u8; 32],
}

impl Signature {
    /// The 64 bytes.
    pub fn bytes(&self) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes.iter_mut().zip(self.r.iter().chain(&self.s)).for_each(|(to, from)| *to = *from);
        bytes
    }

    /// From the 64 bytes.
    pub fn new(bytes: &[u8; 64]) -> Self {
        let (mut r, mut s) = ([0; 32], [0; 32]);
        r.iter_mut().chain(&mut s).zip(bytes).for_each(|(to, from)| *to = *from);
        Self { r, s }
    }
}
