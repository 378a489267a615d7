//! Records at rest: encrypted, authenticated, and bound to their location.
//!
//! ```text
//! sealed   nonce, 24 bytes | ChaCha20-Poly1305( record ) | tag, 16 bytes
//! nonce    HKDF-SHA-256( key, salt: 24 random bytes, SHA-256( associated data | record ) )
//! key      HKDF-SHA-256( key, salt: nonce, "postern record" ), for this record alone; counter 0
//! ```
//! The associated data identifies the location of the record and is not stored: a record that was moved to
//! another location cannot be opened.
//!
//! # Nonces
//! The nonce of the cipher has 12 bytes, too few to be drawn at random. A key per record, derived from a
//! nonce of 24 bytes, has the effect of XChaCha20 with less code.
//!
//! Two different records under one key and one nonce would reveal both. A counter would have to be stored
//! before each use to survive a power cut, which costs a flash write per record. Random nonces of 24 bytes
//! never collide, if the random numbers are good. Here they need not be: the nonce depends on the record as
//! well, as in SIV (RFC 5297). If a board draws the same random numbers after a reset, it repeats a nonce
//! only for the same record at the same location, and then the sealed bytes are equal, too, and reveal
//! nothing new.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use noise_protocol::Cipher;

use crate::{
    Entropy, Error, Key,
    primitives::{ChaChaPoly, TAG},
    random::digest,
};

/// Bytes of the nonce, which precedes the record.
pub const NONCE: usize = 24;
/// Purpose of the key of a record.
const PURPOSE: &[u8] = b"postern record";
/// Bytes that sealing adds to a record.
pub const OVERHEAD: usize = NONCE + TAG;

/// Seals the `length` bytes from [`NONCE`] of the buffer, and returns all sealed bytes. `place` is the
/// location that the record is bound to.
///
/// # Errors
/// [`Error::Length`] if the buffer has no room for the tag.
pub fn seal<'b>(
    key: &Key,
    entropy: &mut impl Entropy,
    place: &[u8],
    buffer: &'b mut [u8],
    length: usize,
) -> Result<&'b [u8], Error> {
    let sealed = buffer.get_mut(..length.saturating_add(OVERHEAD)).ok_or(Error::Length)?;
    let (nonce, rest) = sealed.split_first_chunk_mut::<NONCE>().ok_or(Error::Length)?;
    entropy.fill(nonce);
    let record = rest.get(..length).unwrap_or_default();
    let content = digest(&[&(place.len() as u32).to_le_bytes(), place, record]);
    let drawn = key.derive(nonce, &content);
    nonce.iter_mut().zip(drawn.bytes()).for_each(|(to, from)| *to = *from);
    let key = key.derive(nonce, PURPOSE);
    ChaChaPoly::encrypt_in_place(&key, 0, place, rest, length);
    Ok(sealed)
}

/// Opens a sealed record in place.
///
/// # Errors
/// [`Error::Length`], and [`Error::Forged`] for another key, another location, or a changed bit.
pub fn open<'b>(key: &Key, place: &[u8], sealed: &'b mut [u8]) -> Result<&'b mut [u8], Error> {
    let (nonce, rest) = sealed.split_first_chunk_mut::<NONCE>().ok_or(Error::Length)?;
    let sealed = rest.len();
    if sealed < TAG {
        return Err(Error::Length);
    }
    let key = key.derive(nonce, PURPOSE);
    let length = ChaChaPoly::decrypt_in_place(&key, 0, place, rest, sealed).map_err(|()| Error::Forged)?;
    rest.get_mut(..length).ok_or(Error::Length)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::Generator;
    use std::{vec, vec::Vec};

    fn sealed(key: &Key, seed: u8, place: &[u8], record: &[u8]) -> Vec<u8> {
        let mut buffer = vec![0; record.len() + OVERHEAD];
        buffer[NONCE..][..record.len()].copy_from_slice(record);
        let mut random = Generator::new(&Key::new([seed; 32]), b"");
        seal(key, &mut random, place, &mut buffer, record.len()).unwrap().to_vec()
    }

    #[test]
    fn every_bit_and_the_location_and_the_key_are_authenticated() {
        let key = Key::new([1; 32]);
        let record = b"a name and a face";
        let bytes = sealed(&key, 2, b"place", record);
        assert!(!bytes.windows(4).any(|window| window == b"name"));
        assert_eq!(open(&key, b"place", &mut bytes.clone()).unwrap(), record);
        assert_eq!(open(&key, b"other", &mut bytes.clone()), Err(Error::Forged));
        assert_eq!(open(&Key::new([2; 32]), b"place", &mut bytes.clone()), Err(Error::Forged));
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&key, b"place", &mut changed), Err(Error::Forged), "bit {bit}");
        }
        for length in 0..OVERHEAD {
            assert!(open(&key, b"place", &mut bytes[..length].to_vec()).is_err());
        }
    }

    #[test]
    fn a_repeating_generator_repeats_no_nonce() {
        let key = Key::new([1; 32]);
        let nonce = |place: &[u8], record: &[u8]| sealed(&key, 2, place, record)[..NONCE].to_vec();
        assert_eq!(nonce(b"p", b"Ann"), nonce(b"p", b"Ann"));
        assert_ne!(nonce(b"p", b"Ann"), nonce(b"p", b"Bob"));
        assert_ne!(nonce(b"p", b"Ann"), nonce(b"q", b"Ann"));
        assert_ne!(nonce(b"pA", b"nn"), nonce(b"p", b"Ann"));
        assert_ne!(sealed(&key, 3, b"p", b"Ann"), sealed(&key, 2, b"p", b"Ann"));
    }
}
