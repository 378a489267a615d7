//! A firmware image: a header that says what it is, and the code.
//!
//! ```text
//! offset  bytes  what
//! 0       4      "PFW1"
//! 4       4      board, u32 LE: 547 or 500
//! 8       8      release, u64 LE: it rises
//! 16      4      load address, u32 LE: where the code lies when it runs
//! 20      4      length of the code, u32 LE, a multiple of 4
//! 24      8      zeros
//! 32      32     SHA-256 of the code
//! 64      64     Ed25519 signature of bytes 0 to 63; zeros where the factory's programmer put it there
//! 128     ...    the code, which begins with the vector table
//! ```
//! The signature covers the code by its hash. An image's digest is the SHA-256 of its header, which covers all
//! of it.
#![deny(clippy::arithmetic_side_effects)]

use core::ops::Range;

use sha2::{Digest, Sha256};

use crate::Error;

/// Bytes of a header.
pub const HEADER_BYTES: usize = 128;
/// Bytes of a header that are signed.
const SIGNED: usize = 64;
/// The first bytes of an image.
const MAGIC: [u8; 4] = *b"PFW1";

/// What an image must be for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The board's number.
    pub board: u32,
    /// The addresses at which code may lie.
    pub code: Range<u32>,
}

/// What an image says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The board it is for.
    pub board: u32,
    /// The number of the release.
    pub release: u64,
    /// Where its code runs.
    pub load: u32,
    /// Bytes of its code.
    pub length: u32,
    /// SHA-256 of its code.
    pub sha256: [u8; 32],
    /// Of all of the above.
    pub signature: [u8; 64],
}

impl Header {
    /// The header of the image that `bytes` begin with.
    ///
    /// # Errors
    /// [`Error::NotFirmware`], [`Error::Truncated`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let header = bytes.first_chunk::<HEADER_BYTES>().ok_or(Error::Truncated)?;
        let (board, release) = Self::names(header).ok_or(Error::NotFirmware)?;
        let word = |at: usize| u32::from_le_bytes(array(header, at));
        Ok(Self {
            board,
            release,
            load: word(16),
            length: word(20),
            sha256: array(header, 32),
            signature: array(header, SIGNED),
        })
    }

    /// Board and release of the image that `bytes` begin with; `None` if they begin with none.
    #[must_use]
    pub fn names(bytes: &[u8]) -> Option<(u32, u64)> {
        let [m0, m1, m2, m3, b0, b1, b2, b3, r0, r1, r2, r3, r4, r5, r6, r7, ..] = *bytes else {
            return None;
        };
        let named = [m0, m1, m2, m3] == MAGIC;
        let release = u64::from_le_bytes([r0, r1, r2, r3, r4, r5, r6, r7]);
        named.then_some((u32::from_le_bytes([b0, b1, b2, b3]), release))
    }

    /// The bytes, as they lie before the code.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..8].copy_from_slice(&self.board.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.release.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.load.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.length.to_le_bytes());
        bytes[32..64].copy_from_slice(&self.sha256);
        bytes[SIGNED..].copy_from_slice(&self.signature);
        bytes
    }

    /// The bytes that are signed.
    #[must_use]
    pub fn signed(&self) -> [u8; SIGNED] {
        array(&self.to_bytes(), 0)
    }
}

/// A whole image, whose code is what its header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Image<'a> {
    /// The header.
    pub header: Header,
    /// The code.
    pub code: &'a [u8],
    /// Its digest, which covers all of it.
    pub digest: [u8; 32],
}

impl<'a> Image<'a> {
    /// The image at the beginning of a slot. Everything is checked but its signer.
    ///
    /// # Errors
    /// [`Error::NotFirmware`], [`Error::OtherBoard`], [`Error::Misplaced`], [`Error::Truncated`],
    /// [`Error::Damaged`].
    pub fn open(slot: &'a [u8], target: &Target) -> Result<Self, Error> {
        let header = Header::parse(slot)?;
        if header.board != target.board {
            return Err(Error::OtherBoard);
        }
        let end = header.load.checked_add(header.length).ok_or(Error::Misplaced)?;
        if header.load < target.code.start || end > target.code.end || header.load % 4 != 0 {
            return Err(Error::Misplaced);
        }
        let length = header.length as usize;
        let code = slot.get(HEADER_BYTES..).and_then(|rest| rest.get(..length)).ok_or(Error::Truncated)?;
        // A stack pointer and a reset handler are the least that can be started.
        if length < 8 || !length.is_multiple_of(4) {
            return Err(Error::Truncated);
        }
        if <[u8; 32]>::from(Sha256::digest(code)) != header.sha256 {
            return Err(Error::Damaged);
        }
        Ok(Self { header, code, digest: digest(slot) })
    }

    /// Checks that `signer` signed it.
    ///
    /// # Errors
    /// [`Error::Unsigned`].
    pub fn check_signer(&self, signer: &[u8; 32]) -> Result<(), Error> {
        keys::verify(signer, &self.header.signed(), &self.header.signature).map_err(|_| Error::Unsigned)
    }
}

/// The digest of the image that `bytes` begin with: the SHA-256 of its header.
#[must_use]
pub fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes.get(..HEADER_BYTES).unwrap_or_default()).into()
}

/// The `N` bytes at `at`, which must be within `bytes`.
fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.iter_mut().zip(bytes.iter().skip(at)).for_each(|(to, from)| *to = *from);
    array
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    #[test]
    fn the_bytes_are_these() {
        let header = Header {
            board: 547,
            release: 0x0102,
            load: 0x1000,
            length: 8,
            sha256: [0xaa; 32],
            signature: [0xbb; 64],
        };
        let bytes = header.to_bytes();
        assert_eq!(bytes[..8], [b'P', b'F', b'W', b'1', 0x23, 2, 0, 0]);
        assert_eq!(bytes[8..24], [2, 1, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 8, 0, 0, 0]);
        assert_eq!(bytes[24..34], [0, 0, 0, 0, 0, 0, 0, 0, 0xaa, 0xaa]);
        assert_eq!(bytes[63..66], [0xaa, 0xbb, 0xbb]);
        assert_eq!(Header::parse(&bytes), Ok(header));
    }

    #[test]
    fn every_bit_counts() {
        let target = Target { board: 547, code: 0..0x1000 };
        let code = [1, 2, 3, 4, 5, 6, 7, 9];
        let sha256 = Sha256::digest(code).into();
        let header = Header { board: 547, release: 3, load: 0, length: 8, sha256, signature: [0; 64] };
        let mut slot: Vec<u8> = header.to_bytes().into_iter().chain(code).chain([0xff; 8]).collect();
        let whole = Image::open(&slot, &target).unwrap().digest;
        for bit in 0..8 * (HEADER_BYTES + code.len()) {
            slot[bit / 8] ^= 1 << (bit % 8);
            let other = Image::open(&slot, &target).map(|image| image.digest);
            assert_ne!(other, Ok(whole), "bit {bit}");
            slot[bit / 8] ^= 1 << (bit % 8);
        }
        assert_eq!(Image::open(&slot[..HEADER_BYTES + 7], &target), Err(Error::Truncated));
        assert_eq!(Image::open(&slot[..HEADER_BYTES - 1], &target), Err(Error::Truncated));
        let other = Target { board: 500, ..target.clone() };
        assert_eq!(Image::open(&slot, &other), Err(Error::OtherBoard));
        let small = Target { code: 0..4, ..target };
        assert_eq!(Image::open(&slot, &small), Err(Error::Misplaced));
        assert_eq!(Image::open(&[0xff; 200], &small), Err(Error::NotFirmware));
    }
}
