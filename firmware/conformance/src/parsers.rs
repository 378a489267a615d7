//! Parsers of foreign bytes on generated input with extreme numbers: the board must say what the host says.
//!
//! A board's `usize` has 32 bits, the host's has 64. A size that wraps on the board alone makes it accept what the
//! host refuses, or panic. The verdict of each case goes into a checksum, which must be the same everywhere.
//!
//! | parser | input |
//! |---|---|
//! | `nn::Model::load` | a convolution of extreme sizes, up to two fields replaced by extreme numbers, a valid SHA-256. What loads is run |
//! | `protocol::Packet::message` | a message number, then extreme variable-length numbers and random bytes |
//! | `protocol::Deframer` | frames with stuffing bytes replaced |
//! | `osdp::Receiver` | packets with extreme lengths and security blocks |

use core::fmt::{self, Write};

use bytemuck::{bytes_of, cast_slice};
use crc::{CRC_32_ISO_HDLC, Crc, Digest};
use nn::format::{
    CalibrationRecord, DIGEST, Header, Kind, MAGIC, OperatorRecord, Section, TensorRecord, VERSION, align,
    code,
};
use nn::{Arena, Error, Model};
use osdp::{MAX_PACKET, Receiver};
use protocol::{Deframer, MAX_FRAME, Packet, Request, Response, encode};
use sha2::{Digest as _, Sha256};

use crate::random::Random;

/// Number of cases per parser.
const CASES: u64 = 4000;
/// Bytes of an image, and of an arena. A network that needs more is not run.
const IMAGE: usize = 1024;
const ARENA: usize = 2048;

const OPERATORS: usize = size_of::<Header>();
const TENSORS: usize = align(OPERATORS + size_of::<OperatorRecord>());
const OUTPUTS: usize = TENSORS + 2 * size_of::<TensorRecord>();
const CALIBRATION: usize = align(OUTPUTS + size_of::<u32>());
const DATA: usize = align(CALIBRATION + size_of::<CalibrationRecord>());
/// Bytes of weights and scales.
const DATA_LEN: usize = IMAGE - DIGEST - DATA;
/// Most output channels: their scales fit the image.
const SCALES: usize = 8 * size_of::<kernels::Scale>();

/// Numbers at which sizes wrap, or almost do.
const EXTREMES: [u32; 16] = [
    0,
    1,
    15,
    16,
    17,
    0x7f,
    0xff,
    0x100,
    0x7fff,
    0x8000,
    0xffff,
    0x1_0000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fff0,
    0xffff_ffff,
];
/// Channels of the input. With a kernel of 128x128, 32768 channels and 8 filters have 2^32 weights.
const CHANNELS: [u16; 8] = [1, 3, 16, 255, 4096, 16384, 32768, 65535];
const SIDES: [u8; 8] = [1, 2, 3, 16, 64, 128, 254, 255];

static CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

#[repr(align(16))]
struct Image([u8; IMAGE]);

/// Runs a parser on one generated input.
type Case = fn(&mut Random, &mut Tally);

/// The checksum of all verdicts, and how many cases were refused.
struct Tally {
    digest: Digest<'static, u32>,
    refused: u32,
}

impl Tally {
    fn accept(&mut self, content: &[u8]) {
        self.digest.update(&[1]);
        self.digest.update(content);
    }

    fn refuse(&mut self, why: [u32; 2]) {
        self.refused += 1;
        self.digest.update(&[0]);
        why.iter().for_each(|word| self.digest.update(&word.to_le_bytes()));
    }
}

/// Runs every parser and prints a line for each.
///
/// # Errors
/// Those of `out`.
pub fn run(out: &mut impl Write) -> fmt::Result {
    let parsers: [(&str, Case); 4] =
        [("model image", image), ("message", message), ("frame", frame), ("osdp packet", packet)];
    for (name, parser) in parsers {
        let mut tally = Tally { digest: CRC.digest(), refused: 0 };
        for case in 0..CASES {
            parser(&mut Random::new(0x2545_f491_4f6c_dd1d ^ case << 20), &mut tally);
        }
        let Tally { digest, refused } = tally;
        writeln!(out, "{name:<18} {CASES} cases {:08x} {refused} refused", digest.finalize())?;
    }
    Ok(())
}

