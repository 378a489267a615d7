//! The keys of an operator and of a door in a fleet.
//!
//! ```text
//! root      the secret of an operator's key file, or the key of the door's computer for its board
//! sealing   HKDF-SHA-256( root, "postern fleet sealing" ), X25519: what is sealed for its holder
//! signing   HKDF-SHA-256( root, "postern fleet signing" ), Ed25519: what its holder says
//! code      both public keys and two bytes of their SHA-256, 132 hexadecimal digits: people carry it from one computer to
//!           the other
//! ```
//! No key has two purposes, and nothing of its own has to be kept: the root is there already.

use std::fmt;
use std::str::FromStr;

use crypto::Key;
use crypto::handshake::public_key;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Error;

/// Bytes of a code before its check.
const KEYS: usize = 64;
/// Bytes of the check.
const CHECK: usize = 2;

/// The keys of an operator or of a door.
pub struct Identity {
    sealing: Key,
    signing: Key,
    public: Public,
}

/// The public keys of an operator or of a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Public {
    /// What is sealed for the holder, X25519.
    pub sealing: [u8; 32],
    /// What the holder signs, Ed25519.
    pub signing: [u8; 32],
}

impl Identity {
    /// The keys that follow from a secret.
    #[must_use]
    pub fn of(root: &Key) -> Self {
        let (sealing, signing) =
            (root.derive(b"", b"postern fleet sealing"), root.derive(b"", b"postern fleet signing"));
        let public = Public { sealing: public_key(&sealing), signing: crypto::sign(&signing, b"").0 };
        Self { sealing, signing, public }
    }

    /// The public ones.
    #[must_use]
    pub const fn public(&self) -> Public {
        self.public
    }

    /// The secret in common with the holder of an X25519 key.
    ///
    /// # Errors
    /// [`Error::Forged`].
    pub(crate) fn agree(&self, public: &[u8; 32]) -> Result<Key, Error> {
        crypto::agree(&self.sealing, public).map_err(|_| Error::Forged)
    }

    /// Signs bytes that begin with their type.
    pub(crate) fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        crypto::sign(&self.signing, bytes).1
    }
}

impl Public {
    /// The level of a topic: the beginning of the signing key.
    #[must_use]
    pub fn level(&self) -> String {
        hex::encode(self.signing.get(..8).unwrap_or_default())
    }

    fn bytes(&self) -> [u8; KEYS] {
        let mut bytes = [0; KEYS];
        bytes[..32].copy_from_slice(&self.sealing);
        bytes[32..].copy_from_slice(&self.signing);
        bytes
    }
}

/// What finds a digit that was typed wrongly or left out.
fn check(keys: &[u8]) -> [u8; CHECK] {
    let [a, b, ..]: [u8; 32] = Sha256::digest(keys).into();
    [a, b]
}

impl fmt::Display for Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.bytes();
        write!(f, "{}{}", hex::encode(keys), hex::encode(check(&keys)))
    }
}

impl FromStr for Public {
    type Err = Error;

    fn from_str(code: &str) -> Result<Self, Error> {
        let mut bytes = [0; KEYS + CHECK];
        let code = code.trim();
        hex::decode_to_slice(code, &mut bytes).map_err(|_| Error::Code {
            found: match code.chars().find(|letter| !letter.is_ascii_hexdigit()) {
                Some(letter) => format!("`{letter}`"),
                None => format!("{} digits", code.len()),
            },
        })?;
        let (keys, sum) = bytes.split_at(KEYS);
        if sum != check(keys) {
            return Err(Error::Digit);
        }
        let half = |half: &[u8]| half.try_into().map_err(|_| Error::Digit);
        let (sealing, signing) = keys.split_at(32);
        Ok(Self { sealing: half(sealing)?, signing: half(signing)? })
    }
}

impl TryFrom<String> for Public {
    type Error = Error;

    fn try_from(code: String) -> Result<Self, Error> {
        code.parse()
    }
}

impl From<Public> for String {
    fn from(public: Public) -> Self {
        public.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_back_and_one_wrong_digit_is_found() {
        let public = Identity::of(&Key::new([7; 32])).public();
        let code = public.to_string();
        assert_eq!(code.parse::<Public>().expect("a code"), public);
        for at in 0..code.len() {
            let mut wrong = code.clone().into_bytes();
            wrong[at] = if wrong[at] == b'0' { b'1' } else { b'0' };
            let wrong = String::from_utf8(wrong).expect("digits");
            // Two bytes of a hash leave one chance in 65,536 for each; this key has none.
            assert!(matches!(wrong.parse::<Public>(), Err(Error::Digit)), "digit {at}");
        }
        let why = |code: &str| code.parse::<Public>().expect_err("it is none").to_string();
        assert!(why(&code[1..]).ends_with("and this has 131 digits"), "{}", why(&code[1..]));
        assert!(why("xyz").ends_with("and this has `x`"), "{}", why("xyz"));
        assert!("".parse::<Public>().is_err() && code[1..].parse::<Public>().is_err());
    }
}
