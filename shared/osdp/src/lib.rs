//! The peripheral device (PD) side of OSDP v2 (SIA OSDP 2.2, IEC 60839-11-5): the door as an access
//! controller sees it.
//!
//! The controller (ACU) sends commands and the peripheral replies; it never sends on its own. [`Receiver`]
//! extracts packets from the bytes of the line, [`Device`] replies to a packet. The state of the door is
//! reported only in a secure channel. The well-known default key SCBK-D is not accepted: a device has its own
//! key, or does not reply.
//!
//! # Invariants
//! - A command is executed once: a controller that received no reply repeats the command with the same
//!   sequence number, and gets the same bytes.
//! - A wrong MAC or a packet with sequence number 0 ends the secure channel. A sequence number other than the
//!   next one is refused (NAK); the packets after it must still carry the expected MAC.
#![no_std]
#![forbid(unsafe_code)]

mod device;
mod packet;
mod secure;

mod crc;

pub use device::{Card, Device, Door, Identity};
pub use packet::{MAX_PACKET, Receiver};
pub use secure::KEY;
