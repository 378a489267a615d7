//! The A/B journal: a few cells in two banks, of which one is active.
//!
//! Cells are appended to the active bank. To delete a cell for good, the journal programs it with zeros where it
//! lies: flash lets each bit become 0 without an erase. So a deleted secret is gone from flash, which a log or a
//! map cannot promise. Once the bank is full, the journal writes the remaining cells into the other bank, makes
//! that one active with a header, and erases the old bank.
//!
//! ```text
//! partition  bank A | bank B                            equally large, whole sectors
//! bank       header, 16 bytes | cells, one after another
//! header     magic, 4 bytes | generation u32 LE | check, 8 bytes
//! cell       content | check, 4 bytes; or zeros, once it is deleted
//! check      by the caller: see [`Check`]
//! ```
//!
//! # Power cuts
//! | change | 1st | 2nd (commit) | 3rd | after a cut |
//! |---|---|---|---|---|
//! | append | the cell | | | the cell is valid, or broken and passed over |
//! | delete | zeros over the cell | | | the cell is valid, or broken and then zeros |
//! | rewrite | the cells into the other bank | its header, of the next generation | the old bank is erased | the newer valid bank is active, the other one is erased |
//!
//! A cell that is broken is programmed with zeros when the journal is read: it may be what an interrupted deletion has left
//! of a secret. A bank whose header was not written completely is none. Flash loses bits over the years, and a lost bit
//! must not cost a cell, or with a header all of them: if the check of a header or cell fails, it is tried
//! with each of its bits inverted. The next rewrite writes it correctly. Banks alternate, so that each sector
//! is erased once in two rewrites.

use embedded_storage::nor_flash::{MultiwriteNorFlash, NorFlash};
use zeroize::Zeroize;

use crate::{ERASED, Error};

const HEADER: usize = 16;
const HEADER_CHECK: usize = 8;
/// Bytes of a cell's check.
const CELL_CHECK: usize = 4;
/// Bytes that are read at once to see whether a bank is erased.
const CHUNK: usize = 64;
/// What the bytes of a deleted cell are.
const DELETED: u8 = 0;

/// What makes a header or cell valid.
pub trait Check {
    /// The first bytes of a header.
    const MAGIC: [u8; 4];

    /// The check of some content; its first bytes are stored.
    fn check(&self, content: &[u8]) -> [u8; HEADER_CHECK];

    /// Whether `check` is that of `content`, or its first bytes. A check that authenticates compares in constant time.
    fn matches(&self, content: &[u8], check: &[u8]) -> bool;
}

/// Which bank is active, and how many cells it has. `BANK` is the least number of bytes of a bank, `CELL`
/// those of a cell with its check.
///
/// The journal borrows the flash for each operation, so that the rest of the partition can be something
/// else's.
pub struct Journal<C, const BANK: usize, const CELL: usize> {
    check: C,
    bank: u32,
    generation: u32,
    /// Cells written in the active bank.
    cells: usize,
}

impl<C: Check, const BANK: usize, const CELL: usize> Journal<C, BANK, CELL> {
    /// Cells that fit a bank.
    pub const CAPACITY: usize = (BANK - HEADER) / CELL;

    /// A journal that was not read yet.
    pub const fn new(check: C) -> Self {
        const { assert!(CELL > CELL_CHECK && BANK >= HEADER + CELL && BANK.is_multiple_of(CHUNK)) };
        Self { check, bank: 0, generation: 0, cells: 0 }
    }

    /// Bytes of flash that the journal takes.
    pub fn bytes<F: NorFlash>() -> usize {
        2 * Self::bank::<F>() as usize
    }

    /// What checks headers and cells.
    pub fn check(&self) -> &C {
        &self.check
    }

    /// Whether the active bank has no room for one more cell.
    pub fn is_full(&self) -> bool {
        self.cells >= Self::CAPACITY
    }

    /// Reads the journal, shows number and content of each valid cell to `visit`, and completes an interrupted
    /// deletion or rewrite. `false` if there is no journal.
    ///
    /// # Errors
    /// [`Error::Flash`].
    pub fn read<F: MultiwriteNorFlash>(
        &mut self,
        flash: &mut F,
        mut visit: impl FnMut(usize, &[u8]),
    ) -> Result<bool, Error> {
        let generations = [self.header(flash, 0)?, self.header(flash, 1)?];
        let Some(generation) = generations.into_iter().flatten().max() else { return Ok(false) };
        self.generation = generation;
        self.bank = u32::from(generations[0] != Some(generation));
        Self::erase(flash, 1 - self.bank)?;
        self.cells = 0;
        for number in 0..Self::CAPACITY {
            let mut cell = [0; CELL];
            flash.read(Self::place::<F>(self.bank, number), &mut cell).map_err(|_| Error::Flash)?;
            if cell == [ERASED; CELL] {
                continue;
            }
            // A cell that was deleted, or that a power cut left half written, is used, too.
            self.cells = number + 1;
            if cell == [DELETED; CELL] {
                continue;
            }
            if self.mend(&mut cell, CELL - CELL_CHECK) {
                visit(number, cell.get(..CELL - CELL_CHECK).ok_or(Error::LogicBug)?);
            } else {
                self.delete(flash, number)?;
            }
            cell.zeroize();
        }
        Ok(true)
    }

