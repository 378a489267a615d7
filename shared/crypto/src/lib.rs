//! Keys, sessions, sealed records and signatures.
//!
//! ```text
//! Handshake   mutual authentication of host and board   X25519, in the pattern Noise XX
//! agree       a secret of two keys, without a session   X25519
//! Session     confidential messages, each accepted once ChaCha20-Poly1305
//! Pairing     a code that people compare                SHA-256
//! Record      a record at rest in flash                 ChaCha20-Poly1305, HKDF-SHA-256
//! Siv         a short numbered record at rest           HKDF-SHA-256
//! Release     the origin of an image                    Ed25519
//! Opening     the origin of a command to open           Ed25519
//! ```
//! There is one cipher (except for `Siv`), one hash and one curve, all from RustCrypto and dalek.
//! Authorisation is not part of this crate: the board decides which host may do what.
//!
//! # Invariants
//! - A [`Key`] is wiped on drop and compared in constant time.
//! - No nonce is used twice with one key; [`session`], [`record`] and [`Siv`] explain why.
//! - Nothing is negotiated, so nothing can be downgraded.
#![no_std]
#![forbid(unsafe_code)]

mod agreement;
mod error;
mod primitives;
mod random;

pub mod handshake;
pub mod pairing;
pub mod record;
pub mod session;
mod signature;
mod siv;

pub use agreement::agree;
pub use error::Error;
pub use keys::{Key, Tag};
pub use random::{Entropy, Generator};
pub use signature::{Opening, Release, SIGNED, sign, verify};
pub use siv::{SIV_TAG, Siv};
