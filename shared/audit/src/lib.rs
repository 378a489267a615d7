//! The door's audit log: what happened, when, to whom, and why, in flash.
//!
//! Entries are numbered, and each carries a hash of itself and of the one before ([`Chain`]), so that one
//! that was changed or taken out is found by whoever reads the log ([`Verifier`]). They lie in a ring of
//! flash sectors ([`Log`]); when it is full, the oldest sector gives way.
//!
//! # Invariants
//! - An entry whose `append` returned survives a power cut at any instant.
//! - What a power cut left unfinished is passed over, and its number is never given again.
//! - Nothing is believed that does not open under the device's own key ([`Seal`]).
#![no_std]
#![forbid(unsafe_code)]

mod chain;
mod entry;
mod error;
mod fault;
mod log;
mod slot;

pub use chain::{CHAIN_BYTES, Chain, Finding, Verifier};
pub use entry::{DETAIL_BYTES, ENTRY_BYTES, Entry, Kind, Time};
pub use error::Error;
pub use fault::Fault;
pub use log::{Log, Read};
pub use slot::{Seal, TAG_BYTES};
