//! The replies of the peripheral.
//!
//! | command | outside a secure channel | in a secure channel, with a MAC |
//! |---|---|---|
//! | ID 61, CAP 62 | PDID 45, PDCAP 46 | the same |
//! | CHLNG 76, SCRYPT 77 | a step of the handshake | a new channel starts |
//! | POLL 60 | NAK 06 | LSTATR 48 if the tamper contact changed, RAW 50 if there is a card to report, else ACK 40 |
//! | LSTAT 64 | NAK 06 | LSTATR 48 |
//! | OSTAT 66 | NAK 06 | OSTATR 4A: no outputs |
//! | OUT 68, LED 69, BUZ 6A, TEXT 6B | NAK 06 | ACK 40, without effect: the door controls its own indicators |
//! | others | NAK 06 | NAK 03 |
//!
//! In a secure channel, a command without a MAC gets NAK 06 and has no effect: it takes no sequence number, and the last
//! reply can still be repeated. One with sequence number 0 ends the channel, and is then a command outside of it.
//!
//! No supported command has data that matter here. So the data of a command are authenticated by the MAC, but
//! not decrypted.

use zeroize::Zeroize;

use crate::packet::{Block, Command, MAC, MAX_PACKET, Writer};
use crate::secure::{Handshake, KEY, Session};
use crate::weak::{WeakKey, refuse_weak};

/// A secure channel ends after this time without a valid command in it (SIA OSDP 2.2), in milliseconds.
pub const SILENCE_MS: u64 = 8000;

/// Error code of a NAK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Nak {
    Length = 2,
    Unknown = 3,
    Sequence = 4,
    Security = 5,
    Unencrypted = 6,
}

/// The identity of a device, as PDID reports it.
#[derive(Debug, Clone, Copy)]
pub struct Identity {
    /// Vendor, an IEEE OUI.
    pub vendor: [u8; 3],
    /// Model and version.
    pub model: [u8; 2],
    /// Serial number.
    pub serial: u32,
    /// Firmware version: major, minor, build.
    pub firmware: [u8; 3],
}

/// The number of a person who entered, in the format of a card reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Card {
    /// The bits of the card; the last bit is the least significant one.
    pub bits: u64,
    /// Number of bits, 1 to 64.
    pub length: u8,
}

/// The door behind a device.
pub trait Door {
    /// A new unpredictable random number.
    fn random(&mut self) -> [u8; 8];
    /// Whether the cover is open.
    fn tampered(&mut self) -> bool;
    /// The next person who entered; each is returned once, and reported in this secure channel or never.
    fn card(&mut self) -> Option<Card>;
}

enum Channel {
    None,
    Handshake(Handshake),
    Secure(Session),
}

/// A peripheral device.
pub struct Device {
    address: u8,
    key: [u8; KEY],
    identity: Identity,
    channel: Channel,
    /// Sequence number and CRC of the last command.
    last: Option<(u8, u16)>,
    /// When the last valid command of the secure channel or of its handshake came, in milliseconds.
    heard: u64,
    /// The tamper state that was last reported to the controller.
    tamper_reported: bool,
    /// The last reply, for a controller that repeats its command.
    reply: Packet,
    /// A refusal that is not kept.
    refusal: Packet,
}

/// A packet that was written.
struct Packet {
    bytes: [u8; MAX_PACKET],
    length: usize,
}

impl Packet {
    const EMPTY: Self = Self { bytes: [0; MAX_PACKET], length: 0 };

    /// Its bytes; `None` if none was written.
    fn sent(&self) -> Option<&[u8]> {
        self.bytes.get(..self.length).filter(|bytes| !bytes.is_empty())
    }

