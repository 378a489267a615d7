//! The key with which this installation signs models and firmware.
//!
//! The file `signing.key` beside the boards' folders holds the secret in 64 hexadecimal digits, readable
//! by this user only. The first pairing sends the public key to the board.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{fs, io};

use crypto::Release;
use ed25519_dalek::{Signer as _, SigningKey};
use protocol::{Hash, ModelKind, Signature};
use zeroize::Zeroizing;

use crate::credentials::{random_key, unhex, write_secret};
use crate::{Error, Result};

/// Signs models and firmware.
pub struct Signer {
    key: SigningKey,
}

impl Signer {
    /// Where the signing key of the boards in `boards` lies.
    pub fn path(boards: &Path) -> PathBuf {
        boards.join("signing.key")
    }

    /// Reads the key at `path`; `None` if there is no file.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Record`].
    pub fn load(path: &Path) -> Result<Option<Self>> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => Zeroizing::new(other.map_err(Error::file(path))?),
        };
        let reason = "a signing key has 64 hexadecimal digits".to_owned();
        let secret = unhex(&text).ok_or(Error::Record { path: path.to_owned(), reason })?;
        Ok(Some(Self { key: SigningKey::from_bytes(&secret) }))
    }

    /// Makes a new key and writes it to `path`, in place of an older key.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Random`].
    pub fn make(path: &Path) -> Result<Self> {
        let secret = random_key()?;
        write_secret(path, Zeroizing::new(hex::encode(secret.bytes())).as_bytes())?;
        Ok(Self { key: SigningKey::from_bytes(secret.bytes()) })
    }

    /// A new key that is not kept.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn passing() -> Result<Self> {
        Ok(Self { key: SigningKey::from_bytes(random_key()?.bytes()) })
    }

    /// The key at `path`; makes one if there is none.
    ///
    /// # Errors
    /// As [`load`](Self::load) and [`make`](Self::make).
    pub fn load_or_make(path: &Path) -> Result<Self> {
        match Self::load(path)? {
            Some(signer) => Ok(signer),
            None => Self::make(path),
        }
    }

    /// The public key, which boards keep.
    pub fn public(&self) -> Hash {
        self.key.verifying_key().to_bytes()
    }

    /// Signs an image under a release number.
    pub fn sign(&self, kind: ModelKind, length: u32, sha256: Hash, sequence: u64) -> Signature {
        // The signature covers the number that the protocol gives this kind.
        let release = Release { kind: kind as u8, sequence, length, sha256 };
        Signature::new(&self.key.sign(&release.signed()).to_bytes())
    }

    /// Signs bytes that begin with their type, so that a signature of one type is invalid for another.
    pub(crate) fn sign_bytes(&self, bytes: &[u8]) -> [u8; 64] {
        self.key.sign(bytes).to_bytes()
    }

    /// The number of a release made now: seconds since 1970, so that later releases have higher numbers.
    pub fn sequence() -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs())
    }
}
