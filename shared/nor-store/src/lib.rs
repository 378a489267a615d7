//! Power-fail safe structures in NOR flash.
//!
//! | structure | for | a power cut leaves |
//! |---|---|---|
//! | [`AppendLog`] | numbered entries of one size; the oldest sector is erased for new ones | every acknowledged entry |
//! | [`Journal`] | a few cells in two banks, all of which can be rewritten and the old ones erased | the old cells or the new ones |
//! | `Map` (feature `map`) | values of any size, by key | the old value or the new one |
//!
//! All of them take a blocking [`embedded_storage::nor_flash::NorFlash`]: a worker that waits for its flash
//! has nothing else to do, and async functions cost code on a board. Only `sequential-storage`, below the map, is
//! async; the map hides that.
//!
//! What the bytes of an entry or a cell mean, and how they are authenticated, is the caller's: [`Codec`] and
//! [`Check`].
//!
//! # Invariants
//! - Nothing is read back as valid that the caller's codec or check does not accept.
//! - An operation that returned `Ok` survives a power cut at any instant.
//! - No panic on any content of the flash.
#![no_std]
#![forbid(unsafe_code)]

mod append_log;
mod error;
mod journal;
#[cfg(feature = "map")]
mod map;
#[cfg(feature = "map")]
mod torn;

pub use append_log::{AppendLog, Codec};
pub use error::Error;
pub use journal::{Check, Journal};
#[cfg(feature = "map")]
pub use map::{CACHED_KEYS, MAX_SECTORS, Map, MapKey};

/// What an erased byte reads as.
const ERASED: u8 = 0xff;
