//! Which firmware a board starts, and which it refuses.
//!
//! The boot loader (`firmware/loader`) is what a board runs first. Flash has two slots for firmware, and a
//! [`Record`] that says which one is in force. The firmware writes an update into the idle slot and stages it;
//! the boot loader starts it on trial; only the update itself can put itself in force, once it is healthy.
//!
//! ```text
//! Image    header and code of one release, signed by the installer       Ed25519, SHA-256
//! Record   what is in force, what is on trial, who signs it             tagged by a key of the board
//! decide   what to start                                                 the table there
//! ```
//!
//! # Trust
//! There is no key in the boot loader. The record is tagged with a key that follows from the board's unique
//! secret, so that nobody makes one who cannot read that; without a record nothing starts. What is in force is
//! named by its digest: the factory's programmer writes the first record, for the image it puts into slot A. The
//! firmware names the signer of each later image, who is the one that the installer told it, and the boot loader checks
//! the signature before it starts that image for the first time. So a signer that changes, or a board that changes
//! hands, does not make the firmware in force a stranger's.
//!
//! # Invariants
//! - Nothing is started whose every byte was not checked.
//! - The slot in force is never written.
//! - The number of the newest release in force never falls, and rises only with a confirmation.
#![no_std]
#![forbid(unsafe_code)]

mod decide;
mod error;
mod image;
mod record;
mod ring;

pub use decide::{Decision, Start, TRIALS, decide};
pub use error::Error;
pub use image::{HEADER_BYTES, Header, Image, Target, digest};
pub use record::{Record, State, TEXT_BYTES};
pub use ring::Ring;
