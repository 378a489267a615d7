//! The access controller's end of a secure channel (SIA OSDP 2.2, annex D), as far as the tests need it.

use aes::{
    Aes128,
    cipher::{BlockCipherEncrypt, KeyInit},
};

use super::World;

/// The random number of the controller.
const RANDOM: [u8; 8] = *b"a number";
/// Commands.
const ID: u8 = 0x61;
const CHALLENGE: u8 = 0x76;
const CRYPTOGRAM: u8 = 0x77;
const POLL: u8 = 0x60;

/// A controller in a secure channel with the device at address 5.
pub struct Panel {
    /// The keys of the MAC: of all blocks but the last, and of the last.
    first: [u8; 16],
    last: [u8; 16],
    mac: [u8; 16],
    sequence: u8,
}

fn encrypt(key: &[u8; 16], block: [u8; 16]) -> [u8; 16] {
    let mut block = block.into();
    Aes128::new(&(*key).into()).encrypt_block(&mut block);
    block.into()
}

/// CRC-16 with 0x1D0F at the start.
fn crc(bytes: &[u8]) -> [u8; 2] {
    let step = |crc: u16, _| if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 };
    bytes.iter().fold(0x1d0f, |crc, byte| (0..8).fold(crc ^ u16::from(*byte) << 8, step)).to_le_bytes()
}

/// A packet up to its MAC and CRC, of which `rest` bytes will follow. `control` has the sequence number.
fn packet(control: u8, block: &[u8], command: u8, data: &[u8], rest: usize) -> Vec<u8> {
    let length = 5 + block.len() + 1 + data.len() + rest;
    [&[0x53, 5, length as u8, 0, control], block, &[command], data].concat()
}

/// Sends a packet, and returns the reply.
async fn say(world: &World, mut packet: Vec<u8>) -> Vec<u8> {
    packet.extend(crc(&packet));
    world.wait(50).await;
    world.bus.host_sends(&packet);
    world.wait(50).await;
    std::iter::from_fn(|| world.bus.host_receives()).collect()
}

impl Panel {
    /// Begins a channel with this key.
    pub async fn begin(world: &World, key: &[u8; 16]) -> Self {
        say(world, packet(0x04, &[], ID, &[], 2)).await;
        let theirs = say(world, packet(0x0d, &[3, 0x11, 1], CHALLENGE, &RANDOM, 2)).await;
        let derived = |n| {
            let mut block = [0; 16];
            block[..2].copy_from_slice(&[1, n]);
            block[2..8].copy_from_slice(&RANDOM[..6]);
            encrypt(key, block)
        };
        let both = [&theirs[17..25], &RANDOM].concat();
        let proof = encrypt(&derived(0x82), both.try_into().unwrap());
        let (first, last) = (derived(0x01), derived(0x02));
        let reply = say(world, packet(0x0e, &[3, 0x13, 1], CRYPTOGRAM, &proof, 2)).await;
        let mac = encrypt(&last, encrypt(&first, proof));
        assert_eq!(reply[9..25], mac, "the device has the key");
        Self { first, last, mac, sequence: 2 }
    }

    /// Chains the MAC over a message.
    fn sign(&mut self, message: &[u8]) {
        let blocks = message.len().div_ceil(16);
        for (number, block) in message.chunks(16).enumerate() {
            let padding = std::iter::once(&0x80).chain(std::iter::repeat(&0));
            self.mac.iter_mut().zip(block.iter().chain(padding)).for_each(|(mac, byte)| *mac ^= byte);
            self.mac = encrypt(if number + 1 == blocks { &self.last } else { &self.first }, self.mac);
        }
    }

    /// Polls the device in the channel, and returns the code of its reply.
    pub async fn poll(&mut self, world: &World) -> u8 {
        self.sequence = self.sequence % 3 + 1;
        let mut command = packet(0x0c | self.sequence, &[2, 0x15], POLL, &[], 6);
        self.sign(&command);
        command.extend_from_slice(&self.mac[..4]);
        let reply = say(world, command).await;
        // A reply in the channel has a block of two bytes, a MAC and a CRC; a refusal outside of it has neither of the first.
        if reply[4] & 8 == 0 {
            return reply[5];
        }
        let (message, mac) = reply[..reply.len() - 2].split_at(reply.len() - 6);
        self.sign(message);
        assert_eq!(mac, &self.mac[..4]);
        reply[7]
    }
}
