//! Signatures of images and of openings: Ed25519 (RFC 8032). An image is signed by a description with its hash, not by its
//! bytes.
//!
//! ```text
//! signed   "postern model 1" | kind u8 | sequence u64 LE | length u32 LE | SHA-256, 32 bytes
//! opening  "postern open 1" | public key of the board, 32 bytes | counter u64 LE | end u64 LE
//! ```
//! The hash covers every byte of the image. The kind prevents an encoder from being installed as a detector.
//! The sequence prevents a rollback: a board never accepts a lower one than it has had.
//!
//! An opening names one board, so it is worth nothing at another. A board takes each counter of a signer once, and rising.

use ed25519_dalek::{Signer as _, SigningKey};
use keys::Key;

use crate::Error;

/// The signed description of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// Kind of the image, as a number that never changes.
    pub kind: u8,
    /// Release number, which increases with every release.
    pub sequence: u64,
    /// Length of the image in bytes.
    pub length: u32,
    /// SHA-256 of the image.
    pub sha256: [u8; 32],
}

/// Number of bytes that are signed.
pub const SIGNED: usize = 15 + 1 + 8 + 4 + 32;

impl Release {
    /// The bytes that are signed.
    pub fn signed(&self) -> [u8; SIGNED] {
        let mut bytes = [0; SIGNED];
        bytes[..15].copy_from_slice(b"postern model 1");
        bytes[15] = self.kind;
        bytes[16..24].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.length.to_le_bytes());
        bytes[28..].copy_from_slice(&self.sha256);
        bytes
    }

    /// Verifies that `signature` was made over this release with the secret key of `signer`.
    ///
    /// # Errors
    /// [`Error::Forged`].
    pub fn verify(&self, signer: &[u8; 32], signature: &[u8; 64]) -> Result<(), Error> {
        verify(signer, &self.signed(), signature)
    }
}

/// The signed command to open a door once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// The public key of the board.
    pub board: [u8; 32],
    /// Above that of each command before of the same signer.
    pub counter: u64,
    /// Until when the command counts, in milliseconds since 1970.
    pub until: u64,
}

/// Number of bytes that are signed of an opening.
const SIGNED_OPENING: usize = 14 + 32 + 8 + 8;

impl Opening {
    /// The bytes that are signed.
    pub fn signed(&self) -> [u8; SIGNED_OPENING] {
        let mut bytes = [0; SIGNED_OPENING];
        bytes[..14].copy_from_slice(b"postern open 1");
        bytes[14..46].copy_from_slice(&self.board);
        bytes[46..54].copy_from_slice(&self.counter.to_le_bytes());
        bytes[54..].copy_from_slice(&self.until.to_le_bytes());
        bytes
    }

    /// Verifies that `signature` was made over this opening with the secret key of `signer`.
    ///
    /// # Errors
    /// [`Error::Forged`].
    pub fn verify(&self, signer: &[u8; 32], signature: &[u8; 64]) -> Result<(), Error> {
        verify(signer, &self.signed(), signature)
    }
}

/// Verifies that `signature` was made over `message` with the secret key of `signer`. Strict verification:
/// keys and points of small order are rejected.
///
/// # Errors
/// [`Error::Forged`].
pub fn verify(signer: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> Result<(), Error> {
    keys::verify(signer, message, signature).map_err(|keys::Forged| Error::Forged)
}

/// Signs `message` with the secret `key`. Returns the public key and the signature.
pub fn sign(key: &Key, message: &[u8]) -> ([u8; 32], [u8; 64]) {
    let key = SigningKey::from_bytes(key.bytes());
    (key.verifying_key().to_bytes(), key.sign(message).to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};

    #[test]
    fn what_is_signed_verifies_and_nothing_else_does() {
        let (signer, signature) = sign(&Key::new([3; 32]), b"head");
        assert_eq!(verify(&signer, b"head", &signature), Ok(()));
        assert_eq!(verify(&signer, b"heat", &signature), Err(Error::Forged));
        assert_ne!(sign(&Key::new([4; 32]), b"head").0, signer);
    }

    #[test]
    fn a_signature_is_valid_for_its_opening_only() {
        let opening = Opening { board: [7; 32], counter: 5, until: 9 };
        let (signer, signature) = sign(&Key::new([3; 32]), &opening.signed());
        assert_eq!(opening.verify(&signer, &signature), Ok(()));
        let others = [
            Opening { board: [8; 32], ..opening },
            Opening { counter: 6, ..opening },
            Opening { until: 10, ..opening },
        ];
        for other in others {
            assert_eq!(other.verify(&signer, &signature), Err(Error::Forged), "{other:?}");
        }
        let (stranger, _) = sign(&Key::new([4; 32]), b"");
        assert_eq!(opening.verify(&stranger, &signature), Err(Error::Forged));
        // Whoever has no opener in a place of the list has zeros there.
        assert_eq!(opening.verify(&[0; 32], &[0; 64]), Err(Error::Forged));
    }

    #[test]
    fn a_signature_is_valid_for_its_release_only() {
        let secret = SigningKey::from_bytes(&[5; 32]);
        let signer = secret.verifying_key().to_bytes();
        let release = Release { kind: 1, sequence: 7, length: 1000, sha256: [9; 32] };
        let signature = secret.sign(&release.signed()).to_bytes();
        assert_eq!(release.verify(&signer, &signature), Ok(()));
        let others = [
            Release { kind: 0, ..release },
            Release { sequence: 8, ..release },
            Release { length: 1001, ..release },
            Release { sha256: [8; 32], ..release },
        ];
        for other in others {
            assert_eq!(other.verify(&signer, &signature), Err(Error::Forged), "{other:?}");
        }
        let stranger = SigningKey::from_bytes(&[6; 32]).verifying_key().to_bytes();
        assert_eq!(release.verify(&stranger, &signature), Err(Error::Forged));
        assert_eq!(release.verify(&signer, &[0; 64]), Err(Error::Forged));
        // A key of small order, for which this signature is valid under lax verification.
        let mut small = [0; 32];
        small[0] = 1;
        let mut lax = [0; 64];
        lax[0] = 1;
        assert_eq!(release.verify(&small, &lax), Err(Error::Forged));
    }
}
