//! Any bytes on an access controller's bus: the device never panics, every reply is a whole packet, and no card is
//! reported outside of a secure channel.
//!
//! ```text
//! input     byte: bit 0 chooses even or odd, the rest mod 6 is how many of libosdp's commands come first | data
//! even      the data is sent as it is
//! odd       the data is packets: length u8 | control | security block, code and data; header and checksum are added
//! ```

use osdp::{Card, Device, Door, Identity, KEY, MAX_PACKET, Receiver};

/// The commands that libosdp's controller sent to a device with this key and these random numbers.
const SAID: [&[u8]; 5] = [
    &[0x53, 0x05, 0x09, 0x00, 0x04, 0x61, 0x00, 0xc1, 0x25],
    &[0x53, 0x05, 0x09, 0x00, 0x05, 0x62, 0x00, 0xa2, 0x47],
    &[
        0x53, 0x05, 0x13, 0x00, 0x0e, 0x03, 0x11, 0x01, 0x76, 0xd7, 0x64, 0xc8, 0xcc, 0xe9, 0x32, 0x55, 0xc4,
        0xcd, 0xcf,
    ],
    &[
        0x53, 0x05, 0x1b, 0x00, 0x0f, 0x03, 0x13, 0x01, 0x77, 0x51, 0x97, 0x9e, 0x04, 0x96, 0xe5, 0x74, 0xd9,
        0xa6, 0x35, 0xae, 0x57, 0x7c, 0x3a, 0x41, 0x85, 0x6c, 0x03,
    ],
    &[0x53, 0x05, 0x0e, 0x00, 0x0d, 0x02, 0x15, 0x60, 0x9a, 0x51, 0x10, 0x94, 0x45, 0x87],
];
/// The device's address, and the first byte of a packet.
const ADDRESS: u8 = 5;
const START: u8 = 0x53;
/// The bit of a packet's control that says that its check is a CRC.
const CRC: u8 = 4;

/// A door that always has a card to report.
struct Passed {
    secure: bool,
}

impl Door for Passed {
    fn random(&mut self) -> [u8; 8] {
        [0x65, 0x8f, 0xfa, 0xeb, 0x4e, 0xce, 0xab, 0x3d]
    }

    fn tampered(&mut self) -> bool {
        false
    }

    fn card(&mut self) -> Option<Card> {
        assert!(self.secure, "a card is reported outside of a channel");
        Some(Card { bits: 0x2ab_cdef, length: 26 })
    }
}

/// Sends as many of libosdp's commands as the input says, then the rest of the input.
pub fn check(input: &[u8]) {
    let Some((chosen, rest)) = input.split_first() else { return };
    let key: [u8; KEY] = core::array::from_fn(|n| n as u8);
    let identity = Identity { vendor: [1, 2, 3], model: [4, 5], serial: 0x0102_0304, firmware: [1, 2, 3] };
    let (mut device, mut receiver) = (Device::new(ADDRESS, key, identity).expect("a key"), Receiver::new());
    let said = usize::from(chosen / 2) % (SAID.len() + 1);
    for (at, packet) in SAID.iter().take(said).enumerate() {
        hear(&mut device, &mut receiver, packet);
        assert_eq!(device.is_secure(), at >= 3);
    }
    if chosen % 2 == 0 {
        return hear(&mut device, &mut receiver, rest);
    }
    let mut rest = rest;
    while let Some(([length, control], after)) = rest.split_first_chunk() {
        let (content, after) = after.split_at(usize::from(*length).min(after.len()).min(MAX_PACKET - 8));
        rest = after;
        hear(&mut device, &mut receiver, &packet(*control, content));
    }
}

/// A packet with a valid header and checksum.
fn packet(control: u8, content: &[u8]) -> Vec<u8> {
    let mut packet = vec![START, ADDRESS, 0, 0, control];
    packet.extend(content);
    let length = packet.len() + if control & CRC != 0 { 2 } else { 1 };
    packet[2] = length as u8;
    if control & CRC == 0 {
        packet.push(packet.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)).wrapping_neg());
        return packet;
    }
    let crc = packet.iter().fold(0x1d0fu16, |crc, byte| {
        let shift = |crc: u16, _| crc << 1 ^ if crc >> 15 == 1 { 0x1021 } else { 0 };
        (0..8).fold(crc ^ u16::from(*byte) << 8, shift)
    });
    packet.extend(crc.to_le_bytes());
    packet
}

fn hear(device: &mut Device, receiver: &mut Receiver, bytes: &[u8]) {
    for byte in bytes {
        let Some(packet) = receiver.push(*byte) else { continue };
        let mut door = Passed { secure: device.is_secure() };
        let Some(reply) = device.answer(packet, 0, &mut door) else { continue };
        let length = usize::from(u16::from_le_bytes([reply[2], reply[3]]));
        assert_eq!((reply[0], reply[1], length), (START, packet[1] | 0x80, reply.len()), "a whole packet");
    }
}
