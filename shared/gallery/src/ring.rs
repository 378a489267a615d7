//! The ring of keys: a key for each person, which is erased with the person.
//!
//! Flash is written anew, not overwritten: what the map below once held stays in dead records until
//! their sector comes to be erased. So each person's records are sealed by a key of their own, of
//! which flash has the salt, here; and when a person is removed, the salt is erased at once. The
//! dead records are then noise, to everybody and for ever.
//!
//! ```text
//! sectors   half A | half B | the map's            a half: 8 KiB, in whole sectors
//! half      header, 16 bytes | cells, 24 bytes each, in the order of enrolment
//! header    "PKR1" | generation u32 LE | check, 8 bytes
//! cell      person slot u16 LE | salt, 18 bytes | check, 4 bytes
//! check     first bytes of HKDF-SHA-256( gallery's key, salt: what is before, "postern ring" )
//! key       HKDF-SHA-256( gallery's key, salt, "postern person" )
//! ```
//!
//! # Power cuts
//! | change | 1st | 2nd (commit) | 3rd | after a cut |
//! |---|---|---|---|---|
//! | a person comes | cell into the half in use | the person's record, in the map | | a cell without a person is dropped at the next opening |
//! | a person goes | the others' cells into the other half | its header, of the next generation | the old half is erased | the newer valid half counts, the other one is erased |
//!
//! A half whose header was not written whole is none. Flash loses bits over the years, and here a bit would
//! cost a person, or with a header everybody: a header or cell whose check fails is tried with each of its
//! bits turned, and the next removal writes it anew. A removal takes two halves' sectors in turns, so
//! that a sector is erased once in two removals.

use crypto::{Entropy, Key};
use embassy_futures::block_on;
use embedded_storage_async::nor_flash::NorFlash;
use zeroize::Zeroize;

use crate::{Error, MAX_PEOPLE};

/// Bytes of a half, at least.
const HALF: usize = 8192;
const HEADER: usize = 16;
const HEADER_CHECK: usize = 8;
const CELL: usize = 24;
const MAGIC: [u8; 4] = *b"PKR1";
/// Bytes of a salt.
const SALT: usize = 18;
const ERASED: u8 = 0xff;

/// The salts of the people's keys, by person slot.
pub(crate) type Salts = [Option<[u8; SALT]>; MAX_PEOPLE];

/// Which half is in use, and how far.
pub(crate) struct Ring {
    key: Key,
    half: u32,
    generation: u32,
    /// Cells written in the half.
    cells: usize,
}

impl Ring {
    /// Bytes of flash that the ring takes.
    pub(crate) fn bytes<F: NorFlash>() -> usize {
        2 * Self::half::<F>() as usize
    }

    fn half<F: NorFlash>() -> u32 {
        HALF.next_multiple_of(F::ERASE_SIZE.max(1)) as u32
    }

    /// Cells that fit a half: more than there can be people.
    const CELLS: usize = (HALF - HEADER) / CELL;

    /// A ring that was not read yet.
    pub(crate) fn new(key: Key) -> Self {
        Self { key, half: 0, generation: 0, cells: 0 }
    }

    /// The key of the person at a slot; none if it was erased.
    pub(crate) fn person_key(&self, salts: &Salts, slot: u16) -> Option<Key> {
        let salt = salts.get(usize::from(slot))?.as_ref()?;
        Some(self.key.derive(salt, b"postern person"))
    }

    /// The key of what belongs to nobody.
    pub(crate) fn own_key(&self) -> &Key {
        &self.key
    }

    /// Reads the ring, and erases what an interrupted removal left. `false` if there is none.
    pub(crate) fn read<F: NorFlash>(&mut self, flash: &mut F, salts: &mut Salts) -> Result<bool, Error> {
        salts.zeroize();
        let generations = [self.header(flash, 0)?, self.header(flash, 1)?];
        let Some(generation) = generations.into_iter().flatten().max() else { return Ok(false) };
        self.generation = generation;
        self.half = u32::from(generations[0] != Some(generation));
        self.erase(flash, 1 - self.half)?;
        self.cells = 0;
        for number in 0..Self::CELLS {
            let mut cell = [0; CELL];
            let place = self.half * Self::half::<F>() + (HEADER + number * CELL) as u32;
            block_on(flash.read(place, &mut cell)).map_err(|_| Error::Flash)?;
            if cell == [ERASED; CELL] {
                continue;
            }
            // A cell that a cut left half written was used, too.
            self.cells = number + 1;
            if let Some((slot, salt)) = self.checked(&mut cell)
                && let Some(kept) = salts.get_mut(usize::from(slot))
            {
                *kept = Some(salt);
            }
            cell.zeroize();
        }
        Ok(true)
    }

