//! Secret keys of 32 bytes, and key derivation.
//!
//! A [`Key`] is wiped on drop, compared in constant time, and never printed. Further keys are derived from it
//! with HKDF-SHA-256 (RFC 5869), one for each purpose, so that no key serves two purposes.

use core::fmt;

use noise_protocol::{Hash, U8Array};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::primitives::Sha;

/// Block size of SHA-256 in bytes, which is the longest HMAC key that is not hashed first.
const BLOCK: usize = 64;

/// A secret key of 32 bytes.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; 32]>);

impl Key {
    /// A key of these bytes. The caller wipes any other copy of them.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The secret bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Derives the key for a `purpose` and a `salt`, which may be public: HKDF with one block of output.
    pub fn derive(&self, salt: &[u8], purpose: &[u8]) -> Self {
        hkdf(salt, self.bytes(), purpose)
    }
}

/// The first 32 bytes of HKDF-SHA-256.
fn hkdf(salt: &[u8], secret: &[u8], purpose: &[u8]) -> Key {
    let extracted = match salt.len() {
        0..=BLOCK => Sha::hmac(salt, secret),
        // HMAC hashes a longer key first.
        _ => Sha::hmac(Sha::hash(salt).as_slice(), secret),
    };
    Sha::hmac_many(extracted.as_slice(), &[purpose, &[1]])
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&*other.0).into()
    }
}

impl Eq for Key {}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// Required by the Noise library for its keys.
impl U8Array for Key {
    fn new() -> Self {
        Self::new([0; 32])
    }

    fn new_with(byte: u8) -> Self {
        Self::new([byte; 32])
    }

    fn from_slice(bytes: &[u8]) -> Self {
        let mut key = Self::new([0; 32]);
        key.0.copy_from_slice(bytes);
        key
    }

    fn len() -> usize {
        32
    }

    fn as_slice(&self) -> &[u8] {
        &self.0[..]
    }

    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.0[..]
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn derived_keys_differ_by_purpose_and_salt_and_are_not_printed() {
        let key = Key::new([7; 32]);
        assert_eq!(key.derive(b"", b"a"), key.derive(b"", b"a"));
        assert_ne!(key.derive(b"", b"a"), key.derive(b"", b"b"));
        assert_ne!(key.derive(b"1", b"a"), key.derive(b"2", b"a"));
        assert_eq!(std::format!("{key:?}"), "Key(…)");
    }

    /// RFC 5869, the first bytes of test cases 1 (short), 2 (a salt longer than a block) and 3 (none).
    #[test]
    fn derivation_is_hkdf() {
        let salt: [u8; 13] = core::array::from_fn(|at| at as u8);
        let info: [u8; 10] = core::array::from_fn(|at| 0xf0 + at as u8);
        let first = hkdf(&salt, &[0x0b; 22], &info);
        assert_eq!(first.bytes()[..8], [0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a]);
        let secret: [u8; 80] = core::array::from_fn(|at| at as u8);
        let salt: [u8; 80] = core::array::from_fn(|at| 0x60 + at as u8);
        let info: [u8; 80] = core::array::from_fn(|at| 0xb0 + at as u8);
        let second = hkdf(&salt, &secret, &info);
        assert_eq!(second.bytes()[..8], [0xb1, 0x1e, 0x39, 0x8d, 0xc8, 0x03, 0x27, 0xa1]);
        let third = hkdf(&[], &[0x0b; 22], &[]);
        assert_eq!(third.bytes()[..8], [0x8d, 0xa4, 0xe7, 0x75, 0xa5, 0x63, 0xc1, 0x8f]);
    }
}
