//! Keys that are derived from a key, by HKDF-SHA-256 (RFC 5869).
//!
//! One for each purpose, so that no key has two.

use crate::{Key, hmac};

impl Key {
    /// The key for a `purpose` and a `salt`, which may be public: one block of HKDF.
    pub fn derive(&self, salt: &[u8], purpose: &[u8]) -> Self {
        hkdf(salt, self.bytes(), purpose)
    }
}

/// The first 32 bytes of HKDF-SHA-256.
fn hkdf(salt: &[u8], secret: &[u8], purpose: &[u8]) -> Key {
    let extracted = hmac(salt, &[secret]);
    hmac(extracted.bytes(), &[purpose, &[1]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_two_purposes_or_salts_differ() {
        let key = Key::new([7; 32]);
        assert_eq!(key.derive(b"", b"a"), key.derive(b"", b"a"));
        assert_ne!(key.derive(b"", b"a"), key.derive(b"", b"b"));
        assert_ne!(key.derive(b"1", b"a"), key.derive(b"2", b"a"));
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
