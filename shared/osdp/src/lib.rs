//! The peripheral's side of OSDP v2 (SIA OSDP 2.2, IEC 60839-11-5): what a door is to an access controller.
//!
//! The controller asks, the peripheral answers, and never speaks of its own accord. [`Receiver`] finds packets among
//! the bytes of the line, [`Device`] answers one. Nothing of the door is told outside of a secure channel, and there is
//! no channel by the default key SCBK-D that everybody knows: a device has a key of its own, or is silent.
//!
//! # Invariants
//! - A command is done once: a controller that heard no answer asks again by the same number, and gets the same bytes.
//! - A channel ends with a MAC that is not right, and with a packet of number 0. Another number than the next one is
//!   refused, and what comes after it must still have the MAC that is due.
#![no_std]
#![forbid(unsafe_code)]

mod device;
mod packet;
mod secure;

mod crc;

pub use device::{Card, Device, Door, Identity};
pub use packet::{MAX_PACKET, Receiver};
pub use secure::KEY;
