//! A firmware image: a header that says what it is, and the code.
//!
//! ```text
//! offset  bytes  what
//! 0       4      "PFW1"
//! 4       4      board, u32 LE: 547 or 500
//! 8       8      release, u64 LE: it rises
//! 16      4      load address, u32 LE: where the code lies when it runs
//! 20      4      length of the code, u32 LE, a multiple of 4
//! 24      8      oldest release to which a board may fall back from it, u64 LE; 0 permits the one before
//! 32      32     SHA-256 of the code
//! 64      64     Ed25519 signature of bytes 0 to 63
//! 128     ...    the code, which begins with the vector table
//! ```
//! The signature covers the code by its hash. An image's digest is the SHA-256 of its header, which covers all
//! of it.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use core::ops::Range;

use sha2::{Digest, Sha256};

use crate::record::array;
use crate::{BootMemory, Error};

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
    /// The oldest release to which a board may fall back once this one was started.
    pub oldest: u64,
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
            oldest: u64::from_le_bytes(array(header, 24)),
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
        bytes[24..32].copy_from_slice(&self.oldest.to_le_bytes());
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

/// An image in a slot, by its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Image {
    /// The slot.
    pub slot: u8,
    /// The header.
    pub header: Header,
    /// Its digest, which covers all of it.
    pub digest: [u8; 32],
}

impl Image {
    /// Fetches the header of a slot, and checks that the image fits the slot and the target. Its code and its signer
    /// are not checked.
    ///
    /// # Errors
    /// [`Error::NotFirmware`], [`Error::OtherBoard`], [`Error::Misplaced`], [`Error::Truncated`].
    pub fn open(memory: &mut impl BootMemory, slot: u8, target: &Target) -> Result<Self, Error> {
        let mut bytes = [0; HEADER_BYTES];
        for (offset, word) in (0..).step_by(4).zip(bytes.as_chunks_mut().0) {
            *word = memory.fetch(slot, offset).to_le_bytes();
        }
        let header = Header::parse(&bytes)?;
        if header.board != target.board {
            return Err(Error::OtherBoard);
        }
        let end = header.load.checked_add(header.length).ok_or(Error::Misplaced)?;
        if header.load < target.code.start || end > target.code.end || header.load % 4 != 0 {
            return Err(Error::Misplaced);
        }
        // A stack pointer and a reset handler are the least that can be started.
        let room = memory.slot_len().saturating_sub(HEADER_BYTES as u32);
        if header.length < 8 || !header.length.is_multiple_of(4) || header.length > room {
            return Err(Error::Truncated);
        }
        Ok(Self { slot, header, digest: digest(&bytes) })
    }

    /// Checks that `signer` signed it.
    ///
    /// # Errors
    /// [`Error::Unsigned`].
    pub fn check_signer(&self, signer: &[u8; 32]) -> Result<(), Error> {
        keys::verify(signer, &self.header.signed(), &self.header.signature).map_err(|_| Error::Unsigned)
    }

    /// Copies the code to where it runs, and then checks the copy. Each word of the slot is fetched once. Returns the
    /// first two words of the copy: stack pointer and reset handler.
    ///
    /// # Errors
    /// [`Error::Damaged`]: the copy is not the code of the header. It is overwritten with zeros, so that nothing of it lies in
    /// executable memory behind a shorter image that is started instead.
    pub fn copy(&self, memory: &mut impl BootMemory) -> Result<[u32; 2], Error> {
        let Header { load, length, sha256, .. } = self.header;
        // `open` has checked that neither sum overflows.
        for at in (0..length).step_by(4) {
            let word = memory.fetch(self.slot, at.saturating_add(HEADER_BYTES as u32));
            memory.store(load.saturating_add(at), word);
        }
        let mut hash = Sha256::new();
        for at in (0..length).step_by(4) {
            hash.update(memory.load(load.saturating_add(at)).to_le_bytes());
        }
        if <[u8; 32]>::from(hash.finalize()) != sha256 {
            for at in (0..length).step_by(4) {
                memory.store(load.saturating_add(at), 0);
            }
            return Err(Error::Damaged);
        }
        Ok([memory.load(load), memory.load(load.saturating_add(4))])
    }
}

/// The digest of the image that `bytes` begin with: the SHA-256 of its header.
#[must_use]
pub fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes.get(..HEADER_BYTES).unwrap_or_default()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_these() {
        let header = Header {
            board: 547,
            release: 0x0102,
            load: 0x1000,
            length: 8,
            oldest: 0x0304,
            sha256: [0xaa; 32],
            signature: [0xbb; 64],
        };
        let bytes = header.to_bytes();
        assert_eq!(bytes[..8], [b'P', b'F', b'W', b'1', 0x23, 2, 0, 0]);
        assert_eq!(bytes[8..24], [2, 1, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 8, 0, 0, 0]);
        assert_eq!(bytes[24..34], [4, 3, 0, 0, 0, 0, 0, 0, 0xaa, 0xaa]);
        assert_eq!(bytes[63..66], [0xaa, 0xbb, 0xbb]);
        assert_eq!(Header::parse(&bytes), Ok(header));
    }
}