    /// Makes a ring without keys.
    pub(crate) fn format<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), Error> {
        (self.half, self.generation) = (1, 0);
        self.rewrite(flash, &[const { None }; MAX_PEOPLE])
    }

    /// Makes a key for the person at a slot, and puts it into flash.
    pub(crate) fn add<F: NorFlash>(
        &mut self,
        flash: &mut F,
        salts: &mut Salts,
        slot: u16,
        random: &mut impl Entropy,
    ) -> Result<(), Error> {
        if self.cells >= Self::CELLS {
            self.rewrite(flash, salts)?;
        }
        let mut salt = [0; SALT];
        random.fill(&mut salt);
        let mut cell = self.cell(slot, &salt);
        let place = self.half * Self::half::<F>() + (HEADER + self.cells * CELL) as u32;
        self.cells += 1;
        block_on(flash.write(place, &cell)).map_err(|_| Error::Flash)?;
        cell.zeroize();
        *salts.get_mut(usize::from(slot)).ok_or(Error::Full)? = Some(salt);
        Ok(())
    }

    /// Writes the salts that are left into the other half, and erases this one.
    pub(crate) fn rewrite<F: NorFlash>(&mut self, flash: &mut F, salts: &Salts) -> Result<(), Error> {
        let other = 1 - self.half;
        let start = other * Self::half::<F>();
        self.erase(flash, other)?;
        let mut cells = 0;
        for (slot, salt) in (0u16..).zip(salts) {
            let Some(salt) = salt else { continue };
            let mut cell = self.cell(slot, salt);
            let place = start + (HEADER + cells * CELL) as u32;
            block_on(flash.write(place, &cell)).map_err(|_| Error::Flash)?;
            cell.zeroize();
            cells += 1;
        }
        let generation = self.generation.checked_add(1).ok_or(Error::Full)?;
        let header = self.head(generation);
        block_on(flash.write(start, &header)).map_err(|_| Error::Flash)?;
        let old = self.half;
        (self.half, self.generation, self.cells) = (other, generation, cells);
        self.erase(flash, old)
    }

    /// Erases a half, unless it is.
    fn erase<F: NorFlash>(&self, flash: &mut F, half: u32) -> Result<(), Error> {
        let start = half * Self::half::<F>();
        let end = start + Self::half::<F>();
        let mut blank = true;
        let mut bytes = [0; 64];
        for place in (start..end).step_by(bytes.len()) {
            block_on(flash.read(place, &mut bytes)).map_err(|_| Error::Flash)?;
            blank &= bytes == [ERASED; 64];
        }
        if blank { Ok(()) } else { block_on(flash.erase(start, end)).map_err(|_| Error::Flash) }
    }

    /// The generation of a half; none if its header is none of this gallery's.
    fn header<F: NorFlash>(&self, flash: &mut F, half: u32) -> Result<Option<u32>, Error> {
        let mut header = [0; HEADER];
        block_on(flash.read(half * Self::half::<F>(), &mut header)).map_err(|_| Error::Flash)?;
        if header == [ERASED; HEADER] || !self.mend(&mut header, HEADER - HEADER_CHECK) {
            return Ok(None);
        }
        let generation = header.strip_prefix(&MAGIC).and_then(|rest| rest.first_chunk());
        Ok(generation.map(|bytes| u32::from_le_bytes(*bytes)))
    }

    fn head(&self, generation: u32) -> [u8; HEADER] {
        let mut header = [0; HEADER];
        fill(&mut header, &[&MAGIC, &generation.to_le_bytes()]);
        self.sign(&mut header, HEADER - HEADER_CHECK);
        header
    }

    fn cell(&self, slot: u16, salt: &[u8; SALT]) -> [u8; CELL] {
        let mut cell = [0; CELL];
        fill(&mut cell, &[&slot.to_le_bytes(), salt]);
        self.sign(&mut cell, 2 + SALT);
        cell
    }

    fn checked(&self, cell: &mut [u8; CELL]) -> Option<(u16, [u8; SALT])> {
        if !self.mend(cell, 2 + SALT) {
            return None;
        }
        let (slot, rest) = cell.split_first_chunk::<2>()?;
        Some((u16::from_le_bytes(*slot), *rest.first_chunk::<SALT>()?))
    }

    /// Whether the check behind the first bytes is theirs, if need be after one bit was turned back.
    fn mend(&self, bytes: &mut [u8], length: usize) -> bool {
        let bits = bytes.len() * 8;
        let turn = |bytes: &mut [u8], bit: usize| {
            if let Some(byte) = bytes.get_mut(bit / 8) {
                *byte ^= 1 << (bit % 8);
            }
        };
        // There is no bit of the first number, so that nothing is turned.
        core::iter::once(bits).chain(0..bits).any(|bit| {
            turn(bytes, bit);
            let whole = bytes.split_at_checked(length).is_some_and(|(content, check)| {
                self.key.derive(content, b"postern ring").bytes().starts_with(check)
            });
            if !whole {
                turn(bytes, bit);
            }
            whole
        })
    }

    /// Puts the check of the first bytes behind them.
    fn sign(&self, bytes: &mut [u8], length: usize) {
        if let Some((content, check)) = bytes.split_at_mut_checked(length) {
            let made = self.key.derive(content, b"postern ring");
            check.iter_mut().zip(made.bytes()).for_each(|(to, from)| *to = *from);
        }
    }
}

fn fill(bytes: &mut [u8], pieces: &[&[u8]]) {
    let content = pieces.iter().copied().flatten();
    bytes.iter_mut().zip(content).for_each(|(to, from)| *to = *from);
}
