//! What the flash has under a key, and the inventory, by which a lost record differs from one that never was.
//!
//! A record that was deleted leaves nothing, and neither does one that was never written. So the inventory has a bit for
//! each key that was written, and is stored twice. A bit follows its record, so a power cut between the two leaves a
//! valid record, which counts.
//!
//! | the record | its bit | outcome |
//! |---|---|---|
//! | opens | | valid |
//! | does not open, or is gone | set | tampered |
//! | does not open, or is gone | not set | absent: it never was, or another board wrote it |
//!
//! The inventory is written before the salt of the gallery's key, at the first boot. If there is a salt and no inventory,
//! every bit counts as set, as when the flash cannot be read. Without both the board knows nobody, as after its settings were wiped.

/// What the flash has under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored<T> {
    /// Nothing: the key was never written.
    Absent,
    /// A record of this board.
    Valid(T),
    /// A record was written, and is damaged, changed or gone. Whatever it permitted is refused.
    Tampered,
}

impl<T> Stored<T> {
    /// The value, whatever became of it otherwise.
    pub(crate) fn valid(self) -> Option<T> {
        if let Self::Valid(value) = self { Some(value) } else { None }
    }
}

/// The keys that were written, a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Inventory(pub(crate) u64);

impl Inventory {
    /// Nothing was written.
    pub(crate) const EMPTY: Self = Self(0);
    /// Everything was: no absence is trusted.
    pub(crate) const FULL: Self = Self(u64::MAX);

    /// The inventory of two copies; `has_salt` tells whether there is a salt.
    pub(crate) fn of(copies: [Option<u64>; 2], has_salt: bool) -> Self {
        match copies {
            [None, None] if has_salt => Self::FULL,
            copies => Self(copies.into_iter().flatten().fold(0, |all, one| all | one)),
        }
    }

    /// Whether the key of a bit was written.
    pub(crate) fn has(self, bit: u8) -> bool {
        self.0 >> bit & 1 == 1
    }

    /// With a bit.
    pub(crate) fn with(self, bit: u8) -> Self {
        Self(self.0 | 1 << bit)
    }
}
