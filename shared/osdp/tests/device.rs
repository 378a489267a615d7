//! The replies of a device: a recorded conversation with libosdp 3.2.9 byte by byte, and commands it must
//! refuse.
#![forbid(unsafe_code)]

use osdp::{Card, Device, Door, Identity, KEY, MAX_PACKET, Receiver, SILENCE_MS, WeakKey};
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
    Device::new(5, key, identity).unwrap()
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
    say_at(device, hex, 0, door)
}

/// The reply to a packet that comes at a time, in milliseconds.
fn say_at(device: &mut Device, hex: &str, at: u64, door: &mut Passed) -> Option<Vec<u8>> {
    device.answer(&bytes(hex), at, door).map(<[u8]>::to_vec)
}

/// A packet to address 5 with a checksum, without a security block.
fn packet(address: u8, number: u8, code: u8) -> String {
    let mut packet = vec![0x53, address, 7, 0, number, code];
    packet.push(packet.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)).wrapping_neg());
    packet.iter().map(|byte| format!("{byte:02x}")).collect()
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
fn a_card_that_was_told_never_comes_out_in_another_channel() {
    for at in [0, 30_000] {
        let (mut device, mut door) = (device(), passed());
        for (command, _) in &CONVERSATION[..5] {
            say(&mut device, command, &mut door);
        }
        assert_eq!(door.0, None, "the card was told");
        // Somebody at the wires swallows the reply, and starts again. The poll gets ACK.
        let [.., told] = CONVERSATION[..5] else { panic!() };
        let replies =
            CONVERSATION[..5].iter().map(|(command, _)| say_at(&mut device, command, at, &mut door));
        let last = replies.last().unwrap().unwrap();
        assert_eq!((last[5], last[6], last[7]), (2, 0x16, 0x40), "ACK, and no data");
        assert_ne!(last, bytes(told.1));
    }
}

#[test]
fn a_channel_ends_after_eight_seconds_of_silence() {
    for (at, alive) in [(SILENCE_MS - 1, true), (SILENCE_MS, false), (u64::MAX, false)] {
        let (mut device, mut door) = (device(), passed());
        for (command, _) in &CONVERSATION[..4] {
            say(&mut device, command, &mut door);
        }
        let due = say_at(&mut device, CONVERSATION[4].0, at, &mut door).unwrap();
        assert_eq!((device.is_secure(), due == bytes(CONVERSATION[4].1)), (alive, alive), "at {at} ms");
        assert_eq!(door.0.is_none(), alive, "a card is told in a living channel only");
    }
    // Nothing needs to be heard: time alone ends it, and the last reply cannot be asked for again.
    let (mut device, mut door) = (device(), passed());
    for (command, _) in &CONVERSATION[..5] {
        say_at(&mut device, command, 1000, &mut door);
    }
    assert_eq!(device.expire(1000 + SILENCE_MS - 1), Some(1000 + SILENCE_MS));
    assert!(device.is_secure());
    assert_eq!(device.expire(1000 + SILENCE_MS), None);
    assert!(!device.is_secure());
    let again = say_at(&mut device, CONVERSATION[4].0, 1000 + SILENCE_MS, &mut door);
    assert_eq!(plain(again), [0x41, 6]);
}

#[test]
fn repeats_plain_commands_and_broadcasts_do_not_keep_a_channel() {
    let (mut device, mut door) = (device(), passed());
    for (command, _) in &CONVERSATION[..5] {
        say(&mut device, command, &mut door);
    }
    for at in (0..SILENCE_MS).step_by(500) {
        say_at(&mut device, CONVERSATION[4].0, at, &mut door);
        say_at(&mut device, &packet(5, 2, 0x61), at, &mut door);
        say_at(&mut device, &packet(0x7f, 3, 0x60), at, &mut door);
        assert!(device.is_secure());
    }
    device.expire(SILENCE_MS);
    assert!(!device.is_secure());
}

