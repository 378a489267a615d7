//! What the peripheral answers.
//!
//! | command | outside of a channel | in a channel |
//! |---|---|---|
//! | ID 61, CAP 62 | PDID 45, PDCAP 46 | the same |
//! | CHLNG 76, SCRYPT 77 | a step of the handshake | a channel begins anew |
//! | POLL 60 | refused: 06 | RAW 50, LSTATR 48 if something happened, else ACK 40 |
//! | LSTAT 64 | refused: 06 | LSTATR 48 |
//! | OSTAT 66 | refused: 06 | OSTATR 4A: no outputs |
//! | OUT 68, LED 69, BUZ 6A, TEXT 6B | refused: 06 | ACK 40; the door's lamps are its own |
//! | others | refused: 06 | refused: 03 |
//!
//! What is obeyed has no data that matter here, so that a command's data are held to their MAC and not decrypted.

use zeroize::Zeroize;

use crate::packet::{Block, Command, MAC, MAX_PACKET, Writer};
use crate::secure::{Handshake, KEY, Session};

/// Why a command is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Refusal {
    Length = 2,
    Unknown = 3,
    Sequence = 4,
    Security = 5,
    Unencrypted = 6,
}

/// What a device says that it is.
#[derive(Debug, Clone, Copy)]
pub struct Identity {
    /// Vendor, an IEEE OUI.
    pub vendor: [u8; 3],
    /// Model and its version.
    pub model: [u8; 2],
    /// Serial number.
    pub serial: u32,
    /// Major, minor, build.
    pub firmware: [u8; 3],
}

/// The number of somebody who was let in, as a card reader tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Card {
    /// The message, of which the last bit is the lowest.
    pub bits: u64,
    /// How many bits it has, 1 to 64.
    pub length: u8,
}

/// What a device asks of the door that it stands for.
pub trait Door {
    /// A random number that nobody can foresee, another one each time.
    fn random(&mut self) -> [u8; 8];
    /// Whether the cover is open.
    fn tampered(&mut self) -> bool;
    /// Who was let in and was not told of yet; each once.
    fn card(&mut self) -> Option<Card>;
}

enum Channel {
    None,
    Begun(Handshake),
    Secure(Session),
}

/// A peripheral.
pub struct Device {
    address: u8,
    key: [u8; KEY],
    identity: Identity,
    channel: Channel,
    /// Number and check of the last command.
    last: Option<(u8, u16)>,
    /// Whether the controller knows of an open cover.
    told: bool,
    /// Who is to be told of, until the command after it shows that it was heard.
    untold: Option<Card>,
    /// Whether the last reply of this channel told it.
    telling: bool,
    reply: [u8; MAX_PACKET],
    length: usize,
}

impl Drop for Device {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

/// A reply's code and data.
struct Answer {
    code: u8,
    data: [u8; 48],
    length: usize,
}

impl Answer {
    fn new(code: u8, pieces: &[&[u8]]) -> Self {
        let mut answer = Self { code, data: [0; 48], length: 0 };
        for (to, from) in answer.data.iter_mut().zip(pieces.iter().copied().flatten()) {
            *to = *from;
            answer.length += 1;
        }
        answer
    }
}

impl Device {
    /// A device at an address from 0 to 126, which opens a channel by this key alone.
    #[must_use]
    pub fn new(address: u8, key: [u8; KEY], identity: Identity) -> Self {
        Self {
            address,
            key,
            identity,
            channel: Channel::None,
            last: None,
            told: false,
            untold: None,
            telling: false,
            reply: [0; MAX_PACKET],
            length: 0,
        }
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> u8 {
        self.address
    }

    /// Whether there is a secure channel.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        matches!(self.channel, Channel::Secure(_))
    }

    /// Answers a packet; nothing if it is for somebody else, or damaged.
    pub fn answer(&mut self, packet: &[u8], door: &mut dyn Door) -> Option<&[u8]> {
        let command = Command::read(packet, self.address)?;
        let number = command.number();
        let check = crate::crc::crc(packet);
        if number == 0 {
            self.channel = Channel::None;
        } else if let Some((last, same)) = self.last {
            if last == number && same == check {
                return self.reply.get(..self.length);
            }
            if number != last % 3 + 1 {
                self.last = None;
                self.refuse(&command, Refusal::Sequence);
                return self.reply.get(..self.length);
            }
        }
        self.last = Some((number, check));
        match command.block {
            Some(Block { kind: 0x11, data }) => self.challenge(&command, data, door.random()),
            Some(Block { kind: 0x13, .. }) => self.prove(&command),
            Some(Block { kind: 0x15 | 0x17, .. }) => self.secure(&command, door),
            Some(_) => self.refuse(&command, Refusal::Security),
            None => match command.code {
                0x61 | 0x62 => {
                    let answer = self.describe(command.code);
                    self.write(&command, None, &answer);
                }
                _ => self.refuse(&command, Refusal::Unencrypted),
            },
        }
        self.reply.get(..self.length)
    }

    fn refuse(&mut self, command: &Command, refusal: Refusal) {
        self.write(command, None, &Answer::new(0x41, &[&[refusal as u8]]));
    }

