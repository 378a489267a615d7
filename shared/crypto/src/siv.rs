//! Short numbered records at rest, encrypted and authenticated without a nonce: HKDF-SHA-256 in the
//! construction of SIV (RFC 5297, which uses AES).
//!
//! ```text
//! tag    HKDF( tag key, salt: number u32 LE, text )[..16]
//! text   xor HKDF( text key, salt: tag, block u8 ), 32 bytes a block
//! ```
//! The tag serves as the nonce. So a number may be used twice without harm: somebody who restores an old
//! state of the flash makes a board use numbers twice, but learns only whether two records of one number are
//! equal. The cost is two passes of HMAC, which short records can afford.

use crate::{Key, Tag};

/// Bytes of a tag.
pub const SIV_TAG: usize = 16;

/// Bytes of a keystream block.
const BLOCK: usize = 32;

/// Seals and opens records of one purpose.
pub struct Siv {
    tag: Key,
    text: Key,
}

impl Siv {
    /// Derives the keys from `key`, which must serve no other purpose.
    pub fn new(key: &Key) -> Self {
        Self { tag: key.derive(b"", b"postern siv tag"), text: key.derive(b"", b"postern siv text") }
    }

    /// Encrypts `text` (at most 8 KiB) in place, and returns the tag over it and `number`.
    pub fn seal(&self, number: u32, text: &mut [u8]) -> [u8; SIV_TAG] {
        let tag = *self.tag_of(number, text).bytes();
        self.mask(&tag, text);
        tag
    }

    /// Decrypts `text` in place. Returns false if the tag does not match the text and `number`; then `text`
    /// is garbage.
    #[must_use]
    pub fn open(&self, number: u32, text: &mut [u8], tag: &[u8; SIV_TAG]) -> bool {
        self.mask(tag, text);
        self.tag_of(number, text).matches(tag)
    }

    fn tag_of(&self, number: u32, text: &[u8]) -> Tag<SIV_TAG> {
        self.tag.tag(&number.to_le_bytes(), text).shortened()
    }

    fn mask(&self, tag: &[u8; SIV_TAG], text: &mut [u8]) {
        for (block, chunk) in (0u8..).zip(text.chunks_mut(BLOCK)) {
            let stream = self.text.derive(tag, &[block]);
            chunk.iter_mut().zip(stream.bytes()).for_each(|(byte, mask)| *byte ^= mask);
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn every_bit_and_the_number_and_the_key_are_authenticated() {
        let siv = Siv::new(&Key::new([1; 32]));
        let text: [u8; 44] = core::array::from_fn(|at| at as u8);
        let mut sealed = text;
        let tag = siv.seal(7, &mut sealed);
        assert!(sealed.iter().zip(&text).filter(|(a, b)| a == b).count() < 6);
        let mut opened = sealed;
        assert!(siv.open(7, &mut opened, &tag));
        assert_eq!(opened, text);
        assert!(!siv.open(8, &mut sealed.clone(), &tag));
        assert!(!Siv::new(&Key::new([2; 32])).open(7, &mut sealed.clone(), &tag));
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(!siv.open(7, &mut changed, &tag), "bit {bit}");
        }
        for bit in 0..tag.len() * 8 {
            let mut changed = tag;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(!siv.open(7, &mut sealed.clone(), &changed), "bit {bit} of the tag");
        }
    }

    /// Two texts under one number use different keystreams, so neither is revealed.
    #[test]
    fn a_repeated_number_repeats_no_keystream() {
        let siv = Siv::new(&Key::new([1; 32]));
        let (mut one, mut other) = ([0; 44], [0; 44]);
        other[43] = 1;
        assert_ne!(siv.seal(7, &mut one), siv.seal(7, &mut other));
        let same = one.iter().zip(&other).filter(|(a, b)| a == b).count();
        assert!(same < 6, "{same} bytes are the same");
    }
}
