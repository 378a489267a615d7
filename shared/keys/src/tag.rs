//! Authentication tags: the one type in which they are compared.
//!
//! Whoever can time a comparison that ends at the first difference finds a tag byte by byte. So every tag, proof and
//! commitment that was received or read from flash is compared as a [`Tag`], in constant time. `cargo xtask tidy` finds
//! other comparisons.

use core::fmt;

use subtle::ConstantTimeEq;

use crate::Key;

/// A tag of `N` bytes. Equality takes the same time wherever two tags differ.
#[derive(Clone, Copy)]
pub struct Tag<const N: usize = 32>([u8; N]);

impl<const N: usize> Tag<N> {
    /// A tag of these bytes.
    pub const fn new(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn bytes(&self) -> &[u8; N] {
        &self.0
    }

    /// The first `M` bytes as a shorter tag. If there are fewer, zeros follow.
    pub fn shortened<const M: usize>(&self) -> Tag<M> {
        let mut bytes = [0; M];
        bytes.iter_mut().zip(&self.0).for_each(|(to, from)| *to = *from);
        Tag(bytes)
    }

    /// Whether `bytes` are this tag. Their number may be known, and decides at once.
    pub fn matches(&self, bytes: &[u8]) -> bool {
        self.0[..].ct_eq(bytes).into()
    }
}

impl<const N: usize> PartialEq for Tag<N> {
    fn eq(&self, other: &Self) -> bool {
        self.matches(&other.0)
    }
}

impl<const N: usize> Eq for Tag<N> {}

impl<const N: usize> fmt::Debug for Tag<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tag(…)")
    }
}

impl Key {
    /// The tag of `text` under this key and a `salt`, which may be public: the bytes of [`Key::derive`]. A key that
    /// makes tags derives no other keys.
    pub fn tag(&self, salt: &[u8], text: &[u8]) -> Tag {
        Tag::new(*self.derive(salt, text).bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_of_a_tag_counts() {
        let tag = Key::new([7; 32]).tag(b"1", b"text");
        assert_eq!(tag.bytes(), Key::new([7; 32]).derive(b"1", b"text").bytes());
        for bit in 0..8 * 32 {
            let mut other = *tag.bytes();
            other[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(tag, Tag::new(other), "bit {bit}");
            assert!(!tag.matches(&other));
        }
        assert!(tag.matches(tag.bytes()) && !tag.matches(&tag.bytes()[..31]) && !tag.matches(&[]));
        assert!(tag.shortened::<8>().matches(&tag.bytes()[..8]));
    }
}