    fn write(&mut self, command: &Command, block: Option<&[u8]>, answer: &Answer) {
        let mut writer = Writer::begin(&mut self.reply, self.address, command, block);
        writer.put(&[answer.code]);
        writer.put(answer.data.get(..answer.length).unwrap_or_default());
        writer.seal(0);
        self.length = writer.end();
    }

    /// The first step of the handshake. Only the device's own key will do.
    fn challenge(&mut self, command: &Command, kind: Option<u8>, ours: [u8; 8]) {
        let Some(theirs) = command.data.first_chunk::<8>() else {
            return self.refuse(command, Refusal::Length);
        };
        if kind != Some(1) || command.code != 0x76 {
            return self.refuse(command, Refusal::Security);
        }
        let (handshake, proof) = Handshake::begin(&self.key, theirs, &ours);
        self.channel = Channel::Begun(handshake);
        let Identity { vendor: [a, b, c], model: [model, _], serial, .. } = self.identity;
        let [d, e, f, g] = serial.to_le_bytes();
        let answer = Answer::new(0x76, &[&[a, b, c, model, d, e, f, g], &ours, &proof]);
        self.write(command, Some(&[3, 0x12, 1]), &answer);
    }

    /// The second one.
    fn prove(&mut self, command: &Command) {
        let Channel::Begun(handshake) = core::mem::replace(&mut self.channel, Channel::None) else {
            return self.refuse(command, Refusal::Security);
        };
        let proof = command.data.first_chunk::<KEY>();
        match proof.and_then(|proof| handshake.finish(proof)) {
            Some((session, mac)) => {
                self.channel = Channel::Secure(session);
                (self.told, self.telling) = (false, false);
                self.write(command, Some(&[3, 0x14, 1]), &Answer::new(0x78, &[&mac]));
            }
            None => self.write(command, Some(&[3, 0x14, 0xff]), &Answer::new(0x78, &[&[0; KEY]])),
        }
    }

    /// A command in the channel.
    fn secure(&mut self, command: &Command, door: &mut dyn Door) {
        let Channel::Secure(mut session) = core::mem::replace(&mut self.channel, Channel::None) else {
            return self.refuse(command, Refusal::Unencrypted);
        };
        if !session.check(command.signed, command.mac) {
            return self.refuse(command, Refusal::Security);
        }
        // This command shows that the reply before it was heard.
        if core::mem::take(&mut self.telling) {
            self.untold = None;
        }
        let answer = self.obey(command.code, door);
        let mut sealed = [0; 64];
        let length = answer.length;
        sealed.iter_mut().zip(answer.data).for_each(|(to, from)| *to = from);
        let (kind, length) = match length {
            0 => (0x16, 0),
            length => (0x18, session.seal(&mut sealed, length).unwrap_or(0)),
        };
        let mut writer = Writer::begin(&mut self.reply, self.address, command, Some(&[2, kind]));
        writer.put(&[answer.code]);
        writer.put(sealed.get(..length).unwrap_or_default());
        let mac = session.sign(writer.seal(MAC));
        writer.put(mac.get(..MAC).unwrap_or_default());
        self.length = writer.end();
        self.channel = Channel::Secure(session);
    }

    fn obey(&mut self, code: u8, door: &mut dyn Door) -> Answer {
        let tampered = door.tampered();
        let local = Answer::new(0x48, &[&[tampered.into(), 0]]);
        match code {
            0x60 if self.told != tampered => {
                self.told = tampered;
                local
            }
            0x60 => match self.next(door) {
                Some(Card { bits, length }) => {
                    // Bits stand at the left, of bytes the first.
                    let bytes = (bits << (64 - u32::from(length).clamp(1, 64))).to_be_bytes();
                    let whole = bytes.get(..usize::from(length).div_ceil(8)).unwrap_or_default();
                    Answer::new(0x50, &[&[0, 1, length, 0], whole])
                }
                None => Answer::new(0x40, &[]),
            },
            0x61 | 0x62 => self.describe(code),
            0x64 => local,
            0x66 => Answer::new(0x4a, &[]),
            0x68..=0x6b => Answer::new(0x40, &[]),
            _ => Answer::new(0x41, &[&[Refusal::Unknown as u8]]),
        }
    }

    /// Who is to be told of. Who was told of is told of again in the next channel if no command of this one came after
    /// it: rather twice than not at all.
    fn next(&mut self, door: &mut dyn Door) -> Option<Card> {
        self.untold = self.untold.or_else(|| door.card());
        self.telling = self.untold.is_some();
        self.untold
    }

    /// What the device is, or what it can do.
    fn describe(&self, code: u8) -> Answer {
        let Identity { vendor, model, serial, firmware } = &self.identity;
        let [low, high] = (MAX_PACKET as u16).to_le_bytes();
        match code {
            0x61 => Answer::new(0x45, &[vendor, model, &serial.to_le_bytes(), firmware]),
            // Function, compliance, number: local status; bits of a card; LED and sound; CRC-16; AES-128, not by the
            // default key; the longest packet; one reader; OSDP 2.2.
            _ => Answer::new(
                0x46,
                &[
                    &[3, 1, 0, 4, 1, 1, 5, 1, 1, 8, 1, 0, 9, 1, 0],
                    &[10, low, high, 11, low, high, 13, 0, 1, 16, 2, 0],
                ],
            ),
        }
    }
}
