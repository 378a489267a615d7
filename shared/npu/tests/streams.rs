//! Streams written here, whole and with one field changed each: the second ones are refused, with the reason.

use npu_section::format::{Header, LayerRecord, MAGIC, Place, VERSION};
use npu_section::register as r;
use npu_section::stream::code;
use npu_section::{Error, Part, Section};

const SCRATCH: u32 = 4096;
const DATA: u32 = 512;

#[repr(align(16))]
struct Room([u8; 8192]);

/// A stream while it grows.
#[derive(Clone, Default)]
struct Stream(Vec<u32>);

impl Stream {
    fn set(mut self, register: u16, value: u64) -> Self {
        if register >= r::WIDE {
            let first = u32::from(register & 0x3ff) | 1 << 14 | ((value >> 32) as u32) << 16;
            self.0.extend([first, value as u32]);
        } else {
            self.0.push(u32::from(register) | (value as u32) << 16);
        }
        self
    }

    fn run(mut self, code: u16, parameter: u16) -> Self {
        self.0.push(u32::from(code) | u32::from(parameter) << 16);
        self
    }
}

/// The registers of a convolution of 8x8 pixels with 16 channels by 3x3, in bricks, and those of the other operators.
fn registers() -> Vec<(u16, u64)> {
    let bricks = 1 << 6;
    let mut all = vec![
        (r::IFM_PAD_TOP, 1),
        (r::IFM_PAD_LEFT, 1),
        (r::IFM_PAD_RIGHT, 1),
        (r::IFM_PAD_BOTTOM, 1),
        (r::IFM_DEPTH_M1, 15),
        (r::IFM_PRECISION, bricks | 1),
        (r::IFM_UPSCALE, 0),
        (r::IFM_REGION, 1),
        (r::OFM_WIDTH_M1, 7),
        (r::OFM_HEIGHT_M1, 7),
        (r::OFM_DEPTH_M1, 15),
        (r::OFM_PRECISION, bricks | 1),
        (r::OFM_REGION, 1),
        (r::KERNEL_WIDTH_M1, 2),
        (r::KERNEL_HEIGHT_M1, 2),
        (r::KERNEL_STRIDE, 0),
        (r::ACTIVATION, 0),
        (r::WEIGHT_REGION, 0),
        (r::SCALE_REGION, 0),
        (r::DMA0_SRC_REGION, 0),
        (r::DMA0_DST_REGION, 1),
        (r::IFM2_BROADCAST, 0),
        (r::IFM2_PRECISION, bricks | 1),
        (r::IFM2_REGION, 1),
        (r::WEIGHT_BASE, 160),
        (r::WEIGHT_LENGTH, 352),
        (r::SCALE_BASE, 0),
        (r::SCALE_LENGTH, 160),
        (r::DMA0_SRC, 0),
        (r::DMA0_DST, 3584),
        (r::DMA0_LEN, 512),
    ];
    let maps = [
        (r::IFM_BASE0, [r::IFM_WIDTH0_M1, r::IFM_HEIGHT0_M1, r::IFM_HEIGHT1_M1], 0),
        (r::IFM2_BASE0, [r::IFM2_WIDTH0_M1, r::IFM2_HEIGHT0_M1, r::IFM2_HEIGHT1_M1], 1024),
        (r::OFM_BASE0, [r::OFM_WIDTH0_M1, r::OFM_HEIGHT0_M1, r::OFM_HEIGHT1_M1], 2048),
    ];
    for (base, tiles, start) in maps {
        all.extend(tiles.map(|tile| (tile, 7)));
        all.extend([(base, start), (base + 1, 0), (base + 2, 0), (base + 3, 0)]);
        all.extend([(base + 4, 16), (base + 5, 128), (base + 6, 128)]);
    }
    all
}

/// The stream with these registers and each kind of command.
fn stream(registers: &[(u16, u64)]) -> Vec<u32> {
    let set =
        registers.iter().fold(Stream::default(), |stream, &(register, value)| stream.set(register, value));
    let stream =
        set.run(code::DMA_START, 0).run(code::DMA_WAIT, 0).run(code::CONV, 0).run(code::KERNEL_WAIT, 0);
    let stream = stream.run(code::DEPTHWISE, 0).run(code::POOL, 0).run(code::ELEMENTWISE, 1);
    stream.run(code::STOP, 0xffff).0
}

