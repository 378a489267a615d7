//! The checker: every address that a stream makes the NPU use is in a memory that it may use.
//!
//! What is read of a feature map follows from its output: rows and columns by kernel, stride and padding, as the NPU
//! computes them. Sixteen channels in the format with bricks count as a whole, because the NPU moves whole bricks. Nothing
//! here can wrap: sums and products are checked, and what has no value is outside. No memory has more than 32 bits of bytes, so
//! a sum with more is outside, too.

use crate::format::Header;
use crate::register::{self as r, Registers, Unknown};
use crate::stream::{Command, code, commands};
use crate::{Accelerator, Error, error::Part};

/// Bytes of bias and scale of a channel.
const SCALE: u32 = 10;
/// Most commands that a wait may leave unfinished.
const MOST_WAITED_FOR: u16 = 3;
/// Channels of a brick, and the alignment of a feature map that has bricks.
const BRICK: u32 = 16;

/// Sizes of the memories of a stream, in bytes.
pub struct Memories {
    /// Region 0, read only.
    data: u32,
    /// Region 1.
    scratch: u32,
    /// Memory in the NPU, whose end has the tables.
    on_chip: u32,
}

impl Memories {
    /// The memories of a section and of its NPU.
    pub fn new(header: &Header, accelerator: &Accelerator) -> Self {
        Self { data: header.data_bytes, scratch: header.scratch, on_chip: accelerator.on_chip() }
    }
}

/// Walks through the stream.
pub fn stream(words: &[u32], memories: &Memories) -> Result<(), Error> {
    let mut registers = Registers::default();
    let mut stopped = false;
    for command in commands(words) {
        let (at, command) = command?;
        if stopped {
            return Err(Error::NoStop);
        }
        match command {
            Command::Set { register, value } => {
                registers.set(register, value).map_err(|unknown| match unknown {
                    Unknown::Register => Error::Command(at, register),
                    Unknown::Bits => Error::Bits(at, register),
                })?;
            }
            Command::Do { code: code::STOP, .. } => stopped = true,
            Command::Do { code: code::DMA_WAIT | code::KERNEL_WAIT, parameter: ..=MOST_WAITED_FOR } => (),
            Command::Do { code, parameter } => {
                Check { at, registers: &registers, memories }.operation(code, parameter)?;
            }
        }
    }
    if stopped { Ok(()) } else { Err(Error::NoStop) }
}

/// A feature map: its registers.
struct Map {
    part: Part,
    /// The first one of BASE0..3, then strides by column, row and sixteen channels.
    base: u16,
    region: u16,
    precision: u16,
    /// Bits of the precision that say how many bytes a value has.
    size: u32,
    width0: u16,
    height0: u16,
    height1: u16,
}

const IFM: Map = Map {
    part: Part::Input,
    base: r::IFM_BASE0,
    region: r::IFM_REGION,
    precision: r::IFM_PRECISION,
    size: 2,
    width0: r::IFM_WIDTH0_M1,
    height0: r::IFM_HEIGHT0_M1,
    height1: r::IFM_HEIGHT1_M1,
};
const IFM2: Map = Map {
    part: Part::SecondInput,
    base: r::IFM2_BASE0,
    region: r::IFM2_REGION,
    precision: r::IFM2_PRECISION,
    size: 2,
    width0: r::IFM2_WIDTH0_M1,
    height0: r::IFM2_HEIGHT0_M1,
    height1: r::IFM2_HEIGHT1_M1,
};
const OFM: Map = Map {
    part: Part::Output,
    base: r::OFM_BASE0,
    region: r::OFM_REGION,
    precision: r::OFM_PRECISION,
    size: 1,
    width0: r::OFM_WIDTH0_M1,
    height0: r::OFM_HEIGHT0_M1,
    height1: r::OFM_HEIGHT1_M1,
};

/// One command.
struct Check<'a> {
    at: usize,
    registers: &'a Registers,
    memories: &'a Memories,
}

