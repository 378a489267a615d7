//! The replies of a device: a recorded conversation with libosdp 3.2.9 byte by byte, and commands it must
//! refuse.
#![forbid(unsafe_code)]

use osdp::{Card, Device, Door, Identity, KEY, MAX_PACKET, Receiver};
use proptest::prelude::*;

/// The commands of libosdp's controller to this device, and its replies.
const CONVERSATION: &[(&str, &str)] = &[
    ("53050900046100c125", "538514000445010203040504030201010203d382"),
    ("53050900056200a247", "5385230005460301000401010501010801000901000a80000b80000d00011002007c1b"),
    (
        "530513000e03110176d764c8cce93255c4cdcf",
        "53852b000e031201760102030404030201658ffaeb4eceab3dc4e59b5a005d12f1cbfc65816bf7119361e9",
    ),
    (
        "53051b000f0313017751979e0496e574d9a635ae577c3a41856c03",
        "53851b000f03140178812fd930875ff6cb6d06174f7713b3d9cd62",
    ),
    ("53050e000d0215609a5110944587", "53851e000d02185001ec8dcff02f519607b59e8dbb83c8ce5f9b9c8df6ac"),
    ("53051e000e0217698b11ab452111157f4becd2c6879c40d13035f984e42e", "53850e000e021640997efe6605cd"),
];
/// The random number of the device in this conversation.
const RANDOM: [u8; 8] = [0x65, 0x8f, 0xfa, 0xeb, 0x4e, 0xce, 0xab, 0x3d];

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn device() -> Device {
    let key: [u8; KEY] = core::array::from_fn(|n| n as u8);
    let identity = Identity { vendor: [1, 2, 3], model: [4, 5], serial: 0x0102_0304, firmware: [1, 2, 3] };
    Device::new(5, key, identity)
}

/// A door with one person who entered.
struct Passed(Option<Card>);

impl Door for Passed {
    fn random(&mut self) -> [u8; 8] {
        RANDOM
    }

    fn tampered(&mut self) -> bool {
        false
    }

    fn card(&mut self) -> Option<Card> {
        self.0.take()
    }
}

fn passed() -> Passed {
    Passed(Some(Card { bits: 0x2ab_cdef, length: 26 }))
}

fn say(device: &mut Device, hex: &str, door: &mut Passed) -> Option<Vec<u8>> {
    device.answer(&bytes(hex), door).map(<[u8]>::to_vec)
}

/// Code and first data byte of a reply without a security block.
fn plain(reply: Option<Vec<u8>>) -> Vec<u8> {
    reply.unwrap()[5..][..2].to_vec()
}

#[test]
fn a_conversation_with_libosdp_is_the_same_byte_by_byte() {
    let (mut device, mut door) = (device(), passed());
    for (command, reply) in CONVERSATION {
        assert_eq!(say(&mut device, command, &mut door), Some(bytes(reply)), "to {command}");
    }
    assert!(device.is_secure() && door.0.is_none());
}

#[test]
fn a_repeated_command_is_executed_once() {
    let (mut device, mut door) = (device(), passed());
    for (command, reply) in CONVERSATION {
        for _ in 0..3 {
            assert_eq!(say(&mut device, command, &mut door), Some(bytes(reply)), "to {command}");
        }
    }
}

#[test]
fn an_unacknowledged_card_is_reported_in_the_next_channel() {
    let (mut device, mut door) = (device(), passed());
    for (command, _) in &CONVERSATION[..5] {
        say(&mut device, command, &mut door);
    }
    assert_eq!(door.0, None, "the card was reported");
    // The controller restarts before any command acknowledges the card.
    for (command, reply) in &CONVERSATION[..5] {
        assert_eq!(say(&mut device, command, &mut door), Some(bytes(reply)), "to {command}");
    }
}

#[test]
fn nothing_is_reported_outside_a_secure_channel() {
    let (mut device, mut door) = (device(), passed());
    // POLL, sequence number 0, with a checksum; then with a wrong CRC.
    assert_eq!(plain(say(&mut device, "53050700006041", &mut door)), [0x41, 6]);
    assert_eq!(say(&mut device, "530508000460ffff", &mut door), None);
    // To address 6, and to the broadcast address.
    assert_eq!(say(&mut device, "53060700006040", &mut door), None);
    assert_eq!(plain(say(&mut device, "537f07000060c7", &mut door)), [0x41, 6]);
    assert!(door.0.is_some());
}

#[test]
fn the_default_key_opens_no_channel() {
    let (mut device, mut door) = (device(), passed());
    // CHLNG whose security block selects SCBK-D.
    let mut packet = bytes("531112000803110076d764c8cce93255c4");
    packet[1] = 5;
    let sum = packet.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    packet.push(sum.wrapping_neg());
    let hex: String = packet.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(plain(say(&mut device, &hex, &mut door)), [0x41, 5]);
}

#[test]
fn a_wrong_mac_ends_the_channel() {
    for bit in 0..32 {
        let (mut device, mut door) = (device(), passed());
        for (command, _) in &CONVERSATION[..4] {
            say(&mut device, command, &mut door);
        }
        let mut packet = bytes(CONVERSATION[4].0);
        let mac = packet.len() - 6;
        packet[mac + bit / 8] ^= 1 << (bit % 8);
        let end = packet.len() - 2;
        let crc = packet[..end].iter().fold(0x1d0fu16, |crc, byte| {
            let shift = |crc: u16, _| crc << 1 ^ if crc >> 15 == 1 { 0x1021 } else { 0 };
            (0..8).fold(crc ^ u16::from(*byte) << 8, shift)
        });
        packet[end..].copy_from_slice(&crc.to_le_bytes());
        let hex: String = packet.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(plain(say(&mut device, &hex, &mut door)), [0x41, 5]);
        assert!(!device.is_secure() && door.0.is_some());
    }
}

#[test]
fn an_unexpected_sequence_number_is_refused() {
    let (mut device, mut door) = (device(), passed());
    say(&mut device, CONVERSATION[0].0, &mut door);
    assert_eq!(plain(say(&mut device, CONVERSATION[2].0, &mut door)), [0x41, 4]);
}

proptest! {
    #[test]
    fn no_noise_makes_the_device_panic(noise in prop::collection::vec(any::<u8>(), 0..400), at in 0usize..7, flip in any::<u16>()) {
        let (mut device, mut door, mut receiver) = (device(), passed(), Receiver::new());
        let mut line: Vec<u8> = CONVERSATION[..at].iter().flat_map(|(command, _)| bytes(command)).collect();
        if !line.is_empty() {
            let bit = usize::from(flip) % (line.len() * 8);
            line[bit / 8] ^= 1 << (bit % 8);
        }
        line.extend(noise);
        for byte in line {
            if let Some(packet) = receiver.push(byte) {
                let packet = packet.to_vec();
                let answer = device.answer(&packet, &mut door);
                prop_assert!(answer.is_none_or(|answer| answer.len() <= MAX_PACKET));
            }
        }
    }
}
