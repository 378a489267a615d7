//! A model of NOR flash over plain memory.
//!
//! Erasing sets whole sectors to ones; programming can only clear bits, in aligned words. A real chip would
//! silently store the wrong bits if a one is programmed over a zero. Here that is an error, and it is found
//! before any byte has changed, so that a wrong flash store fails its tests. Programming a word again is
//! allowed if it only clears more bits, as serial NOR flash permits.
//!
//! [`Nor::cut_power_after`] cuts the power after a number of bytes: the operation in progress stays half
//! done, and every later one fails. The emulated boards use this model as their flash driver, tests use it
//! as a chip.
#![no_std]
#![forbid(unsafe_code)]

use core::convert::AsMut;
use core::fmt;
use core::ops::Range;
use core::sync::atomic::{Ordering, compiler_fence};

use embedded_storage::nor_flash::{self, ErrorType, NorFlashError, NorFlashErrorKind};

/// Bytes that are erased together.
pub const SECTOR_SIZE: usize = 4096;
/// Bytes that are programmed together.
pub const WORD_SIZE: usize = 4;
/// What an erased byte reads as.
pub const ERASED: u8 = 0xff;

/// Why an operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Error {
    /// The offset or length is not a multiple of a word (program) or a sector (erase).
    NotAligned,
    /// The range leaves the partition.
    OutOfBounds,
    /// Programming would have to set a bit that is zero: the range was not erased.
    NotErased,
    /// The power was cut, see [`Nor::cut_power_after`].
    PowerCut,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAligned => "offset or length is not aligned",
            Self::OutOfBounds => "the range leaves the partition",
            Self::NotErased => "programming a range that is not erased",
            Self::PowerCut => "the power was cut",
        })
    }
}

impl core::error::Error for Error {}

impl NorFlashError for Error {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Error::NotAligned => NorFlashErrorKind::NotAligned,
            Error::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            _ => NorFlashErrorKind::Other,
        }
    }
}

/// A NOR flash whose cells are `memory`, a whole number of sectors.
#[derive(Debug)]
pub struct Nor<M> {
    memory: M,
    /// Bytes that can still change before the power is cut.
    power: Option<usize>,
}

impl<M: AsRef<[u8]> + AsMut<[u8]>> Nor<M> {
    /// Takes the cells as they are. Memory after the last whole sector is not used.
    pub fn new(memory: M) -> Self {
        Self { memory, power: None }
    }

    /// The cells, as a memory-mapped flash shows them.
    pub fn bytes(&self) -> &[u8] {
        let memory = self.memory.as_ref();
        &memory[..memory.len() - memory.len() % SECTOR_SIZE]
    }

    /// Gives the cells back.
    pub fn into_inner(self) -> M {
        self.memory
    }

    /// Cuts the power after `bytes` more bytes were erased or programmed.
    pub fn cut_power_after(&mut self, bytes: usize) {
        self.power = Some(bytes);
    }

    /// Restores the power after a cut.
    pub fn restore_power(&mut self) {
        self.power = None;
    }

    /// Erases the sectors from `from` up to, not including, `to`.
    pub fn erase(&mut self, from: u32, to: u32) -> Result<(), Error> {
        self.has_power()?;
        let range = erasable(self.bytes().len(), from, to)?;
        let powered = self.powered(range.len());
        let cells = &mut self.memory.as_mut()[range];
        cells[..powered].fill(ERASED);
        let whole = powered == cells.len();
        finish(whole)
    }

    /// Programs `data` at `offset`, or changes nothing if a bit there would have to be set.
    pub fn program(&mut self, offset: u32, data: &[u8]) -> Result<(), Error> {
        self.has_power()?;
        let range = programmable(self.bytes(), offset, data)?;
        let powered = self.powered(range.len());
        self.memory.as_mut()[range][..powered].copy_from_slice(&data[..powered]);
        finish(powered == data.len())
    }

    /// Reads from `offset`; any alignment will do.
    pub fn read(&self, offset: u32, data: &mut [u8]) -> Result<(), Error> {
        self.has_power()?;
        let range = within(self.bytes().len(), offset, Some(data.len()), 1)?;
        data.copy_from_slice(&self.bytes()[range]);
        Ok(())
    }

    fn has_power(&self) -> Result<(), Error> {
        if self.power == Some(0) { Err(Error::PowerCut) } else { Ok(()) }
    }

    /// How many of `wanted` bytes the power still allows; they are spent.
    fn powered(&mut self, wanted: usize) -> usize {
        match &mut self.power {
            None => wanted,
            Some(left) => {
                let allowed = wanted.min(*left);
                *left -= allowed;
                allowed
            }
        }
    }
}

/// The cells that an erase of the sectors from `from` up to, not including, `to` sets to ones, in a flash of `len` bytes.
/// For a flash that this crate does not hold.
///
/// # Errors
/// [`Error::NotAligned`], [`Error::OutOfBounds`].
pub fn erasable(len: usize, from: u32, to: u32) -> Result<Range<usize>, Error> {
    within(len, from, (to as usize).checked_sub(from as usize), SECTOR_SIZE)
}

/// The cells that become `data` when it is programmed at `offset`. For a flash that this crate does not hold.
///
/// # Errors
/// [`Error::NotAligned`], [`Error::OutOfBounds`]; [`Error::NotErased`] if a bit would have to be set.
pub fn programmable(cells: &[u8], offset: u32, data: &[u8]) -> Result<Range<usize>, Error> {
    let range = within(cells.len(), offset, Some(data.len()), WORD_SIZE)?;
    let before = &cells[range.clone()];
    if before.iter().zip(data).any(|(cell, byte)| !cell & byte != 0) {
        return Err(Error::NotErased);
    }
    Ok(range)
}

/// `length` bytes from `offset` in a flash of `cells` bytes, both whole granules.
fn within(cells: usize, offset: u32, length: Option<usize>, granule: usize) -> Result<Range<usize>, Error> {
    let start = offset as usize;
    let length = length.ok_or(Error::OutOfBounds)?;
    let end = start.checked_add(length).ok_or(Error::OutOfBounds)?;
    if !start.is_multiple_of(granule) || !length.is_multiple_of(granule) {
        return Err(Error::NotAligned);
    }
    if end > cells {
        return Err(Error::OutOfBounds);
    }
    Ok(start..end)
}

/// The cells may be a file that outlives this program: nothing that comes after the operation,
/// such as the byte that acknowledges it, may be moved before it.
fn finish(whole: bool) -> Result<(), Error> {
    compiler_fence(Ordering::SeqCst);
    if whole { Ok(()) } else { Err(Error::PowerCut) }
}

impl<M> ErrorType for Nor<M> {
    type Error = Error;
}

impl<M: AsRef<[u8]> + AsMut<[u8]>> nor_flash::ReadNorFlash for Nor<M> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
        Nor::read(self, offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.bytes().len()
    }
}

impl<M: AsRef<[u8]> + AsMut<[u8]>> nor_flash::NorFlash for Nor<M> {
    const WRITE_SIZE: usize = WORD_SIZE;
    const ERASE_SIZE: usize = SECTOR_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Error> {
        Nor::erase(self, from, to)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        self.program(offset, bytes)
    }
}

impl<M: AsRef<[u8]> + AsMut<[u8]>> nor_flash::MultiwriteNorFlash for Nor<M> {}
