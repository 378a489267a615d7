//! Which firmware a board starts, and which it refuses.
//!
//! A board runs the boot loader (`firmware/loader`) first. Flash has two slots for firmware, and a [`Record`] that says
//! which slot is active. The firmware writes an update into the idle slot and stages it, and the boot loader starts it
//! on trial. Only the update itself can make itself active, once it is healthy.
//!
//! ```text
//! Image    header and code of one release, signed by the installer       Ed25519, SHA-256
//! Record   which image is active, which is on trial, and its signer      tagged by a key of the board
//! decide   what to start                                                 the table there
//! ```
//!
//! # Trust
//! The boot loader has no key of its own. The record is tagged with a key that is derived from the device secret, so that
//! it cannot be forged without that secret; without a record nothing starts. The record names the active image by its
//! digest: the factory's programmer writes the first record, for the image that it puts into slot A. For each later image
//! the firmware writes the signer into the record, which is the one that the installer has set, and the boot loader
//! checks the signature before it starts that image for the first time. So if the signer changes, or the board gets
//! another owner, the active firmware stays valid.
//!
//! # Invariants
//! - Nothing is started before every byte of it was checked.
//! - The active slot is never written.
//! - The number of the newest active release never falls, and rises only with a confirmation.
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
