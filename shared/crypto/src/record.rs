//! A record at rest: encrypted, authenticated, and bound to its place.
//!
//! ```text
//! sealed   nonce, 24 bytes | ChaCha20-Poly1305( record ) | tag, 16 bytes
//! nonce    HKDF-SHA-256( key, salt: 24 random bytes, SHA-256( associated data | record ) )
//! key      HKDF-SHA-256( key, salt: nonce, "postern record" ), of this record alone; counter 0
//! ```
//! The associated data says where the record belongs and is not stored: a record that was moved to
//! another place does not open.
//!
//! # Nonces
//! The cipher's own nonce has 12 bytes, too few to draw at random; a key for each record, which follows
//! from 24, is what XChaCha20 does with more code.
//!
//! Two different records under one key and one nonce would give away both. A counter would have
//! to survive every power cut before its number is used, which costs a write of flash a record.
//! Random nonces of 24 bytes never meet, if the random numbers are good. Here they need not even
//! be that: the nonce depends on the record, too, as in SIV (RFC 5297). Should a board draw the
//! same random numbers after a reset, the same nonce comes again only for the same record at the
//! same place, and then the sealed bytes are the same as well and tell nothing new.

use noise_protocol::Cipher;

use crate::{
    Entropy, Error, Key,
    primitives::{ChaChaPoly, TAG},
    random::digest,
};

/// Bytes of the nonce, before the record.
pub const NONCE: usize = 24;
/// What a record's own key is for.
const PURPOSE: &[u8] = b"postern record";
/// Bytes by which a sealed record is longer than the record.
pub const OVERHEAD: usize = NONCE + TAG;

/// Seals the `length` bytes that begin at [`NONCE`] of the buffer, and returns all sealed bytes.
/// `place` is what the record is bound to.
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
/// [`Error::Length`], and [`Error::Forged`] for another key, another place, or a changed bit.
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
    fn every_bit_and_the_place_and_the_key_are_bound() {
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
    fn a_generator_that_repeats_itself_repeats_no_nonce() {
        let key = Key::new([1; 32]);
        let nonce = |place: &[u8], record: &[u8]| sealed(&key, 2, place, record)[..NONCE].to_vec();
        assert_eq!(nonce(b"p", b"Ann"), nonce(b"p", b"Ann"));
        assert_ne!(nonce(b"p", b"Ann"), nonce(b"p", b"Bob"));
        assert_ne!(nonce(b"p", b"Ann"), nonce(b"q", b"Ann"));
        assert_ne!(nonce(b"pA", b"nn"), nonce(b"p", b"Ann"));
        assert_ne!(sealed(&key, 3, b"p", b"Ann"), sealed(&key, 2, b"p", b"Ann"));
    }
}
