//! The fields of an audit entry besides kind and time.

use audit::DETAIL_BYTES;

/// The fields of an entry.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct EntryFields {
    pub(crate) reason: u8,
    pub(crate) score: i16,
    pub(crate) person: Option<u32>,
    pub(crate) detail: [u8; DETAIL_BYTES],
}

impl EntryFields {
    /// Fields with a reason.
    pub(crate) fn reason(reason: u8) -> Self {
        Self { reason, ..Self::default() }
    }

    /// Adds the host that did it, and eight bytes more.
    pub(crate) fn by(self, host: Option<[u8; 32]>, more: [u8; 8]) -> Self {
        let [a, b, c, d, ..] = host.unwrap_or_default();
        let [e, f, g, h, i, j, k, l] = more;
        Self { detail: [a, b, c, d, e, f, g, h, i, j, k, l], ..self }
    }

    /// Adds a number.
    pub(crate) fn count(self, count: u32) -> Self {
        let [a, b, c, d] = count.to_le_bytes();
        Self { detail: [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0], ..self }
    }
}