fn put(room: &mut Room, at: usize, bytes: &[u8]) {
    room.0[at..at + bytes.len()].copy_from_slice(bytes);
}

/// The section with this stream, changed by `change`.
fn read(words: &[u32], change: impl FnOnce(&mut Header)) -> Result<(), Error> {
    let mut room = Box::new(Room([0; 8192]));
    let stream = 128;
    let data = (stream + 4 * words.len()).next_multiple_of(16);
    let mut header = Header {
        magic: MAGIC,
        version: VERSION,
        outputs: 1,
        config: 0x1807,
        layers: 96,
        layer_count: 1,
        stream: stream as u32,
        words: words.len() as u32,
        data: data as u32,
        data_bytes: DATA,
        scratch: SCRATCH,
        input: Place { offset: 0, bytes: 1024 },
        ..Header::default()
    };
    change(&mut header);
    put(&mut room, 0, bytemuck::bytes_of(&header));
    put(&mut room, 80, bytemuck::bytes_of(&Place { offset: 2048, bytes: 1024 }));
    put(&mut room, 96, bytemuck::bytes_of(&LayerRecord::default()));
    put(&mut room, stream, bytemuck::cast_slice(words));
    Section::read(&room.0[..data + DATA as usize]).map(|_| ())
}

/// The stream with one register changed.
fn changed(register: u16, value: u64) -> Result<(), Error> {
    let mut all = registers();
    let place = all.iter().position(|&(code, _)| code == register).expect("a register of the stream");
    all[place].1 = value;
    read(&stream(&all), |_| ())
}

#[test]
fn a_stream_that_stays_inside_is_taken() {
    assert_eq!(read(&stream(&registers()), |_| ()), Ok(()));
}

#[test]
fn each_register_is_needed() {
    for (place, &(register, _)) in registers().iter().enumerate() {
        let mut all = registers();
        all.remove(place);
        let other_tile = (r::WIDE..).contains(&register)
            && [r::IFM_BASE0, r::IFM2_BASE0, r::OFM_BASE0]
                .iter()
                .any(|base| (1..4).contains(&register.wrapping_sub(*base)));
        let result = read(&stream(&all), |_| ());
        if other_tile {
            assert_eq!(result, Ok(()), "{register:#x} is of a tile that is not there");
        } else {
            assert!(
                matches!(result, Err(Error::NotSet(_, code)) if code == register),
                "{register:#x}: {result:?}"
            );
        }
    }
}

#[test]
fn a_field_that_leads_outside_is_refused() {
    let outside = |register: u16, value: u64, part: Part| {
        let result = changed(register, value);
        assert!(
            matches!(result, Err(Error::Outside(_, at)) if at == part),
            "{register:#x} = {value:#x}: {result:?}"
        );
    };
    for value in [3073, 4096, u64::from(u32::MAX), 0xffff_ffff_ffff, 0xffff_ffff_fff0] {
        outside(r::OFM_BASE0, value, Part::Output);
        outside(r::IFM_BASE0, value, Part::Input);
        outside(r::IFM2_BASE0, value, Part::SecondInput);
    }
    outside(r::OFM_STRIDE_Y, 276, Part::Output);
    outside(r::OFM_STRIDE_Y, 0xffff_ffff_ffff, Part::Output);
    outside(r::IFM_STRIDE_Y, 600, Part::Input);
    outside(r::WEIGHT_LENGTH, 353, Part::Weights);
    outside(r::WEIGHT_BASE, 161, Part::Weights);
    outside(r::SCALE_LENGTH, 513, Part::Scales);
    outside(r::SCALE_BASE, 0xffff_ffff_ffff, Part::Scales);
    outside(r::DMA0_LEN, 513, Part::Source);
    outside(r::DMA0_SRC, 1, Part::Source);
    outside(r::DMA0_DST, 3585, Part::Destination);
}

#[test]
fn all_four_tiles_are_followed() {
    for tile in 1..4 {
        let mut all = registers();
        for entry in &mut all {
            match entry.0 {
                r::OFM_WIDTH0_M1 | r::OFM_HEIGHT0_M1 | r::OFM_HEIGHT1_M1 => entry.1 = 3,
                register if register == r::OFM_BASE0 + tile => entry.1 = 4096,
                _ => (),
            }
        }
        let result = read(&stream(&all), |_| ());
        assert!(matches!(result, Err(Error::Outside(_, Part::Output))), "tile {tile}: {result:?}");
    }
}

