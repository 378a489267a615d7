//! The key with which this installation signs models and firmware.
//!
//! The file `signing.key` beside the boards' folders holds the secret, readable by this user only: in 64 hexadecimal
//! digits, or sealed under a passphrase ([`protection`](crate::protection)). The first pairing sends the public key to the
//! board.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{fs, io};

use crypto::{Key, Release};
use ed25519_dalek::{Signer as _, SigningKey};
use protocol::{Hash, ModelKind, Signature};
use zeroize::Zeroizing;

use crate::credentials::{random_key, unhex, write_secret};
use crate::protection::{Closed, Protected};
use crate::{Error, Result};

/// What a key file holds.
enum Content {
    Plain(Key),
    Protected(Protected),
}

impl Content {
    fn read(path: &Path) -> Result<Option<Self>> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => Zeroizing::new(other.map_err(Error::file(path))?),
        };
        if let Ok(protected) = serde_json::from_str(&text) {
            return Ok(Some(Self::Protected(protected)));
        }
        unhex(&text).map(|secret| Some(Self::Plain(Key::new(secret)))).ok_or_else(|| malformed(path))
    }
}

fn malformed(path: &Path) -> Error {
    let reason = "a signing key has 64 hexadecimal digits, or is sealed under a passphrase".to_owned();
    Error::Record { path: path.to_owned(), reason }
}

/// Whether the holder of the secret of `signer` signed these bytes.
pub fn is_signed(signer: &Hash, bytes: &[u8], signature: &Signature) -> bool {
    crypto::verify(signer, bytes, &signature.bytes()).is_ok()
}

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
    /// [`Error::Locked`] if the key is protected; [`Error::File`], [`Error::Record`].
    pub fn load(path: &Path) -> Result<Option<Self>> {
        match Content::read(path)? {
            None => Ok(None),
            Some(Content::Plain(secret)) => Ok(Some(Self { key: SigningKey::from_bytes(secret.bytes()) })),
            Some(Content::Protected(_)) => Err(Error::Locked { path: path.to_owned() }),
        }
    }

    /// Reads the protected key at `path`.
    ///
    /// # Errors
    /// [`Error::Passphrase`]; [`Error::File`], [`Error::Record`], also if the key is not protected.
    pub fn unlock(path: &Path, passphrase: &str) -> Result<Self> {
        let reason = || "it is not protected by a passphrase".to_owned();
        let Some(Content::Protected(protected)) = Content::read(path)? else {
            return Err(Error::Record { path: path.to_owned(), reason: reason() });
        };
        let secret = protected.open(passphrase).map_err(|closed| match closed {
            Closed::Passphrase => Error::Passphrase { path: path.to_owned() },
            Closed::Malformed => malformed(path),
        })?;
        Ok(Self { key: SigningKey::from_bytes(secret.bytes()) })
    }

    /// Writes the key to `path`, sealed under a passphrase, in place of the file that is there.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Random`].
    pub fn protect(&self, path: &Path, passphrase: &str) -> Result<()> {
        let secret = Key::new(self.key.to_bytes());
        let protected = Protected::seal(&secret, &self.public(), passphrase)?;
        write_secret(path, serde_json::json!(protected).to_string().as_bytes())
    }

    /// The public key at `path`, also of a protected key, and whether it is protected; `None` if there is no file.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Record`].
    pub fn public_at(path: &Path) -> Result<Option<(Hash, bool)>> {
        Ok(match Content::read(path)? {
            None => None,
            Some(Content::Plain(secret)) => {
                Some((SigningKey::from_bytes(secret.bytes()).verifying_key().to_bytes(), false))
            }
            Some(Content::Protected(protected)) => {
                Some((protected.public().ok_or_else(|| malformed(path))?, true))
            }
        })
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
    pub fn sign_bytes(&self, bytes: &[u8]) -> [u8; 64] {
        self.key.sign(bytes).to_bytes()
    }

    /// A secret of its own for another `purpose`, so that no key has two.
    pub fn derive(&self, purpose: &[u8]) -> Key {
        Key::new(self.key.to_bytes()).derive(b"", purpose)
    }

    /// The number of a release made now: seconds since 1970, so that later releases have higher numbers.
    pub fn sequence() -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_protected_key_signs_after_its_passphrase_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Signer::path(folder.path());
        assert_eq!(Signer::public_at(&path).expect("none"), None);
        let signer = Signer::make(&path).expect("a key");
        let plain = fs::read_to_string(&path).expect("read");
        assert_eq!(Signer::public_at(&path).expect("plain"), Some((signer.public(), false)));
        signer.protect(&path, "correct horse").expect("protected");
        let text = fs::read_to_string(&path).expect("read");
        assert!(!text.contains(&plain), "the secret is not in the file");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(Signer::public_at(&path).expect("protected"), Some((signer.public(), true)));
        assert!(matches!(Signer::load(&path), Err(Error::Locked { .. })));
        assert!(matches!(Signer::load_or_make(&path), Err(Error::Locked { .. })), "and makes no other");
        assert!(matches!(Signer::unlock(&path, "wrong"), Err(Error::Passphrase { .. })));
        assert_eq!(Signer::unlock(&path, "correct horse").expect("opened").public(), signer.public());
    }
}
