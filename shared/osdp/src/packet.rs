//! Packets: parsing of commands, and encoding of replies.
//!
//! ```text
//! 53 | address | length u16 LE | control | [security block] | code | data | [MAC, 4] | CRC-16 LE, or checksum
//!
//! address   bit 7: from the peripheral                   length    of the whole packet
//! control   bits 0, 1: sequence number; bit 2: CRC-16, not checksum; bit 3: security block
//! security block   its length | kind | data
//! ```
//! A command with an 8-bit checksum in place of the CRC is accepted, and its reply uses one as well.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use crate::crc::crc;

/// Bytes of the longest packet in either direction.
pub const MAX_PACKET: usize = 128;
/// The first byte.
const START: u8 = 0x53;
/// The broadcast address, to which every peripheral replies.
const BROADCAST: u8 = 0x7f;
/// Bytes of the header, before the security block or the code.
pub(crate) const HEAD: usize = 5;
/// Bytes of a MAC on the line.
pub(crate) const MAC: usize = 4;

const NUMBER: u8 = 0b11;
const CRC: u8 = 1 << 2;
const BLOCK: u8 = 1 << 3;

/// Extracts packets from a stream of bytes.
#[derive(Debug, Clone)]
pub struct Receiver {
    bytes: [u8; MAX_PACKET],
    length: usize,
}

impl Receiver {
    /// A receiver without input.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; MAX_PACKET], length: 0 }
    }

    /// Drops a partial packet. Call this when the line is silent in the middle of a packet.
    pub fn forget(&mut self) {
        self.length = 0;
    }

    /// Takes a byte, and returns the packet if this byte completes one.
    pub fn push(&mut self, byte: u8) -> Option<&[u8]> {
        if self.length == 0 && byte != START {
            return None;
        }
        *self.bytes.get_mut(self.length)? = byte;
        self.length = self.length.saturating_add(1);
        let [_, _, low, high, ..] = self.bytes;
        let whole = usize::from(u16::from_le_bytes([low, high]));
        if self.length < HEAD {
            return None;
        }
        if !(HEAD + 2..=MAX_PACKET).contains(&whole) {
            self.length = 0;
            return None;
        }
        if self.length < whole {
            return None;
        }
        self.length = 0;
        self.bytes.get(..whole)
    }
}

impl Default for Receiver {
    fn default() -> Self {
        Self::new()
    }
}

/// A security block: its kind, and the first byte of its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) kind: u8,
    pub(crate) data: Option<u8>,
}

/// A command from the controller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Command<'p> {
    /// The address that it was sent to: the device's own, or that of everybody.
    pub(crate) address: u8,
    pub(crate) control: u8,
    pub(crate) block: Option<Block>,
    pub(crate) code: u8,
    /// The data between code and MAC or CRC.
    pub(crate) data: &'p [u8],
    /// The bytes that the MAC covers, and the MAC; empty without one.
    pub(crate) signed: &'p [u8],
    pub(crate) mac: &'p [u8],
}

impl<'p> Command<'p> {
    /// Parses a packet; `None` if it is for another address, or damaged.
    pub(crate) fn read(packet: &'p [u8], own: u8) -> Option<Self> {
        let [START, address, _, _, control, ..] = *packet else { return None };
        if address != own && address != BROADCAST {
            return None;
        }
        let content = if control & CRC != 0 {
            let (content, check) = packet.split_last_chunk::<2>()?;
            (crc(content) == u16::from_le_bytes(*check)).then_some(content)?
        } else {
            let (content, _) = packet.split_last_chunk::<1>()?;
            (sum(packet) == 0).then_some(content)?
        };
        let mut rest = content.get(HEAD..)?;
        let mut block = None;
        if control & BLOCK != 0 {
            let length = usize::from(*rest.first()?);
            let (bytes, after) = rest.split_at_checked(length)?;
            block = Some(Block { kind: *bytes.get(1)?, data: bytes.get(2).copied() });
            rest = after;
        }
        let macs = matches!(block, Some(Block { kind: 0x15..=0x18, .. }));
        let end = rest.len().checked_sub(if macs { MAC } else { 0 })?;
        let (body, mac) = rest.split_at_checked(end)?;
        let (code, data) = body.split_first()?;
        let signed = content.get(..content.len().checked_sub(mac.len())?)?;
        Some(Self { address, control, block, code: *code, data, signed, mac })
    }

    /// The sequence number; 0 restarts the communication.
    pub(crate) fn number(&self) -> u8 {
        self.control & NUMBER
    }
}

/// A reply that is being written.
pub(crate) struct Writer<'o> {
    room: &'o mut [u8; MAX_PACKET],
    length: usize,
}

impl<'o> Writer<'o> {
    /// Starts a reply to `command`, with a security block if there is one. The reply to a broadcast comes from the
    /// broadcast address.
    pub(crate) fn begin(room: &'o mut [u8; MAX_PACKET], command: &Command, block: Option<&[u8]>) -> Self {
        let control = command.control & (NUMBER | CRC) | if block.is_some() { BLOCK } else { 0 };
        let mut writer = Self { room, length: 0 };
        writer.put(&[START, command.address | 0x80, 0, 0, control]);
        writer.put(block.unwrap_or_default());
        writer
    }

    /// Appends bytes. Bytes that do not fit are dropped; no reply is that long.
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        let room = self.room.get_mut(self.length..).unwrap_or_default();
        for (to, from) in room.iter_mut().zip(bytes) {
            *to = *from;
            self.length = self.length.saturating_add(1);
        }
    }

    /// Writes the length of the packet, with a MAC of `mac` bytes, into the header, and returns the bytes
    /// that the MAC covers.
    pub(crate) fn seal(&mut self, mac: usize) -> &[u8] {
        let check = if self.room[4] & CRC != 0 { 2 } else { 1 };
        let [low, high] = (self.length.saturating_add(mac).saturating_add(check) as u16).to_le_bytes();
        (self.room[2], self.room[3]) = (low, high);
        self.room.get(..self.length).unwrap_or_default()
    }

    /// Appends CRC or checksum, and returns the length of the packet.
    pub(crate) fn end(mut self) -> usize {
        let written = self.room.get(..self.length).unwrap_or_default();
        if self.room[4] & CRC != 0 {
            let check = crc(written).to_le_bytes();
            self.put(&check);
        } else {
            let check = sum(written).wrapping_neg();
            self.put(&[check]);
        }
        self.length
    }
}

fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}
