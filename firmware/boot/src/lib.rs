//! Which firmware a board starts, and which it refuses.
//!
//! A board runs the boot loader (`firmware/loader`) first. Flash has two slots for firmware, and a [`Record`] that says
//! which slot is active. The firmware writes an update into the idle slot and stages it, and the boot loader starts it
//! on trial. Only the update itself can make itself active, once it is healthy.
//!
//! ```text
//! Image    header and code of one release, signed                        Ed25519, SHA-256
//! Record   which image is active, which is on trial, and their signers   tagged by a key that the boot loader alone has
//! Request  what the firmware asks the boot loader to change in it        tagged by a key of the firmware
//! decide   what to start                                                 the table there
//! ```
//!
//! # Trust
//! The boot loader has no key of its own. It derives the key of the record from the device secret, and hands the firmware
//! another derived secret in its place: firmware cannot forge a record, and without a record nothing starts. The record
//! names each image by its digest and its signer, and the boot loader checks both at every boot.
//!
//! The factory's programmer writes the first record, for the image that it puts into slot A. It signs that image with a key
//! that it draws for this purpose and forgets. For each later image the firmware names the signer, which is the one that the
//! installer has set. So if the signer changes, or the board gets another owner, the active firmware stays valid. It also
//! means that firmware under an attacker's control can name a signer of the attacker's; it cannot lower the newest
//! release, nor make an image active that was never started.
//!
//! # Invariants
//! - Nothing is started before every byte of it was checked. What was checked is what runs: an image is copied to
//!   memory, the copy is checked, and flash is not read again ([`BootMemory`]).
//! - The slot that the record calls active is never written.
//! - The number of the newest active release never falls, and rises only with a confirmation.
#![no_std]
#![forbid(unsafe_code)]

mod decide;
mod error;
mod image;
mod memory;
mod record;
mod request;
mod ring;

pub use decide::{Decision, Start, TRIALS, decide};
pub use error::Error;
pub use image::{HEADER_BYTES, Header, Image, Target, digest};
pub use memory::{BootMemory, SliceMemory};
pub use record::{Record, Signed, State, TEXT_BYTES};
pub use request::{Ask, Request};
pub use ring::{Requests, Ring, application_secret};
