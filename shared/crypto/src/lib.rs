//! Keys, sessions, sealed records and signatures: what keeps a door's secrets.
//!
//! ```text
//! Handshake   host and board prove who they are         X25519, in the pattern Noise XX
//! Session     each message is secret, and accepted once ChaCha20-Poly1305
//! Pairing     a code that people compare                SHA-256
//! Record      what lies in flash                        ChaCha20-Poly1305, HKDF-SHA-256
//! Siv         a short record that has a number       HKDF-SHA-256
//! Release     who made an image                         Ed25519
//! ```
//! One cipher (but for `Siv`), one hash and one curve, all by RustCrypto and dalek. What has no place here is who
//! may do what: that is the board's.
//!
//! # Invariants
//! - A [`Key`] is wiped when it goes, and is compared in constant time.
//! - No nonce is used twice with one key: [`session`], [`record`] and [`Siv`] say why.
//! - There is nothing to negotiate, so nothing can be downgraded.
#![no_std]
#![forbid(unsafe_code)]

mod error;
mod key;
mod primitives;
mod random;

pub mod handshake;
pub mod pairing;
pub mod record;
pub mod session;
mod signature;
mod siv;

pub use error::Error;
pub use key::Key;
pub use random::{Entropy, Generator};
pub use signature::{Release, SIGNED, verify};
pub use siv::{SIV_TAG, Siv};