fn one<T: Copy>(random: &mut Random, of: &[T]) -> T {
    of[random.within(0, of.len() - 1)]
}

/// A convolution to one pixel, with sizes that may be absurd.
fn image(random: &mut Random, tally: &mut Tally) {
    let mut image = Image([0; IMAGE]);
    let bytes = &mut image.0;
    let (channels, kernel) = (one(random, &CHANNELS), [one(random, &SIDES), one(random, &SIDES)]);
    let sides = if random.within(0, 3) == 0 { kernel.map(u16::from) } else { [1, 1] };
    let filters = one(random, &[1u16, 4, 8]);
    let tensor = |offset, sides: [u16; 2], channels, bytes| {
        let [height, width] = sides;
        TensorRecord { offset, height, width, channels, bytes, kept: height, ..TensorRecord::default() }
    };
    let input_len = u32::from(sides[0]) * u32::from(sides[1]) * u32::from(channels);
    let second = align(input_len as usize) as u32;
    let small = second as usize + 2 * usize::from(filters) <= ARENA;
    let section = |offset: usize, count: usize| Section { offset: offset as u32, count: count as u32 };
    let header = Header {
        magic: MAGIC,
        version: VERSION,
        kind: Kind::Other as u16,
        length: IMAGE as u32,
        arena: if small { ARENA as u32 } else { u32::MAX },
        operators: section(OPERATORS, 1),
        tensors: section(TENSORS, 2),
        outputs: section(OUTPUTS, 1),
        calibration: section(CALIBRATION, 0),
        data: section(DATA, DATA_LEN),
        ..bytemuck::Zeroable::zeroed()
    };
    let operator = OperatorRecord {
        code: one(
            random,
            &[
                code::CONV,
                code::CONV,
                code::CONV,
                code::DEPTHWISE,
                code::AVERAGE_POOL,
                code::GATE,
                code::TABLE,
            ],
        ),
        kernel,
        stride: [one(random, &SIDES), 1],
        output: 1,
        clamp: [i16::MIN, i16::MAX],
        weights: (DATA + SCALES) as u32,
        scales: DATA as u32,
        ..OperatorRecord::default()
    };
    let mut put = |at: usize, from: &[u8]| bytes[at..at + from.len()].copy_from_slice(from);
    put(0, bytes_of(&header));
    put(OPERATORS, bytes_of(&operator));
    put(TENSORS, bytes_of(&tensor(0, sides, channels, 1)));
    put(TENSORS + size_of::<TensorRecord>(), bytes_of(&tensor(second, [1, 1], filters, 2)));
    put(OUTPUTS, bytes_of(&1u32));
    for _ in 0..random.within(0, 2) {
        let value = one(random, &EXTREMES).to_le_bytes();
        // Magic, version and length stay: what follows them is of interest.
        match random.within(0, 2) {
            0 => put(random.within(3, DATA / 4 - 1) * 4, &value),
            1 => put(random.within(6, DATA / 2 - 1) * 2, &value[..2]),
            _ => put(random.within(12, DATA - 1), &value[..1]),
        }
    }
    let (content, digest) = bytes.split_at_mut(IMAGE - DIGEST);
    digest.copy_from_slice(&Sha256::digest(content));
    match Model::load(&image.0) {
        Ok(model) if model.arena_len() <= ARENA => {
            let mut arena = Arena::<ARENA>([3; ARENA]);
            if model.run(&mut arena.0).is_err() {
                return tally.refuse([u32::MAX; 2]);
            }
            tally.accept(cast_slice(&arena.0));
        }
        Ok(_) => tally.accept(&[]),
        Err(error) => tally.refuse(words(error)),
    }
}

