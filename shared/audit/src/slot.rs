//! A slot of the ring: an entry and its link, sealed.
//!
//! ```text
//! offset  bytes  what
//! 0       4      number, u32 LE; ff ff ff ff in an erased slot
//! 4       16     tag over number and text
//! 20      44     sealed text: entry, 28 bytes | link of the chain, 16 bytes
//! ```

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
/// What an erased byte reads as.
const ERASED: u8 = 0xff;

/// Encrypts and authenticates entries under the device's key.
///
/// The log gives no number twice, unless somebody puts an old state of its flash back: a seal that gives
/// something away then is a weak one.
pub trait Seal {
    /// Encrypts `text` in place, and gives the tag over it and `number`.
    fn seal(&self, number: u32, text: &mut [u8]) -> [u8; TAG_BYTES];

    /// Decrypts `text` in place; false, and then `text` is worth nothing, if the tag is not that of it
    /// and `number`.
    #[must_use]
    fn open(&self, number: u32, text: &mut [u8], tag: &[u8; TAG_BYTES]) -> bool;
}

/// What a slot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Nothing: it is erased.
    Blank,
    /// Nothing that opens: a power cut interrupted it, or it was damaged.
    Broken,
    /// An entry.
    Entry { number: u32, bytes: [u8; ENTRY_BYTES], chain: Chain },
}

/// The bytes of a slot.
pub(crate) type Slot = [u8; SLOT_BYTES];

/// Seals an entry and its link.
pub(crate) fn write(seal: &impl Seal, number: u32, entry: &[u8; ENTRY_BYTES], chain: Chain) -> Slot {
    let mut text = [0; TEXT_BYTES];
    text[..ENTRY_BYTES].copy_from_slice(entry);
    text[ENTRY_BYTES..].copy_from_slice(&chain.0);
    let tag = seal.seal(number, &mut text);
    let mut slot = [0; SLOT_BYTES];
    slot[..4].copy_from_slice(&number.to_le_bytes());
    slot[4..20].copy_from_slice(&tag);
    slot[20..].copy_from_slice(&text);
    slot
}

/// Opens a slot, unless it has a number that does not belong there.
pub(crate) fn read(seal: &impl Seal, slot: &Slot, belongs: impl FnOnce(u32) -> bool) -> Content {
    if slot.iter().all(|byte| *byte == ERASED) {
        return Content::Blank;
    }
    let [n0, n1, n2, n3, rest @ ..] = *slot;
    let number = u32::from_le_bytes([n0, n1, n2, n3]);
    let (mut tag, mut text) = ([0; TAG_BYTES], [0; TEXT_BYTES]);
    tag.copy_from_slice(&rest[..TAG_BYTES]);
    text.copy_from_slice(&rest[TAG_BYTES..]);
    if !belongs(number) || !seal.open(number, &mut text, &tag) {
        return Content::Broken;
    }
    let (mut bytes, mut chain) = ([0; ENTRY_BYTES], Chain::default());
    bytes.copy_from_slice(&text[..ENTRY_BYTES]);
    chain.0.copy_from_slice(&text[ENTRY_BYTES..]);
    Content::Entry { number, bytes, chain }
}
