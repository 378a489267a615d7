//! Who made an image: Ed25519 (RFC 8032) over what it is, not over its bytes.
//!
//! ```text
//! signed   "postern model 1" | kind u8 | sequence u64 LE | length u32 LE | SHA-256, 32 bytes
//! ```
//! The hash binds every byte of the image, the kind keeps an encoder from passing for a detector, and
//! the sequence is what a board holds against older ones: it never takes a lower one than it had.

use ed25519_dalek::{Signature, VerifyingKey};

use crate::Error;

/// What is signed of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// What it is for, as a number that never changes.
    pub kind: u8,
    /// It rises with every release.
    pub sequence: u64,
    /// Bytes of the image.
    pub length: u32,
    /// SHA-256 of the image.
    pub sha256: [u8; 32],
}

/// Bytes of a release as they are signed.
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

    /// Whether who holds the secret of `signer` signed it.
    ///
    /// # Errors
    /// [`Error::Forged`].
    pub fn verify(&self, signer: &[u8; 32], signature: &[u8; 64]) -> Result<(), Error> {
        verify(signer, &self.signed(), signature)
    }
}

/// Whether who holds the secret of `signer` signed `message`, by the strict rule: a key or a point of
/// small order signs nothing.
///
/// # Errors
/// [`Error::Forged`].
pub fn verify(signer: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> Result<(), Error> {
    let signer = VerifyingKey::from_bytes(signer).map_err(|_| Error::Forged)?;
    let signature = Signature::from_bytes(signature);
    signer.verify_strict(message, &signature).map_err(|_| Error::Forged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};

    #[test]
    fn what_was_signed_cannot_be_said_of_something_else() {
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
        // The point of small order, of which anything is a signature by the lax rule.
        let mut small = [0; 32];
        small[0] = 1;
        let mut lax = [0; 64];
        lax[0] = 1;
        assert_eq!(release.verify(&small, &lax), Err(Error::Forged));
    }
}