#[test]
fn a_plain_command_in_a_channel_is_refused_and_changes_nothing() {
    for (code, number) in (0x60..=0x77).flat_map(|code| (1..=3).map(move |number| (code, number))) {
        let (mut device, mut door) = (device(), passed());
        for (command, _) in &CONVERSATION[..4] {
            say(&mut device, command, &mut door);
        }
        assert_eq!(plain(say(&mut device, &packet(5, number, code), &mut door)), [0x41, 6]);
        assert!(device.is_secure() && door.0.is_some());
        // The controller's next command, and its repetition after another injected one.
        let [.., poll, next] = CONVERSATION else { panic!() };
        assert_eq!(say(&mut device, poll.0, &mut door), Some(bytes(poll.1)));
        assert_eq!(plain(say(&mut device, &packet(5, number, code), &mut door)), [0x41, 6]);
        assert_eq!(say(&mut device, poll.0, &mut door), Some(bytes(poll.1)));
        assert_eq!(say(&mut device, next.0, &mut door), Some(bytes(next.1)));
    }
}

#[test]
fn a_broadcast_is_answered_from_the_broadcast_address() {
    let (mut device, mut door) = (device(), passed());
    for (address, from) in [(5, 0x85), (0x7f, 0xff)] {
        for code in [0x60, 0x61, 0x62] {
            let reply = say(&mut device, &packet(address, 0, code), &mut door).unwrap();
            assert_eq!(reply[1], from, "{code:02x} to {address:02x}");
        }
    }
}

#[test]
fn there_is_no_device_with_a_weak_key() {
    let identity = Identity { vendor: [1, 2, 3], model: [4, 5], serial: 0x0102_0304, firmware: [1, 2, 3] };
    for key in [*b"0123456789:;<=>?", [0; KEY], [0xff; KEY], [7; KEY]] {
        assert_eq!(Device::new(5, key, identity).err(), Some(WeakKey));
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

/// A packet with a bit changed, and its CRC repaired.
fn with_bit_changed(packet: &str, bit: usize) -> String {
    let mut packet = bytes(packet);
    packet[bit / 8] ^= 1 << (bit % 8);
    let end = packet.len() - 2;
    let crc = packet[..end].iter().fold(0x1d0fu16, |crc, byte| {
        let shift = |crc: u16, _| crc << 1 ^ if crc >> 15 == 1 { 0x1021 } else { 0 };
        (0..8).fold(crc ^ u16::from(*byte) << 8, shift)
    });
    packet[end..].copy_from_slice(&crc.to_le_bytes());
    packet.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a changed bit leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Changed {
    /// No reply, as to a damaged packet or one for somebody else. The channel stays.
    Ignored,
    /// NAK with this code. The channel stays.
    Refused(u8),
    /// NAK 5 or 6, and the channel ends.
    Ended(u8),
}

#[test]
fn no_command_with_a_changed_bit_is_executed() {
    let [.., (poll, reply), _] = CONVERSATION else { panic!() };
    // All up to the CRC: what the MAC covers, and the MAC.
    for bit in 0..(bytes(poll).len() - 2) * 8 {
        let (mut device, mut door) = (device(), passed());
        for (command, _) in &CONVERSATION[..4] {
            say(&mut device, command, &mut door);
        }
        let answer = say(&mut device, &with_bit_changed(poll, bit), &mut door);
        let told = match (answer, device.is_secure()) {
            (None, true) => Changed::Ignored,
            (Some(nak), true) => Changed::Refused(plain(Some(nak))[1]),
            (Some(nak), false) => Changed::Ended(plain(Some(nak))[1]),
            (None, false) => panic!("bit {bit} ends the channel without a word"),
        };
        let expected = match bit {
            // The start and the address.
            0..16 => Changed::Ignored,
            // The sequence number: 0 begins again, another one is not the next.
            32 => Changed::Ended(6),
            33 => Changed::Refused(4),
            // Whether there is a CRC, and whether there is a security block.
            34 => Changed::Ignored,
            35 => Changed::Refused(6),
            // The length of the security block, and its kind: that of a handshake, or an unknown one.
            40..48 => Changed::Ignored,
            50 => Changed::Refused(2),
            48 | 51..56 => Changed::Refused(5),
            // The MAC does not fit.
            _ => Changed::Ended(5),
        };
        assert_eq!(told, expected, "bit {bit}");
        assert!(door.0.is_some(), "bit {bit}: a card was told");
        if device.is_secure() {
            // A refusal may have taken the sequence number: then the controller repeats its command once.
            let mut replies = (0..2).map(|_| say(&mut device, poll, &mut door));
            assert!(replies.any(|sent| sent == Some(bytes(reply))), "bit {bit}: the channel goes on");
        }
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
                let answer = device.answer(&packet, 0, &mut door);
                prop_assert!(answer.is_none_or(|answer| answer.len() <= MAX_PACKET));
            }
        }
    }
}
