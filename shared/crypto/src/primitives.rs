//! The three primitives of the handshake, from RustCrypto and dalek: X25519 (RFC 7748), ChaCha20-Poly1305
//! (RFC 8439) and SHA-256, behind the traits of the Noise library.

use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit, Nonce, Tag};
use noise_protocol::{Cipher, DH, Hash};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use x25519_dalek::{X25519_BASEPOINT_BYTES, x25519};

use crate::Key;

/// Bytes that encryption adds to a message.
pub(crate) const TAG: usize = 16;

/// Diffie-Hellman on Curve25519.
pub enum Curve {}

impl DH for Curve {
    type Key = Key;
    type Pubkey = [u8; 32];
    type Output = Key;

    fn name() -> &'static str {
        "25519"
    }

    /// Never called: every handshake gets its ephemeral key from the caller, which has the random numbers.
    fn genkey() -> Key {
        unreachable!("a handshake is begun with its ephemeral key")
    }

    fn pubkey(secret: &Key) -> [u8; 32] {
        x25519(*secret.bytes(), X25519_BASEPOINT_BYTES)
    }

    fn dh(secret: &Key, public: &[u8; 32]) -> Result<Key, ()> {
        let shared = Key::new(x25519(*secret.bytes(), *public));
        // A point of small order would let the peer choose the result.
        if bool::from(shared.bytes().ct_eq(&[0; 32])) { Err(()) } else { Ok(shared) }
    }
}

/// ChaCha20-Poly1305 with a counter as its nonce.
pub(crate) enum ChaChaPoly {}

fn nonce(counter: u64) -> Nonce {
    let mut nonce = Nonce::default();
    nonce.iter_mut().skip(4).zip(counter.to_le_bytes()).for_each(|(to, from)| *to = from);
    nonce
}

impl Cipher for ChaChaPoly {
    type Key = Key;

    fn name() -> &'static str {
        "ChaChaPoly"
    }

    fn encrypt(key: &Key, counter: u64, ad: &[u8], plaintext: &[u8], out: &mut [u8]) {
        let length = plaintext.len();
        out[..length].copy_from_slice(plaintext);
        Self::encrypt_in_place(key, counter, ad, out, length);
    }

    fn encrypt_in_place(key: &Key, counter: u64, ad: &[u8], in_out: &mut [u8], length: usize) -> usize {
        let cipher = ChaCha20Poly1305::new(key.bytes().into());
        let (text, rest) = in_out.split_at_mut(length);
        // It fails only for more than 256 GiB.
        if let Ok(tag) = cipher.encrypt_inout_detached(&nonce(counter), ad, text.into()) {
            rest[..TAG].copy_from_slice(&tag);
        }
        length + TAG
    }

    fn decrypt(key: &Key, counter: u64, ad: &[u8], ciphertext: &[u8], out: &mut [u8]) -> Result<(), ()> {
        let (text, tag) = ciphertext.split_last_chunk::<TAG>().ok_or(())?;
        out.copy_from_slice(text);
        let cipher = ChaCha20Poly1305::new(key.bytes().into());
        let tag = Tag::from(*tag);
        cipher.decrypt_inout_detached(&nonce(counter), ad, out.into(), &tag).map_err(|_| ())
    }

    fn decrypt_in_place(
        key: &Key,
        counter: u64,
        ad: &[u8],
        in_out: &mut [u8],
        length: usize,
    ) -> Result<usize, ()> {
        let (text, tag) = in_out[..length].split_last_chunk_mut::<TAG>().ok_or(())?;
        let cipher = ChaCha20Poly1305::new(key.bytes().into());
        let tag = Tag::from(*tag);
        let length = text.len();
        cipher.decrypt_inout_detached(&nonce(counter), ad, text.into(), &tag).map_err(|_| ())?;
        Ok(length)
    }
}

/// SHA-256.
#[derive(Default)]
pub(crate) struct Sha(Sha256);

impl Hash for Sha {
    type Block = [u8; 64];
    type Output = Key;

    fn name() -> &'static str {
        "SHA256"
    }

    fn input(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn result(&mut self) -> Key {
        Key::new(self.0.finalize_reset().into())
    }

    /// The one that keys are derived by.
    fn hmac_many(key: &[u8], data: &[&[u8]]) -> Key {
        keys::hmac(key, data)
    }
}