/// An error as two words, which do not depend on the processor.
fn words(error: Error) -> [u32; 2] {
    match error {
        Error::Truncated { expected, .. } => [1, expected as u32],
        Error::NotAnImage => [2, 0],
        Error::Version(version) => [3, version.into()],
        Error::Kind(kind) => [4, kind.into()],
        Error::Misaligned => [5, 0],
        Error::Corrupted => [6, 0],
        Error::Inconsistent { part, index } => [7 + part as u32, index as u32],
        Error::CalibrationForm(form) => [u32::MAX - 1, form],
        Error::Float => [u32::MAX - 2, 0],
        Error::Arena { needed, .. } => [u32::MAX, needed as u32],
    }
}

/// The body of a request or of a response.
fn message(random: &mut Random, tally: &mut Tally) {
    let mut body = [0; 96];
    body[0] = random.within(0, 63) as u8;
    let mut length = 1;
    for _ in 0..random.within(0, 7) {
        if random.within(0, 1) == 0 {
            body[length] = random.byte() as u8;
            length += 1;
            continue;
        }
        // A number of up to 64 bits in groups of 7: longer than a `usize` of 32 bits.
        let mut value = u64::from(one(random, &EXTREMES)) << one(random, &[0, 0, 1, 4, 31, 32]);
        loop {
            body[length] = value as u8 & 0x7f | if value > 0x7f { 0x80 } else { 0 };
            length += 1;
            value >>= 7;
            if value == 0 {
                break;
            }
        }
    }
    let packet = |kind| Packet { kind, id: 1, checksum: 0, body: &body[..length] };
    let mut buffer = [0; MAX_FRAME];
    let request = packet(protocol::Kind::Request).message::<Request<'_>>();
    match request.map(|request| encode(1, &request, &mut buffer)) {
        Ok(Ok(frame)) => tally.accept(frame),
        _ => tally.refuse([0; 2]),
    }
    let response = packet(protocol::Kind::Response).message::<Response>();
    match response.map(|response| encode(1, &response, &mut buffer)) {
        Ok(Ok(frame)) => tally.accept(frame),
        _ => tally.refuse([1; 2]),
    }
}

/// A frame with some of its bytes replaced; bytes of a length are as likely as others.
fn frame(random: &mut Random, tally: &mut Tally) {
    let mut buffer = [0; MAX_FRAME];
    let length = encode(random.word() as u16, &Request::Status, &mut buffer).map_or(0, <[u8]>::len);
    let mut deframer = Deframer::new();
    for _ in 0..random.within(0, 2) {
        buffer[random.within(0, length.saturating_sub(1))] = one(random, &[0, 1, 0x7f, 0x80, 0xfe, 0xff]);
    }
    for byte in &buffer[..length] {
        match deframer.push(*byte) {
            Some(Ok(packet)) => tally.accept(packet.body),
            Some(Err(error)) => tally.refuse([error as u32, 0]),
            None => {}
        }
    }
}

/// Bytes of a bus: packets with any length and any block.
fn packet(random: &mut Random, tally: &mut Tally) {
    let mut receiver = Receiver::new();
    let length = one(random, &EXTREMES) as u16;
    let length = if random.within(0, 1) == 0 { random.within(0, MAX_PACKET + 2) as u16 } else { length };
    let [low, high] = length.to_le_bytes();
    let mut refused = true;
    let head = [0x53, 5, low, high, random.byte() as u8, one(random, &[0, 1, 2, 3, 0x7f, 0xff])];
    for byte in head.into_iter().chain((0..MAX_PACKET).map(|_| random.byte() as u8)) {
        if let Some(packet) = receiver.push(byte) {
            refused = false;
            tally.accept(packet);
        }
    }
    if refused {
        tally.refuse([length.into(), 0]);
    }
}
