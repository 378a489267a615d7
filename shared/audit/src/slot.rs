//! A slot of the log: an entry and its link, sealed.
//!
//! ```text
//! offset  bytes  what
//! 0       4      number, u32 LE; ff ff ff ff in an erased slot
//! 4       16     tag over number and text
//! 20      44     sealed text: entry, 28 bytes | link of the chain, 16 bytes
//! ```

use nor_store::Codec;

use crate::{
    chain::{CHAIN_BYTES, Chain},
    entry::ENTRY_BYTES,
};

/// Bytes of a slot.
pub(crate) const SLOT_BYTES: usize = 64;
/// Bytes of a tag.
pub const TAG_BYTES: usize = 16;
/// Bytes of what is sealed.
const TEXT_BYTES: usize = ENTRY_BYTES + CHAIN_BYTES;

/// Encrypts and authenticates entries under the device's key.
///
/// The log uses no number twice, unless somebody restores an older state of its flash. A seal must not leak
/// anything even then.
pub trait Seal {
    /// Encrypts `text` in place, and returns the tag over it and `number`.
    fn seal(&self, number: u32, text: &mut [u8]) -> [u8; TAG_BYTES];

    /// Decrypts `text` in place. If this returns false, the tag is not that of `text` and `number`, and
    /// `text` must not be used.
    #[must_use]
    fn open(&self, number: u32, text: &mut [u8], tag: &[u8; TAG_BYTES]) -> bool;
}

/// An entry and its link, as they lie in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Linked {
    pub(crate) bytes: [u8; ENTRY_BYTES],
    pub(crate) chain: Chain,
}

/// Slots sealed by the device's key.
pub(crate) struct Sealed<S>(pub(crate) S);

impl<S: Seal> Codec for Sealed<S> {
    type Entry = Linked;
    type Slot = [u8; SLOT_BYTES];
    const PITCH: usize = SLOT_BYTES;

    fn slot() -> Self::Slot {
        [0; SLOT_BYTES]
    }

    fn encode(&self, number: u32, entry: &Linked, slot: &mut Self::Slot) {
        let mut text = [0; TEXT_BYTES];
        text[..ENTRY_BYTES].copy_from_slice(&entry.bytes);
        text[ENTRY_BYTES..].copy_from_slice(&entry.chain.0);
        let tag = self.0.seal(number, &mut text);
        slot[4..20].copy_from_slice(&tag);
        slot[20..].copy_from_slice(&text);
    }

    fn decode(&self, number: u32, slot: &Self::Slot) -> Option<Linked> {
        let (mut tag, mut text) = ([0; TAG_BYTES], [0; TEXT_BYTES]);
        tag.copy_from_slice(&slot[4..20]);
        text.copy_from_slice(&slot[20..]);
        if !self.0.open(number, &mut text, &tag) {
            return None;
        }
        let mut entry = Linked { bytes: [0; ENTRY_BYTES], chain: Chain::default() };
        entry.bytes.copy_from_slice(&text[..ENTRY_BYTES]);
        entry.chain.0.copy_from_slice(&text[ENTRY_BYTES..]);
        Some(entry)
    }
}
