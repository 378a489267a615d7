//! Keys, their derivation, and signatures: the cryptography that a boot loader needs.
//!
//! A boot loader checks a tag and a signature, and has no session. So this is apart from the crate `crypto`,
//! which has everything else and hands these on.
//!
//! # Invariants
//! - A [`Key`] is wiped when it is dropped, is compared in constant time, and never prints itself.
//! - A [`Tag`] is compared in constant time, and no tag is compared in another way.
//! - A key has one purpose: keys for other purposes are derived from it ([`Key::derive`]).
#![no_std]
#![forbid(unsafe_code)]

mod derive;
mod hmac;
mod key;
mod signature;
mod tag;

pub use hmac::hmac;
pub use key::Key;
pub use signature::{Forged, verify};
pub use tag::Tag;
