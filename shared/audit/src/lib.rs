//! The door's audit log: what happened, when, to which person, and why, in flash.
//!
//! Entries are numbered. Each carries a hash of itself and of the entry before ([`Chain`]), so that a reader of
//! the log finds every entry that was changed or removed ([`Verifier`]). They lie in an append log
//! ([`Log`]). When it is full, its oldest sector is erased.
//!
//! # Invariants
//! - An entry whose `append` returned survives a power cut at any instant.
//! - What a power cut left unfinished is passed over, and its number is never used again.
//! - An exported log is checked by the head that the device signed ([`Head`]), because the chain has no key.
//! - Nothing counts that does not open under the device's own key ([`Seal`]).
#![no_std]
#![forbid(unsafe_code)]

mod chain;
mod entry;
mod error;
mod fault;
mod head;
mod log;
mod slot;

pub use chain::{CHAIN_BYTES, Chain, Finding, Verifier};
pub use entry::{DETAIL_BYTES, ENTRY_BYTES, Entry, Kind, Time};
pub use error::Error;
pub use fault::{Fault, NpuFault};
pub use head::{Head, SIGNED_HEAD};
pub use log::{Log, Read};
pub use slot::{Seal, TAG_BYTES};
