//! Packets, in and out.
//!
//! ```text
//! 53 | address | length u16 LE | control | [security block] | code | data | [MAC, 4] | CRC-16 LE, or a sum
//!
//! address   bit 7: from the peripheral                   length    of all of it
//! control   bits 0, 1: number; bit 2: CRC-16, not a sum; bit 3: security block
//! security block   its length | kind | data
//! ```
//! A command with a sum for a check is understood and answered with one.

use crate::crc::crc;

/// Bytes of the longest packet, either way.
pub const MAX_PACKET: usize = 128;
/// The first byte.
const START: u8 = 0x53;
/// The address that every peripheral answers.
const EVERYBODY: u8 = 0x7f;
/// Bytes before the security block or the code.
pub(crate) const HEAD: usize = 5;
/// Bytes of a MAC on the line.
pub(crate) const MAC: usize = 4;

const NUMBER: u8 = 0b11;
const CRC: u8 = 1 << 2;
const BLOCK: u8 = 1 << 3;

/// Finds packets among bytes.
#[derive(Debug, Clone)]
pub struct Receiver {
    bytes: [u8; MAX_PACKET],
    length: usize,
}

impl Receiver {
    /// Nothing has come.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; MAX_PACKET], length: 0 }
    }

    /// Forgets a packet that has begun: for where the line is silent in its midst.
    pub fn forget(&mut self) {
        self.length = 0;
    }

    /// Takes a byte; gives the packet that it ends.
    pub fn push(&mut self, byte: u8) -> Option<&[u8]> {
        if self.length == 0 && byte != START {
            return None;
        }
        *self.bytes.get_mut(self.length)? = byte;
        self.length += 1;
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

/// A command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Command<'p> {
    pub(crate) control: u8,
    pub(crate) block: Option<Block>,
    pub(crate) code: u8,
    /// What follows the code, up to MAC or check.
    pub(crate) data: &'p [u8],
    /// What a MAC is over, if there is one, and the MAC.
    pub(crate) signed: &'p [u8],
    pub(crate) mac: &'p [u8],
}

impl<'p> Command<'p> {
    /// Reads a packet; none if it is for somebody else, or damaged.
    pub(crate) fn read(packet: &'p [u8], own: u8) -> Option<Self> {
        let [START, address, _, _, control, ..] = *packet else { return None };
        if address != own && address != EVERYBODY {
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
        let signed = content.get(..content.len() - mac.len())?;
        Some(Self { control, block, code: *code, data, signed, mac })
    }

    /// Its number; 0 begins anew.
    pub(crate) fn number(&self) -> u8 {
        self.control & NUMBER
    }
}

/// A reply that is written.
pub(crate) struct Writer<'o> {
    room: &'o mut [u8; MAX_PACKET],
    length: usize,
}

impl<'o> Writer<'o> {
    /// Begins a reply. `tail` is how many bytes follow what will be written, besides the check.
    pub(crate) fn begin(
        room: &'o mut [u8; MAX_PACKET],
        own: u8,
        command: &Command,
        block: Option<&[u8]>,
    ) -> Self {
        let control = command.control & (NUMBER | CRC) | if block.is_some() { BLOCK } else { 0 };
        let mut writer = Self { room, length: 0 };
        writer.put(&[START, own | 0x80, 0, 0, control]);
        writer.put(block.unwrap_or_default());
        writer
    }

    /// Puts bytes behind the rest. What finds no room is left out: no reply is so long.
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        let room = self.room.get_mut(self.length..).unwrap_or_default();
        for (to, from) in room.iter_mut().zip(bytes) {
            *to = *from;
            self.length += 1;
        }
    }

    /// Says how long it will be with a MAC of so many bytes, and gives what the MAC is over.
    pub(crate) fn seal(&mut self, mac: usize) -> &[u8] {
        let check = if self.room[4] & CRC != 0 { 2 } else { 1 };
        let [low, high] = ((self.length + mac + check) as u16).to_le_bytes();
        (self.room[2], self.room[3]) = (low, high);
        self.room.get(..self.length).unwrap_or_default()
    }

    /// Puts the check behind the rest; gives the length.
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