    /// Writes a reply without MAC.
    fn write(&mut self, command: &Command, block: Option<&[u8]>, reply: &Reply) {
        let mut writer = Writer::begin(&mut self.bytes, command, block);
        writer.put(&[reply.code]);
        writer.put(reply.data.get(..reply.length).unwrap_or_default());
        writer.seal(0);
        self.length = writer.end();
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

/// Code and data of a reply.
struct Reply {
    code: u8,
    data: [u8; 48],
    length: usize,
}

impl Reply {
    fn new(code: u8, pieces: &[&[u8]]) -> Self {
        let mut reply = Self { code, data: [0; 48], length: 0 };
        for (to, from) in reply.data.iter_mut().zip(pieces.iter().copied().flatten()) {
            *to = *from;
            reply.length += 1;
        }
        reply
    }

    fn nak(nak: Nak) -> Self {
        Self::new(0x41, &[&[nak as u8]])
    }
}

impl Device {
    /// A device at an address from 0 to 126, which accepts this key only.
    ///
    /// # Errors
    /// [`WeakKey`] for a key that others can guess.
    pub fn new(address: u8, key: [u8; KEY], identity: Identity) -> Result<Self, WeakKey> {
        refuse_weak(&key)?;
        Ok(Self {
            address,
            key,
            identity,
            channel: Channel::None,
            last: None,
            heard: 0,
            tamper_reported: false,
            reply: Packet::EMPTY,
            refusal: Packet::EMPTY,
        })
    }

    /// The address.
    #[must_use]
    pub fn address(&self) -> u8 {
        self.address
    }

    /// Whether a secure channel is established. Call [`Device::expire`] first.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        matches!(self.channel, Channel::Secure(_))
    }

    /// Ends the secure channel or the handshake if it was silent for [`SILENCE_MS`] at the time `now`, in milliseconds
    /// since any moment. What was told in it is forgotten: a repeated command is not answered with it again.
    ///
    /// Returns the time at which the channel ends if nothing more is heard; `None` if there is none.
    pub fn expire(&mut self, now: u64) -> Option<u64> {
        let end = self.heard.saturating_add(SILENCE_MS);
        match self.channel {
            Channel::None => None,
            _ if now < end => Some(end),
            _ => {
                self.close();
                None
            }
        }
    }

    /// Ends the channel, and forgets what was told in it.
    fn close(&mut self) {
        self.channel = Channel::None;
        self.last = None;
        self.reply = Packet::EMPTY;
    }

    /// Executes the command in `packet` at the time `now`, see [`Device::expire`], and returns the reply; `None` if the
    /// packet is for another address, or damaged.
    pub fn answer(&mut self, packet: &[u8], now: u64, door: &mut dyn Door) -> Option<&[u8]> {
        self.expire(now);
        let command = Command::read(packet, self.address)?;
        let number = command.number();
        let check = crate::crc::crc(packet);
        if number == 0 {
            self.close();
        } else if self.is_secure() && command.block.is_none() {
            self.refusal.write(&command, None, &Reply::nak(Nak::Unencrypted));
            return self.refusal.sent();
        } else if let Some((last, same)) = self.last {
            if last == number && same == check {
                return self.reply.sent();
            }
            if number != last % 3 + 1 {
                self.last = None;
                self.nak(&command, Nak::Sequence);
                return self.reply.sent();
            }
        }
        self.last = Some((number, check));
        match command.block {
            Some(Block { kind: 0x11, data }) => self.challenge(&command, data, now, door.random()),
            Some(Block { kind: 0x13, .. }) => self.prove(&command, now),
            Some(Block { kind: 0x15 | 0x17, .. }) => self.secure(&command, now, door),
            Some(_) => self.nak(&command, Nak::Security),
            None => match command.code {
                0x61 | 0x62 => {
                    let reply = self.describe(command.code);
                    self.write(&command, None, &reply);
                }
                _ => self.nak(&command, Nak::Unencrypted),
            },
        }
        self.reply.sent()
    }

    fn nak(&mut self, command: &Command, nak: Nak) {
        self.write(command, None, &Reply::nak(nak));
    }

    fn write(&mut self, command: &Command, block: Option<&[u8]>, reply: &Reply) {
        self.reply.write(command, block, reply);
    }

    /// The first step of the handshake. Only the device's own key is accepted.
    fn challenge(&mut self, command: &Command, kind: Option<u8>, now: u64, ours: [u8; 8]) {
        let Some(theirs) = command.data.first_chunk::<8>() else {
            return self.nak(command, Nak::Length);
        };
        if kind != Some(1) || command.code != 0x76 {
            return self.nak(command, Nak::Security);
        }
        let (handshake, proof) = Handshake::begin(&self.key, theirs, &ours);
        (self.channel, self.heard) = (Channel::Handshake(handshake), now);
        let Identity { vendor: [a, b, c], model: [model, _], serial, .. } = self.identity;
        let [d, e, f, g] = serial.to_le_bytes();
        let reply = Reply::new(0x76, &[&[a, b, c, model, d, e, f, g], &ours, &proof]);
        self.write(command, Some(&[3, 0x12, 1]), &reply);
    }

    /// The second step of the handshake.
    fn prove(&mut self, command: &Command, now: u64) {
        let Channel::Handshake(handshake) = core::mem::replace(&mut self.channel, Channel::None) else {
            return self.nak(command, Nak::Security);
        };
        let proof = command.data.first_chunk::<KEY>();
        match proof.and_then(|proof| handshake.finish(proof)) {
            Some((session, mac)) => {
                (self.channel, self.heard) = (Channel::Secure(session), now);
                self.tamper_reported = false;
                self.write(command, Some(&[3, 0x14, 1]), &Reply::new(0x78, &[&mac]));
            }
            None => self.write(command, Some(&[3, 0x14, 0xff]), &Reply::new(0x78, &[&[0; KEY]])),
        }
    }

    /// A command in the secure channel.
    fn secure(&mut self, command: &Command, now: u64, door: &mut dyn Door) {
        let Channel::Secure(mut session) = core::mem::replace(&mut self.channel, Channel::None) else {
            return self.nak(command, Nak::Unencrypted);
        };
        if !session.check(command.signed, command.mac) {
            return self.nak(command, Nak::Security);
        }
        self.heard = now;
        let reply = self.execute(command.code, door);
        let mut sealed = [0; 64];
        let length = reply.length;
        sealed.iter_mut().zip(reply.data).for_each(|(to, from)| *to = from);
        let (kind, length) = match length {
            0 => (0x16, 0),
            length => (0x18, session.seal(&mut sealed, length).unwrap_or(0)),
        };
        let mut writer = Writer::begin(&mut self.reply.bytes, command, Some(&[2, kind]));
        writer.put(&[reply.code]);
        writer.put(sealed.get(..length).unwrap_or_default());
        let mac = session.sign(writer.seal(MAC));
        writer.put(mac.get(..MAC).unwrap_or_default());
        self.reply.length = writer.end();
        self.channel = Channel::Secure(session);
    }

    fn execute(&mut self, code: u8, door: &mut dyn Door) -> Reply {
        let tampered = door.tampered();
        let local = Reply::new(0x48, &[&[tampered.into(), 0]]);
        match code {
            0x60 if self.tamper_reported != tampered => {
                self.tamper_reported = tampered;
                local
            }
            0x60 => match door.card() {
                Some(Card { bits, length }) => {
                    // The bits are left-aligned in the bytes.
                    let bytes = (bits << (64 - u32::from(length).clamp(1, 64))).to_be_bytes();
                    let whole = bytes.get(..usize::from(length).div_ceil(8)).unwrap_or_default();
                    Reply::new(0x50, &[&[0, 1, length, 0], whole])
                }
                None => Reply::new(0x40, &[]),
            },
            0x61 | 0x62 => self.describe(code),
            0x64 => local,
            0x66 => Reply::new(0x4a, &[]),
            0x68..=0x6b => Reply::new(0x40, &[]),
            _ => Reply::nak(Nak::Unknown),
        }
    }

    /// The reply to ID or CAP.
    fn describe(&self, code: u8) -> Reply {
        let Identity { vendor, model, serial, firmware } = &self.identity;
        let [low, high] = (MAX_PACKET as u16).to_le_bytes();
        match code {
            0x61 => Reply::new(0x45, &[vendor, model, &serial.to_le_bytes(), firmware]),
            // Function, compliance, number: contact status; card data; LED; buzzer; CRC-16; AES-128 without
            // the default key; receive buffer size; largest message; readers; OSDP 2.2.
            _ => Reply::new(
                0x46,
                &[
                    &[3, 1, 0, 4, 1, 1, 5, 1, 1, 8, 1, 0, 9, 1, 0],
                    &[10, low, high, 11, low, high, 13, 0, 1, 16, 2, 0],
                ],
            ),
        }
    }
}
