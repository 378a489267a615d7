//! The peripheral device (PD) side of OSDP v2 (SIA OSDP 2.2, IEC 60839-11-5): the door as an access
//! controller sees it.
//!
//! The controller (ACU) sends commands and the peripheral replies; it never sends on its own. [`Receiver`]
//! extracts packets from the bytes of the line, [`Device`] replies to a packet. The state of the door is
//! reported only in a secure channel. There is no device with a key that others can guess ([`WeakKey`]), above all the
//! well-known default key SCBK-D.
//!
//! # Invariants
//! - A command is executed once: a controller that received no reply repeats the command with the same
//!   sequence number, and gets the same bytes.
//! - A wrong MAC or a packet with sequence number 0 ends the secure channel. A sequence number other than the
//!   next one is refused (NAK); the packets after it must still carry the expected MAC.
//! - A secure channel ends after [`SILENCE_MS`] without a command that its MAC proves. The caller has the clock.
//! - What was reported in a channel is not reported in another: a card that its controller did not hear is lost. The
//!   audit log has it.
//! - In a secure channel, a command without a MAC changes nothing, unless its sequence number is 0.
#![no_std]
#![forbid(unsafe_code)]

mod device;
mod packet;
mod secure;
mod weak;

mod crc;

pub use device::{Card, Device, Door, Identity, SILENCE_MS};
pub use packet::{MAX_PACKET, Receiver};
pub use secure::KEY;
pub use weak::{WeakKey, refuse_weak};