    /// Makes an empty journal.
    ///
    /// # Errors
    /// [`Error::Flash`].
    pub fn format<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), Error> {
        (self.bank, self.generation) = (1, 0);
        self.rewrite(flash, core::iter::empty::<[u8; 0]>())
    }

    /// Appends a cell, and returns its number. Its content has the bytes of a cell without those of its check.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Flash`].
    pub fn append<F: NorFlash>(&mut self, flash: &mut F, content: &[u8]) -> Result<usize, Error> {
        if self.is_full() {
            return Err(Error::Full);
        }
        let number = self.cells;
        self.cells += 1;
        self.write_cell(flash, self.bank, number, content)?;
        Ok(number)
    }

    /// Deletes the cell of a number for good: it is zeros in flash, and nothing is erased.
    ///
    /// # Errors
    /// [`Error::Flash`].
    pub fn delete<F: MultiwriteNorFlash>(&self, flash: &mut F, number: usize) -> Result<(), Error> {
        flash.write(Self::place::<F>(self.bank, number), &[DELETED; CELL]).map_err(|_| Error::Flash)
    }

    /// Writes these cells into the other bank, numbered from 0, makes it active, and erases the old one.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Flash`].
    pub fn rewrite<F: NorFlash, A: AsRef<[u8]> + Zeroize>(
        &mut self,
        flash: &mut F,
        contents: impl Iterator<Item = A>,
    ) -> Result<(), Error> {
        let other = 1 - self.bank;
        Self::erase(flash, other)?;
        let mut cells = 0;
        for mut content in contents {
            if cells >= Self::CAPACITY {
                return Err(Error::Full);
            }
            let written = self.write_cell(flash, other, cells, content.as_ref());
            content.zeroize();
            written?;
            cells += 1;
        }
        let generation = self.generation.checked_add(1).ok_or(Error::Exhausted)?;
        let header = self.head(generation);
        flash.write(other * Self::bank::<F>(), &header).map_err(|_| Error::Flash)?;
        let old = self.bank;
        (self.bank, self.generation, self.cells) = (other, generation, cells);
        Self::erase(flash, old)
    }

    fn bank<F: NorFlash>() -> u32 {
        BANK.next_multiple_of(F::ERASE_SIZE.max(1)) as u32
    }

    fn place<F: NorFlash>(bank: u32, cell: usize) -> u32 {
        bank * Self::bank::<F>() + (HEADER + cell * CELL) as u32
    }

    fn write_cell<F: NorFlash>(
        &self,
        flash: &mut F,
        bank: u32,
        number: usize,
        content: &[u8],
    ) -> Result<(), Error> {
        let mut cell = [0; CELL];
        cell.iter_mut().zip(content).for_each(|(to, from)| *to = *from);
        self.sign(&mut cell, CELL - CELL_CHECK);
        let written = flash.write(Self::place::<F>(bank, number), &cell).map_err(|_| Error::Flash);
        cell.zeroize();
        written
    }

    /// Erases a bank, unless it is erased.
    fn erase<F: NorFlash>(flash: &mut F, bank: u32) -> Result<(), Error> {
        let start = bank * Self::bank::<F>();
        let end = start + Self::bank::<F>();
        let mut blank = true;
        let mut bytes = [0; CHUNK];
        for place in (start..end).step_by(CHUNK) {
            flash.read(place, &mut bytes).map_err(|_| Error::Flash)?;
            blank &= bytes == [ERASED; CHUNK];
        }
        if blank { Ok(()) } else { flash.erase(start, end).map_err(|_| Error::Flash) }
    }

    /// The generation of a bank; `None` if its header is not valid.
    fn header<F: NorFlash>(&self, flash: &mut F, bank: u32) -> Result<Option<u32>, Error> {
        let mut header = [0; HEADER];
        flash.read(bank * Self::bank::<F>(), &mut header).map_err(|_| Error::Flash)?;
        if header == [ERASED; HEADER] || !self.mend(&mut header, HEADER - HEADER_CHECK) {
            return Ok(None);
        }
        let generation = header.strip_prefix(&C::MAGIC).and_then(|rest| rest.first_chunk());
        Ok(generation.map(|bytes| u32::from_le_bytes(*bytes)))
    }

    fn head(&self, generation: u32) -> [u8; HEADER] {
        let mut header = [0; HEADER];
        let content = C::MAGIC.into_iter().chain(generation.to_le_bytes());
        header.iter_mut().zip(content).for_each(|(to, from)| *to = from);
        self.sign(&mut header, HEADER - HEADER_CHECK);
        header
    }

    /// Whether the check behind the first `length` bytes is theirs, if necessary after one bit was inverted
    /// back.
    fn mend(&self, bytes: &mut [u8], length: usize) -> bool {
        let bits = bytes.len() * 8;
        let invert = |bytes: &mut [u8], bit: usize| {
            if let Some(byte) = bytes.get_mut(bit / 8) {
                *byte ^= 1 << (bit % 8);
            }
        };
        // The first number is behind the last bit, so that nothing is inverted.
        core::iter::once(bits).chain(0..bits).any(|bit| {
            invert(bytes, bit);
            let valid = bytes
                .split_at_checked(length)
                .is_some_and(|(content, check)| self.check.matches(content, check));
            if !valid {
                invert(bytes, bit);
            }
            valid
        })
    }

    /// Puts the check of the first `length` bytes behind them.
    fn sign(&self, bytes: &mut [u8], length: usize) {
        if let Some((content, check)) = bytes.split_at_mut_checked(length) {
            let made = self.check.check(content);
            check.iter_mut().zip(made).for_each(|(to, from)| *to = from);
        }
    }
}
