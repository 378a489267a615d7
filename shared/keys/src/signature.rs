//! Signatures: Ed25519 (RFC 8032).

use ed25519_dalek::{Signature, VerifyingKey};

/// The message was not signed by the holder of the signer's secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forged;

/// Checks that the holder of the secret of `signer` signed `message`. The strict rule applies: a key or a
/// point of small order signs nothing.
///
/// # Errors
/// [`Forged`].
pub fn verify(signer: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> Result<(), Forged> {
    let signer = VerifyingKey::from_bytes(signer).map_err(|_| Forged)?;
    let signature = Signature::from_bytes(signature);
    signer.verify_strict(message, &signature).map_err(|_| Forged)
}
