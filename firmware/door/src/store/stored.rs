//! What the flash has under a key. `inventory` says how a record that is lost or old is told from one that never was.

/// What the flash has under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored<T> {
    /// Nothing: the key was never written.
    Absent,
    /// A record of this board, the newest of its key.
    Valid(T),
    /// A record was written, and is damaged, changed, older or gone. Whatever it permitted is refused.
    Tampered,
}

impl<T> Stored<T> {
    /// The value, whatever became of it otherwise.
    pub(crate) fn valid(self) -> Option<T> {
        if let Self::Valid(value) = self { Some(value) } else { None }
    }
}
