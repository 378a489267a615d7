//! A secret in a file, sealed under a passphrase.
//!
//! ```text
//! {"public":"…64 digits…","kdf":"argon2id","memory_kib":65536,"passes":3,"salt":"…","nonce":"…","sealed":"…"}
//! ```
//! The key is Argon2id of the passphrase (RFC 9106, one lane), the seal ChaCha20-Poly1305 with `public` as additional
//! data. The public key is readable, because showing and sending it needs no passphrase; a changed one does not open.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit};
use crypto::Key;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::credentials::unhex;
use crate::{Error, Result, random_key};

/// The cost of a guess: 64 MiB and three passes, the second recommendation of RFC 9106.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
/// A file cannot make this program spend more.
const MOST_MEMORY_KIB: u32 = 1024 * 1024;
const MOST_PASSES: u32 = 16;

const KDF: &str = "argon2id";

/// The content of a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Protected {
    public: String,
    kdf: String,
    memory_kib: u32,
    passes: u32,
    salt: String,
    nonce: String,
    sealed: String,
}

/// Why a protected secret does not open.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    /// The passphrase is another one, or the file was changed.
    Passphrase,
    /// The file is malformed.
    Malformed,
}

impl Protected {
    /// Seals `secret`, whose public key is `public`.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub(crate) fn seal(secret: &Key, public: &[u8; 32], passphrase: &str) -> Result<Self> {
        Self::seal_at(secret, public, passphrase, (MEMORY_KIB, PASSES))
    }

    fn seal_at(secret: &Key, public: &[u8; 32], passphrase: &str, cost: (u32, u32)) -> Result<Self> {
        let (salt, nonce) = (random_key()?, random_key()?);
        let (salt, nonce) = (&salt.bytes()[..16], &nonce.bytes()[..12]);
        let (memory_kib, passes) = cost;
        let key = derive(passphrase, salt, memory_kib, passes).map_err(|_| Error::Random)?;
        // With room for the tag, so that no copy is left behind when it grows.
        let mut sealed = Zeroizing::new(Vec::with_capacity(48));
        sealed.extend_from_slice(secret.bytes());
        let nonce: [u8; 12] = core::array::from_fn(|at| nonce[at]);
        let cipher = ChaCha20Poly1305::new(key.bytes().into());
        cipher.encrypt_in_place(&nonce.into(), public, &mut *sealed).map_err(|_| Error::TooLong)?;
        Ok(Self {
            public: hex::encode(public),
            kdf: KDF.to_owned(),
            memory_kib,
            passes,
            salt: hex::encode(salt),
            nonce: hex::encode(nonce),
            sealed: hex::encode(&*sealed),
        })
    }

    /// The public key.
    pub(crate) fn public(&self) -> Option<[u8; 32]> {
        unhex(&self.public)
    }

    /// The secret.
    pub(crate) fn open(&self, passphrase: &str) -> std::result::Result<Key, Closed> {
        let (public, salt) = (self.public(), unhex::<16>(&self.salt));
        let (nonce, sealed) = (unhex::<12>(&self.nonce), unhex::<48>(&self.sealed));
        let (Some(public), Some(salt), Some(nonce), Some(sealed)) = (public, salt, nonce, sealed) else {
            return Err(Closed::Malformed);
        };
        if self.kdf != KDF || self.memory_kib > MOST_MEMORY_KIB || self.passes > MOST_PASSES {
            return Err(Closed::Malformed);
        }
        let key = derive(passphrase, &salt, self.memory_kib, self.passes)?;
        let mut opened = Zeroizing::new(sealed.to_vec());
        let cipher = ChaCha20Poly1305::new(key.bytes().into());
        cipher.decrypt_in_place(&nonce.into(), &public, &mut *opened).map_err(|_| Closed::Passphrase)?;
        let mut secret = Key::new([0; 32]);
        secret.bytes_mut().copy_from_slice(opened.get(..32).ok_or(Closed::Malformed)?);
        Ok(secret)
    }
}

fn derive(passphrase: &str, salt: &[u8], memory_kib: u32, passes: u32) -> std::result::Result<Key, Closed> {
    let params = Params::new(memory_kib, passes, 1, Some(32)).map_err(|_| Closed::Malformed)?;
    let mut key = Key::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, key.bytes_mut())
        .map_err(|_| Closed::Malformed)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> Protected {
        Protected::seal_at(&Key::new([7; 32]), &[8; 32], "correct horse", (64, 1)).expect("sealed")
    }

    #[test]
    fn the_passphrase_opens_it_and_no_other() {
        let protected = sealed();
        assert_eq!(protected.open("correct horse"), Ok(Key::new([7; 32])));
        assert_eq!(protected.open("correct horse "), Err(Closed::Passphrase));
        assert_eq!(protected.open(""), Err(Closed::Passphrase));
        assert_eq!(protected.public(), Some([8; 32]));
        let text = serde_json::to_string(&protected).expect("JSON");
        assert!(!text.contains(&hex::encode([7; 32])), "{text}");
        assert_ne!(protected.sealed, sealed().sealed, "salt and nonce are new each time");
    }

    #[test]
    fn what_is_changed_does_not_open() {
        let protected = sealed();
        let public = Protected { public: hex::encode([9; 32]), ..protected.clone() };
        assert_eq!(public.open("correct horse"), Err(Closed::Passphrase));
        let cheaper = Protected { memory_kib: 32, ..protected.clone() };
        assert_eq!(cheaper.open("correct horse"), Err(Closed::Passphrase));
        for malformed in [
            Protected { memory_kib: u32::MAX, ..protected.clone() },
            Protected { passes: u32::MAX, ..protected.clone() },
            Protected { passes: 0, ..protected.clone() },
            Protected { kdf: "none".to_owned(), ..protected.clone() },
            Protected { sealed: "00".to_owned(), ..protected },
        ] {
            assert_eq!(malformed.open("correct horse"), Err(Closed::Malformed), "{malformed:?}");
        }
    }
}
