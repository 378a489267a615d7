//! The state of the machine: memories and registers.

use std::ops::Range;

use npu_section::register::{self as r, Registers};

use crate::Error;

/// Bytes of the tables in the NPU.
pub(crate) const TABLES: usize = 2048;

/// An NPU that runs one stream.
#[derive(Debug)]
pub struct Machine<'a> {
    pub(crate) registers: Registers,
    pub(crate) memory: &'a mut [u8],
    /// Where the data and the scratch lie in the memory.
    pub(crate) regions: [Range<usize>; 2],
    pub(crate) tables: Vec<u8>,
}

/// A number of 16 bits with sign.
pub(crate) fn signed(value: u64) -> i64 {
    i64::from(value as u16 as i16)
}

impl<'a> Machine<'a> {
    /// A machine with nothing set.
    pub(crate) fn new(memory: &'a mut [u8], regions: [Range<usize>; 2]) -> Self {
        Self { registers: Registers::default(), memory, regions, tables: vec![0; TABLES] }
    }

    pub(crate) fn get(&self, register: u16) -> Result<u64, Error> {
        self.registers.get(register).ok_or(Error::NotSet(register))
    }

    /// The memory that a register names.
    pub(crate) fn memory(&self, region: u16) -> Result<&[u8], Error> {
        match self.get(region)? {
            number @ (0 | 1) => self.memory.get(self.regions[number as usize].clone()).ok_or(Error::Outside),
            value => Err(Error::Value(region, value)),
        }
    }

    /// The only memory that is written.
    pub(crate) fn scratch(&mut self) -> Result<&mut [u8], Error> {
        self.memory.get_mut(self.regions[1].clone()).ok_or(Error::Outside)
    }

    /// Rows, columns and channels of the output.
    pub(crate) fn output_shape(&self) -> Result<[usize; 3], Error> {
        let size = |register| self.get(register).map(|value| value as usize + 1);
        Ok([size(r::OFM_HEIGHT_M1)?, size(r::OFM_WIDTH_M1)?, size(r::OFM_DEPTH_M1)?])
    }

    /// Multiplier and shift of the whole output.
    pub(crate) fn output_scale(&self) -> Result<(i64, u32), Error> {
        let value = self.get(r::OFM_SCALE)?;
        Ok(((value & 0xffff_ffff) as i64, (value >> 32 & 63) as u32))
    }
}
