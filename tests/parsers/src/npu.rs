//! Any NPU section: it is refused, or its parts are where it says and its commands stay inside.
//!
//! Magic and version are made valid first, so that the checks behind them are reached. The commands of what is taken are
//! followed a second time, in the plainest way: the address of the first and last value of each tile, by the formula.

use std::cell::RefCell;

use npu_section::format::{Header, MAGIC, Place, VERSION};
use npu_section::register::{self as r, Registers};
use npu_section::stream::{Command, code, commands};
use npu_section::{Error, Network, Section};

/// Most bytes of a section here.
const MOST: usize = 4096;

#[repr(align(16))]
struct Room([u8; MOST]);

thread_local! {
    static ROOM: RefCell<Box<Room>> = RefCell::new(Box::new(Room([0; MOST])));
}

/// Takes the bytes as a section.
pub fn check(input: &[u8]) {
    taken(input);
}

/// Whether the bytes are a section.
fn taken(input: &[u8]) -> bool {
    let length = input.len().min(MOST);
    if length < size_of::<Header>() {
        return false;
    }
    ROOM.with_borrow_mut(|room| {
        room.0[..length].copy_from_slice(&input[..length]);
        room.0[..4].copy_from_slice(&MAGIC);
        room.0[4..6].copy_from_slice(&VERSION.to_le_bytes());
        let bytes = &room.0[..length];
        let header: Header = bytemuck::pod_read_unaligned(&bytes[..size_of::<Header>()]);
        // The network that the section says it is of.
        let places = bytes[size_of::<Header>()..].chunks_exact(size_of::<Place>());
        let outputs = places.map(bytemuck::pod_read_unaligned::<Place>).take(header.outputs.into());
        let outputs = outputs.map(|place| place.bytes as usize);
        let input = header.input.bytes as usize;
        let network = Network { identity: &header.identity, input, outputs: outputs.clone() };
        let Ok(section) = Section::read(bytes, network) else { return false };
        let scratch = u64::from(section.header().scratch);
        for place in section.outputs() {
            assert!(u64::from(place.offset) + u64::from(place.bytes) <= scratch);
        }
        // Parts may overlap, since no command writes to them.
        let parts: [&[u8]; 3] =
            [section.data(), bytemuck::cast_slice(section.stream()), bytemuck::cast_slice(section.layers())];
        assert!(parts.iter().all(|part| {
            part.is_empty()
                || bytes.as_ptr_range().contains(&part.as_ptr())
                    && part.as_ptr_range().end <= bytes.as_ptr_range().end
        }));
        assert!(["ethos-u55-128", "ethos-u55-256"].contains(&section.accelerator().name));
        stays_inside(&section);
        // No other network takes it.
        let mut other = header.identity;
        other[0] ^= 1;
        let read = Section::read(bytes, Network { identity: &other, input, outputs: outputs.clone() });
        assert_eq!(read.map(|_| ()), Err(Error::Identity));
        let larger = Network { identity: &header.identity, input: input + 1, outputs };
        assert_eq!(Section::read(bytes, larger).map(|_| ()), Err(Error::Sizes));
        true
    })
}

/// Follows the commands.
fn stays_inside(section: &Section) {
    let mut registers = Registers::default();
    for command in commands(section.stream()) {
        match command.expect("the section was read").1 {
            Command::Set { register, value } => registers.set(register, value).expect("a known register"),
            Command::Do { code: code::STOP | code::DMA_WAIT | code::KERNEL_WAIT, .. } => (),
            Command::Do { code, .. } => Operation { section, registers: &registers }.check(code),
        }
    }
}

/// A command with the registers as they are.
struct Operation<'a> {
    section: &'a Section<'a>,
    registers: &'a Registers,
}

