//! A stream, and the section with it.

use npu_section::format::{Header, LayerRecord, MAGIC, Place, VERSION};
use npu_section::register as r;
use npu_section::stream::code;
use npu_section::{Error, Network, Section};

pub const SCRATCH: u32 = 4096;
const DATA: u32 = 512;
pub const IDENTITY: [u8; 32] = [7; 32];

#[repr(align(16))]
struct Room([u8; 8192]);

/// A stream while it grows.
#[derive(Clone, Default)]
pub struct Stream(pub Vec<u32>);

impl Stream {
    pub fn set(mut self, register: u16, value: u64) -> Self {
        if register >= r::WIDE {
            let first = u32::from(register & 0x3ff) | 1 << 14 | ((value >> 32) as u32) << 16;
            self.0.extend([first, value as u32]);
        } else {
            self.0.push(u32::from(register) | (value as u32) << 16);
        }
        self
    }

    pub fn run(mut self, code: u16, parameter: u16) -> Self {
        self.0.push(u32::from(code) | u32::from(parameter) << 16);
        self
    }
}

/// The registers of a convolution of 8x8 pixels with 16 channels by 3x3, in bricks, and those of the other operators.
pub fn registers() -> Vec<(u16, u64)> {
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
pub fn stream(registers: &[(u16, u64)]) -> Vec<u32> {
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

/// The section with this stream, changed by `change`, is read.
pub fn read(words: &[u32], change: impl FnOnce(&mut Header)) -> Result<(), Error> {
    with(words, change, |section| section.map(|_| ()))
}

/// The same, with what was read.
pub fn with<T>(
    words: &[u32],
    change: impl FnOnce(&mut Header),
    then: impl FnOnce(Result<Section, Error>) -> T,
) -> T {
    let mut room = Box::new(Room([0; 8192]));
    let stream = 144;
    let data = (stream + 4 * words.len()).next_multiple_of(16);
    let mut header = Header {
        magic: MAGIC,
        version: VERSION,
        outputs: 1,
        config: 0x1807,
        id: 0x1006_6001,
        layers: 128,
        layer_count: 1,
        stream: stream as u32,
        words: words.len() as u32,
        data: data as u32,
        data_bytes: DATA,
        scratch: SCRATCH,
        input: Place { offset: 0, bytes: 1024 },
        accelerator: *b"ethos-u55-128\0\0\0\0\0\0\0\0\0\0\0",
        identity: IDENTITY,
        ..Header::default()
    };
    change(&mut header);
    put(&mut room, 0, bytemuck::bytes_of(&header));
    put(&mut room, 112, bytemuck::bytes_of(&Place { offset: 2048, bytes: 1024 }));
    put(&mut room, 128, bytemuck::bytes_of(&LayerRecord::default()));
    put(&mut room, stream, bytemuck::cast_slice(words));
    let network = Network { identity: &IDENTITY, input: 1024, outputs: [1024] };
    then(Section::read(&room.0[..data + DATA as usize], network))
}

/// The stream with one register changed.
pub fn changed(register: u16, value: u64) -> Result<(), Error> {
    let mut all = registers();
    let place = all.iter().position(|&(code, _)| code == register).expect("a register of the stream");
    all[place].1 = value;
    read(&stream(&all), |_| ())
}

/// The stream with the registers changed, and one operator.
pub fn only(code: u16, parameter: u16, changes: &[(u16, u64)]) -> Result<(), Error> {
    let mut all = registers();
    for (register, value) in changes {
        all.iter_mut().find(|(code, _)| code == register).expect("a register of the stream").1 = *value;
    }
    let set = all.iter().fold(Stream::default(), |stream, &(register, value)| stream.set(register, value));
    read(&set.run(code, parameter).run(code::STOP, 0xffff).0, |_| ())
}