#[test]
fn a_memory_that_is_not_there_or_read_only_is_refused() {
    for (register, value) in [
        (r::OFM_REGION, 0),
        (r::OFM_REGION, 2),
        (r::IFM_REGION, 2),
        (r::IFM2_REGION, 7),
        (r::WEIGHT_REGION, 3),
        (r::SCALE_REGION, 0xffff),
        (r::DMA0_SRC_REGION, 2),
        (r::DMA0_DST_REGION, 0),
        (r::DMA0_DST_REGION, 2),
        (r::DMA0_DST_REGION, 0x200),
    ] {
        let result = changed(register, value);
        assert!(matches!(result, Err(Error::Region(..))), "{register:#x} = {value:#x}: {result:?}");
    }
}

#[test]
fn what_the_checker_does_not_know_is_refused_by_name() {
    for (register, value) in [
        (r::OFM_PRECISION, 1 << 7),
        (r::IFM_PRECISION, 3 << 2 | 1),
        (r::KERNEL_STRIDE, 1 << 3),
        (r::IFM_UPSCALE, 2),
        (r::ACTIVATION, 3),
        (r::IFM2_BROADCAST, 1 << 4),
        (r::IFM_PAD_TOP, 500),
    ] {
        let result = changed(register, value);
        assert!(
            matches!(result, Err(Error::Value(_, code)) if code == register),
            "{register:#x}: {result:?}"
        );
    }
    let with = |word: u32| {
        let mut words = stream(&registers());
        words.insert(0, word);
        read(&words, |_| ())
    };
    // A register of another NPU, a command of another NPU, a reserved bit, and an interrupt in between.
    assert_eq!(with(0x123), Err(Error::Command(0, 0x123)));
    assert!(matches!(with(0x013), Err(Error::Command(0, 0x013))));
    assert_eq!(with(0x8000), Err(Error::Word(0)));
    assert_eq!(with(0x0400), Err(Error::Word(0)));
}

#[test]
fn a_stream_without_its_end_is_refused() {
    let mut words = stream(&registers());
    words.pop();
    assert_eq!(read(&words, |_| ()), Err(Error::NoStop));
    words.extend([0xffff_0000, 0x0000_0012]);
    assert_eq!(read(&words, |_| ()), Err(Error::NoStop));
    assert_eq!(read(&[], |_| ()), Err(Error::NoStop));
    let half = stream(&[(r::OFM_BASE0, 0)])[..1].to_vec();
    assert_eq!(read(&half, |_| ()), Err(Error::Word(0)));
}

#[test]
fn a_section_of_another_kind_is_refused_by_name() {
    let words = stream(&registers());
    let with = |change: fn(&mut Header)| read(&words, change);
    assert_eq!(with(|header| header.magic = *b"PSTN"), Err(Error::NotASection));
    assert_eq!(with(|header| header.version = 2), Err(Error::Version(2)));
    assert_eq!(with(|header| header.config = 0x1000_1807), Err(Error::Config(0x1000_1807)));
    assert_eq!(with(|header| header.words = u32::MAX), Err(Error::Truncated));
    assert_eq!(with(|header| header.data = u32::MAX - 15), Err(Error::Truncated));
    assert_eq!(with(|header| header.data += 1), Err(Error::Truncated));
    assert_eq!(with(|header| header.layers = 8192), Err(Error::Truncated));
    assert_eq!(with(|header| header.outputs = 0), Err(Error::Place));
    assert_eq!(with(|header| header.input.offset = SCRATCH), Err(Error::Place));
    assert_eq!(with(|header| header.input.bytes = u32::MAX), Err(Error::Place));
    assert!(matches!(with(|header| header.scratch = 3072), Err(Error::Outside(_, Part::Destination))));
    assert!(matches!(with(|header| header.data_bytes = 511), Err(Error::Outside(_, Part::Source))));
}

/// The NPU moves whole bricks.
#[test]
fn sixteen_channels_count_as_a_whole() {
    let mut all = registers();
    for entry in &mut all {
        if entry.0 == r::OFM_DEPTH_M1 {
            entry.1 = 16;
        }
        if entry.0 == r::OFM_STRIDE_C {
            entry.1 = 1024;
        }
    }
    // The seventeenth channel lies in a brick of its own, which ends at the end of the scratch.
    assert_eq!(read(&stream(&all), |_| ()), Ok(()));
    assert!(matches!(read(&stream(&all), |header| header.scratch = 4095), Err(Error::Outside(..))));
}