impl Operation<'_> {
    fn get(&self, register: u16) -> u128 {
        self.registers.get(register).expect("the section was read").into()
    }

    /// Bytes of a memory that is read.
    fn memory(&self, region: u16) -> u128 {
        match self.get(region) {
            0 => self.section.data().len() as u128,
            1 => self.section.header().scratch.into(),
            region => panic!("memory {region}"),
        }
    }

    fn check(&self, code: u16) {
        if code == code::DMA_START {
            let length = self.get(r::DMA0_LEN);
            assert!(self.get(r::DMA0_SRC) + length <= self.memory(r::DMA0_SRC_REGION));
            let limit = match self.get(r::DMA0_DST_REGION) {
                1 => self.section.header().scratch.into(),
                region if region & 0x100 != 0 => u128::from(self.section.header().config >> 8 & 0xff) * 1024,
                region => panic!("a copy to memory {region}"),
            };
            assert!(self.get(r::DMA0_DST) + length <= limit);
            return;
        }
        let output = [r::OFM_HEIGHT_M1, r::OFM_WIDTH_M1, r::OFM_DEPTH_M1].map(|it| self.get(it) + 1);
        let depth = self.get(r::IFM_DEPTH_M1) + 1;
        if code == code::CONV || code == code::DEPTHWISE {
            let weights = self.get(r::WEIGHT_BASE) + self.get(r::WEIGHT_LENGTH);
            assert!(weights <= self.memory(r::WEIGHT_REGION));
            assert!(self.get(r::SCALE_BASE) + 10 * output[2] <= self.memory(r::SCALE_REGION));
        }
        if code == code::ELEMENTWISE {
            assert_eq!(depth, output[2]);
            self.map([r::IFM_BASE0, r::IFM_REGION, r::IFM_PRECISION, r::IFM_WIDTH0_M1], 2, output);
            let broadcast = self.get(r::IFM2_BROADCAST);
            if broadcast & 0x80 == 0 {
                let mut shape = output;
                for (axis, side) in shape.iter_mut().enumerate() {
                    *side = if broadcast >> axis & 1 == 1 { 1 } else { *side };
                }
                self.map([r::IFM2_BASE0, r::IFM2_REGION, r::IFM2_PRECISION, r::IFM2_WIDTH0_M1], 2, shape);
            }
        } else {
            // The bits that the NPU uses, whatever the stream has set.
            let stride = self.get(r::KERNEL_STRIDE);
            let strides = [stride >> 1 & 1 | stride >> 8 & 2, stride & 1 | stride >> 5 & 2];
            let kernel = [r::KERNEL_HEIGHT_M1, r::KERNEL_WIDTH_M1];
            let before = [r::IFM_PAD_TOP, r::IFM_PAD_LEFT].map(|it| self.get(it) & 0x7f);
            let after = [r::IFM_PAD_BOTTOM, r::IFM_PAD_RIGHT].map(|it| self.get(it) & 0xff);
            let side = |axis: usize| {
                let last = (output[axis] - 1) * (strides[axis] + 1) + self.get(kernel[axis]);
                let side = last + 1 - before[axis] - after[axis];
                if self.get(r::IFM_UPSCALE) == 1 { side.div_ceil(2) } else { side }
            };
            let shape = [side(0), side(1), depth];
            self.map([r::IFM_BASE0, r::IFM_REGION, r::IFM_PRECISION, r::IFM_WIDTH0_M1], 2, shape);
        }
        assert_eq!(self.get(r::OFM_REGION), 1);
        self.map([r::OFM_BASE0, r::OFM_REGION, r::OFM_PRECISION, r::OFM_WIDTH0_M1], 1, output);
    }

    /// Each value of a feature map is in its memory: the outermost ones of each tile.
    fn map(&self, [base, region, precision, width0]: [u16; 4], size: u32, [rows, columns, depth]: [u128; 3]) {
        let limit = self.memory(region);
        let precision = self.get(precision);
        let (bytes, bricks) = (1 << (precision >> size & 3), precision >> 6 & 3 == 1);
        // Width and heights of the tiles have numbers in a row.
        let [width0, height0, height1] = [0, 1, 2].map(|number| self.get(width0 + number) + 1);
        let [by_column, by_row, by_brick] = [4, 5, 6].map(|number| self.get(base + number));
        // A brick is moved as a whole.
        let depth = if bricks { depth.next_multiple_of(16) } else { depth };
        for y in [0, height0 - 1, height0, height1 - 1, height1, rows - 1].into_iter().filter(|y| *y < rows) {
            for x in [0, width0 - 1, width0, columns - 1].into_iter().filter(|x| *x < columns) {
                let right = x >= width0;
                let height = if right { height1 } else { height0 };
                let low = y >= height;
                let (y, x) = (if low { y - height } else { y }, if right { x - width0 } else { x });
                let start = self.get(base + u16::from(right) + 2 * u16::from(low)) + y * by_row;
                for c in [0, depth - 1] {
                    let at = if bricks {
                        start + c / 16 * by_brick + (x * 16 + c % 16) * bytes
                    } else {
                        start + x * by_column + c * bytes
                    };
                    assert!(at + bytes <= limit, "{at} of {limit}");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use npu_section::format::Header;

    fn seeds() -> Vec<Vec<u8>> {
        let file = std::fs::read(crate::seeds::path("npu")).expect("the seeds");
        crate::seeds::unpack(&file).expect("the seeds").into_iter().map(<[u8]>::to_vec).collect()
    }

    /// Without sections that are taken, nothing would be followed.
    #[test]
    fn a_part_of_the_npu_seeds_is_taken() {
        let seeds = seeds();
        let taken = seeds.iter().filter(|seed| super::taken(seed)).count();
        assert!(taken > 4, "{taken} of {} seeds", seeds.len());
    }

    /// The fuzzer's first find: the check had said that parts do not overlap, and nothing needs that.
    #[test]
    fn data_that_lies_over_the_stream_is_taken_and_harmless() {
        let overlapping = |mut seed: Vec<u8>| {
            let head = seed.get_mut(..size_of::<Header>())?;
            let mut header: Header = bytemuck::pod_read_unaligned(head);
            header.data = header.stream;
            head.copy_from_slice(bytemuck::bytes_of(&header));
            Some(seed)
        };
        let taken = seeds().into_iter().filter_map(overlapping).filter(|seed| super::taken(seed)).count();
        assert!(taken > 4, "{taken} are taken");
    }
}