impl Check<'_> {
    /// The value of a register that has at most 32 bits.
    fn get(&self, register: u16) -> Result<u32, Error> {
        let value = self.registers.get(register).ok_or(Error::NotSet(self.at, register))?;
        u32::try_from(value).map_err(|_| Error::Value(self.at, register))
    }

    /// A register that holds a size less one.
    fn size(&self, register: u16) -> Result<u32, Error> {
        Ok(self.get(register)?.saturating_add(1))
    }

    fn operation(&self, code: u16, parameter: u16) -> Result<(), Error> {
        let output = [self.size(r::OFM_HEIGHT_M1), self.size(r::OFM_WIDTH_M1), self.size(r::OFM_DEPTH_M1)];
        let [height, width, depth] = output;
        match code {
            code::DMA_START if parameter == 0 => return self.copy(),
            code::CONV | code::DEPTHWISE if parameter == 0 => {
                self.filters(depth?)?;
                if code == code::DEPTHWISE {
                    self.equals(r::IFM_DEPTH_M1, self.get(r::OFM_DEPTH_M1)?)?;
                }
                self.windows()?;
            }
            // Maximum and mean; a sum over channels has another shape.
            code::POOL if parameter < 2 => {
                self.equals(r::IFM_DEPTH_M1, self.get(r::OFM_DEPTH_M1)?)?;
                self.windows()?;
            }
            // Product, sum, difference, least and greatest of two.
            code::ELEMENTWISE if parameter < 5 => {
                // Rows and columns of the input are those of the output: it has no registers for others.
                self.equals(r::IFM_UPSCALE, 0)?;
                self.equals(r::IFM_DEPTH_M1, self.get(r::OFM_DEPTH_M1)?)?;
                self.map(&IFM, [height?, width?, depth?])?;
                let broadcast = self.get(r::IFM2_BROADCAST)?;
                let repeated = |bit: u32, size: u32| if broadcast >> bit & 1 == 1 { 1 } else { size };
                if broadcast >> 7 & 1 == 0 {
                    let [first, second] = [self.get(r::IFM_PRECISION)?, self.get(r::IFM2_PRECISION)?]
                        .map(|it| it >> IFM.size & 3);
                    if first != second {
                        return Err(Error::Value(self.at, r::IFM2_PRECISION));
                    }
                    self.map(&IFM2, [repeated(0, height?), repeated(1, width?), repeated(2, depth?)])?;
                }
            }
            _ => return Err(Error::Command(self.at, code)),
        }
        // A table is read from the memory in the NPU, whatever it holds.
        let activation = self.get(r::ACTIVATION)?;
        if !matches!(activation, 0 | 16..=23) {
            return Err(Error::Value(self.at, r::ACTIVATION));
        }
        self.map(&OFM, [height?, width?, depth?])
    }

    /// Fails unless a register has this value.
    fn equals(&self, register: u16, value: u32) -> Result<(), Error> {
        if self.get(register)? == value { Ok(()) } else { Err(Error::Value(self.at, register)) }
    }

    /// The weights and the scales of a convolution with `channels` outputs. The NPU reads a scale for each of them.
    fn filters(&self, channels: u32) -> Result<(), Error> {
        self.read(r::WEIGHT_REGION, r::WEIGHT_BASE, r::WEIGHT_LENGTH, Part::Weights)?;
        if self.get(r::WEIGHT_LENGTH)? == 0 {
            return Err(Error::Value(self.at, r::WEIGHT_LENGTH));
        }
        self.read(r::SCALE_REGION, r::SCALE_BASE, r::SCALE_LENGTH, Part::Scales)?;
        if self.get(r::SCALE_LENGTH)? < channels.saturating_mul(SCALE) {
            return Err(Error::Value(self.at, r::SCALE_LENGTH));
        }
        Ok(())
    }

    /// The input of an operator with a kernel.
    fn windows(&self) -> Result<(), Error> {
        let stride = self.get(r::KERNEL_STRIDE)?;
        let upscale = self.get(r::IFM_UPSCALE)?;
        let along = |output: u16, kernel: u16, low: u32, high: u32, before: u16, after: u16| {
            let step =
                (stride >> low & 1).saturating_add((stride >> high & 1).saturating_mul(2)).saturating_add(1);
            let size = self.size(kernel)?;
            let whole = self.get(output)?.saturating_mul(step).saturating_add(size);
            // A window that lies in the padding as a whole sees no input.
            for register in [before, after] {
                if self.get(register)? >= size {
                    return Err(Error::Value(self.at, register));
                }
            }
            let padding = self.get(before)?.saturating_add(self.get(after)?);
            let seen = whole.checked_sub(padding).filter(|&seen| seen > 0);
            let seen = seen.ok_or(Error::Value(self.at, before))?;
            Ok(if upscale == 1 { seen.div_ceil(2) } else { seen })
        };
        let height = along(r::OFM_HEIGHT_M1, r::KERNEL_HEIGHT_M1, 1, 9, r::IFM_PAD_TOP, r::IFM_PAD_BOTTOM)?;
        let width = along(r::OFM_WIDTH_M1, r::KERNEL_WIDTH_M1, 0, 6, r::IFM_PAD_LEFT, r::IFM_PAD_RIGHT)?;
        self.map(&IFM, [height, width, self.size(r::IFM_DEPTH_M1)?])
    }

    /// A feature map of these rows, columns and channels, in up to four tiles.
    fn map(&self, map: &Map, [height, width, depth]: [u32; 3]) -> Result<(), Error> {
        let outside = Error::Outside(self.at, map.part);
        let precision = self.get(map.precision)?;
        let bytes = match precision >> map.size & 3 {
            0 => 1u32,
            1 => 2,
            2 => 4,
            _ => return Err(Error::Value(self.at, map.precision)),
        };
        let bricks = match precision >> 6 & 3 {
            0 => false,
            1 => true,
            _ => return Err(Error::Value(self.at, map.precision)),
        };
        let region = self.get(map.region)?;
        let limit = match region {
            0 if map.part != Part::Output => self.memories.data,
            1 => self.memories.scratch,
            _ => return Err(Error::Region(self.at, map.part)),
        };
        let stride = |number: u16| self.get(map.base.saturating_add(number));
        let [by_column, by_row, by_brick] = [stride(4)?, stride(5)?, stride(6)?];
        let [width0, height0, height1] =
            [self.size(map.width0)?, self.size(map.height0)?, self.size(map.height1)?];
        let [left, right] = [width.min(width0), width.saturating_sub(width0)];
        let rows = |upper: u32| [height.min(upper), height.saturating_sub(upper)];
        let [upper_left, lower_left] = rows(height0);
        let [upper_right, lower_right] = rows(height1);
        let tiles = [(upper_left, left), (upper_right, right), (lower_left, left), (lower_right, right)];
        for (number, (rows, columns)) in (0u16..).zip(tiles) {
            if rows == 0 || columns == 0 {
                continue;
            }
            let base = self.get(map.base.saturating_add(number))?;
            if bricks && !base.is_multiple_of(BRICK) {
                return Err(Error::Value(self.at, map.base.saturating_add(number)));
            }
            let last = |count: u32, step: u32| count.saturating_sub(1).checked_mul(step);
            let row = last(rows, by_row).ok_or(outside)?;
            let (column, channels) = if bricks {
                // The NPU counts columns in bricks by itself.
                let brick = bytes.saturating_mul(BRICK);
                let others = last(depth.div_ceil(BRICK), by_brick).ok_or(outside)?;
                (last(columns, brick).ok_or(outside)?, others.checked_add(brick).ok_or(outside)?)
            } else {
                (last(columns, by_column).ok_or(outside)?, depth.saturating_mul(bytes))
            };
            let end = base.checked_add(row).and_then(|end| end.checked_add(column)?.checked_add(channels));
            if end.is_none_or(|end| end > limit) {
                return Err(outside);
            }
        }
        Ok(())
    }

    /// A piece of memory that is read.
    fn read(&self, region: u16, base: u16, length: u16, part: Part) -> Result<(), Error> {
        let limit = match self.get(region)? {
            0 => self.memories.data,
            1 => self.memories.scratch,
            _ => return Err(Error::Region(self.at, part)),
        };
        self.within(base, length, limit, part)
    }

    fn within(&self, base: u16, length: u16, limit: u32, part: Part) -> Result<(), Error> {
        let end = self.get(base)?.checked_add(self.get(length)?);
        if end.is_none_or(|end| end > limit) { Err(Error::Outside(self.at, part)) } else { Ok(()) }
    }

    /// A copy to the scratch, or to the memory in the NPU.
    fn copy(&self) -> Result<(), Error> {
        if self.get(r::DMA0_LEN)? == 0 {
            return Err(Error::Value(self.at, r::DMA0_LEN));
        }
        self.read(r::DMA0_SRC_REGION, r::DMA0_SRC, r::DMA0_LEN, Part::Source)?;
        let limit = match self.get(r::DMA0_DST_REGION)? {
            1 => self.memories.scratch,
            region if region & r::ON_CHIP as u32 != 0 => self.memories.on_chip,
            _ => return Err(Error::Region(self.at, Part::Destination)),
        };
        self.within(r::DMA0_DST, r::DMA0_LEN, limit, Part::Destination)
    }
}
