//! The ring of sectors.
//!
//! Entry `n` lies in slot `n mod slots`. A sector is erased when the first number of it is to be written,
//! which drops the oldest entries, a sector of them at once. A ring of `s` sectors of 64 slots so keeps
//! at least `(s - 1) * 64` entries.
//!
//! | power is cut | what is found at the next boot | what the next entry does |
//! |---|---|---|
//! | before a slot is written | the entries before | takes the slot |
//! | while a slot is written | that, and a slot that does not open | takes the slot after: a number is not given twice |
//! | after it | the entry | takes the slot after |
//! | while a sector is erased | what is left of its old entries, and the entries before | erases it again |
//! | after it | the entries before, and an erased sector | takes its first slot |

use embedded_storage::nor_flash::NorFlash;

use crate::{
    chain::Chain,
    entry::{ENTRY_BYTES, Entry},
    error::Error,
    slot::{self, Content, SLOT_BYTES, Seal},
};

/// An entry as the log keeps it: what a [`Verifier`](crate::Verifier) takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// Its number.
    pub number: u32,
    /// Its bytes: [`Entry::from_bytes`].
    pub bytes: [u8; ENTRY_BYTES],
    /// Its link of the chain.
    pub chain: Chain,
}

/// The log in its flash partition.
pub struct Log<F, S> {
    flash: F,
    seal: S,
    /// The number of the next entry.
    next: u32,
    /// The newest entry.
    newest: Option<Read>,
}

impl<F: NorFlash, S: Seal> Log<F, S> {
    /// Slots in a sector.
    const PER_SECTOR: u32 = (F::ERASE_SIZE / SLOT_BYTES) as u32;

    /// Finds the newest entry of the whole of `flash`.
    ///
    /// # Errors
    /// [`Error::Partition`] or [`Error::Flash`].
    pub fn open(flash: F, seal: S) -> Result<Self, Error> {
        let suits = F::ERASE_SIZE >= SLOT_BYTES
            && F::ERASE_SIZE.is_multiple_of(SLOT_BYTES)
            && SLOT_BYTES.is_multiple_of(F::WRITE_SIZE)
            && SLOT_BYTES.is_multiple_of(F::READ_SIZE)
            && flash.capacity() >= 2 * F::ERASE_SIZE
            && u32::try_from(flash.capacity()).is_ok();
        if !suits {
            return Err(Error::Partition);
        }
        let mut log = Self { flash, seal, next: 0, newest: None };
        let mut newest = None;
        for sector in 0..log.sectors() {
            newest = newest.max(log.first_in(sector)?);
        }
        if let Some(first) = newest {
            log.find_end(first)?;
        }
        log.pass_broken()?;
        Ok(log)
    }

    /// The number of the oldest entry that may still be there, and that of the next one.
    pub fn numbers(&self) -> core::ops::Range<u32> {
        let sector = self.next.saturating_sub(1) / Self::PER_SECTOR;
        let end = u64::from(sector + 1) * u64::from(Self::PER_SECTOR);
        let oldest = end.saturating_sub(u64::from(self.slots()));
        u32::try_from(oldest).unwrap_or(u32::MAX)..self.next
    }

    /// The newest entry.
    pub fn newest(&self) -> Option<Entry> {
        self.newest.and_then(|read| Entry::from_bytes(&read.bytes))
    }

    /// Adds an entry and gives its number. When this returns, it is there to stay.
    ///
    /// # Errors
    /// [`Error::Flash`]; a number under which something may have been written is not given again.
    /// [`Error::Exhausted`].
    pub fn append(&mut self, entry: &Entry) -> Result<u32, Error> {
        let number = self.next;
        // The last number would read like an erased slot.
        let next = number.checked_add(1).filter(|next| *next < u32::MAX).ok_or(Error::Exhausted)?;
        let (place, bytes) = (self.place(number), entry.to_bytes());
        if number.is_multiple_of(Self::PER_SECTOR) {
            let end = place + F::ERASE_SIZE as u32;
            self.flash.erase(place, end).map_err(|_| Error::Flash)?;
        }
        self.next = next;
        let before = self.newest.map_or(Chain::default(), |newest| newest.chain);
        let chain = before.next(number, &bytes);
        let slot = slot::write(&self.seal, number, &bytes, chain);
        self.flash.write(place, &slot).map_err(|_| Error::Flash)?;
        self.newest = Some(Read { number, bytes, chain });
        Ok(number)
    }

    /// The entry of this number; none where a power cut interrupted it, or it gave way, or it does not open.
    ///
    /// # Errors
    /// [`Error::Flash`].
    pub fn read(&mut self, number: u32) -> Result<Option<Read>, Error> {
        Ok(match self.content(number)? {
            Content::Entry { number: found, bytes, chain } if found == number => {
                Some(Read { number, bytes, chain })
            }
            _ => None,
        })
    }

    fn sectors(&self) -> u32 {
        (self.flash.capacity() / F::ERASE_SIZE) as u32
    }

    fn slots(&self) -> u32 {
        self.sectors() * Self::PER_SECTOR
    }

    /// Where an entry of this number lies.
    fn place(&self, number: u32) -> u32 {
        number % self.slots() * SLOT_BYTES as u32
    }

    /// What is in the slot of this number, be it that of the number or an older one. An entry of another
    /// slot is none, wherever somebody copied it from.
    fn content(&mut self, number: u32) -> Result<Content, Error> {
        let (place, mut slot) = (self.place(number), [0; SLOT_BYTES]);
        self.flash.read(place, &mut slot).map_err(|_| Error::Flash)?;
        let slots = self.slots();
        Ok(slot::read(&self.seal, &slot, |found| found % slots == number % slots))
    }

    /// The number with which a sector begins, as its first entry that opens tells.
    fn first_in(&mut self, sector: u32) -> Result<Option<u32>, Error> {
        for slot in sector * Self::PER_SECTOR..(sector + 1) * Self::PER_SECTOR {
            if let Content::Entry { number, .. } = self.content(slot)? {
                return Ok(Some(number - slot % Self::PER_SECTOR));
            }
        }
        Ok(None)
    }

    /// Finds the newest entry in the sector that begins with this number.
    fn find_end(&mut self, first: u32) -> Result<(), Error> {
        for number in first..first.saturating_add(Self::PER_SECTOR) {
            if let Some(read) = self.read(number)? {
                self.newest = Some(read);
                self.next = number + 1;
            }
        }
        Ok(())
    }

    /// Passes over what a power cut left unfinished, up to an erased slot or a sector to erase.
    fn pass_broken(&mut self) -> Result<(), Error> {
        loop {
            if self.content(self.next)? == Content::Blank {
                // Where the first slot is blank, the sector is erased again, which costs less than looking.
                return Ok(());
            }
            let sector = self.next % self.slots() / Self::PER_SECTOR;
            if self.next.is_multiple_of(Self::PER_SECTOR) && !self.was_begun(sector)? {
                return Ok(());
            }
            self.next = self.next.checked_add(1).ok_or(Error::Exhausted)?;
        }
    }

    /// Whether a sector whose first slot is broken was erased for new entries. If not it holds old ones, or what
    /// an interrupted erasure left of them, or what was never a log, and nothing blank.
    fn was_begun(&mut self, sector: u32) -> Result<bool, Error> {
        let mut blank = false;
        for slot in sector * Self::PER_SECTOR..(sector + 1) * Self::PER_SECTOR {
            match self.content(slot)? {
                Content::Entry { .. } => return Ok(false),
                Content::Blank => blank = true,
                Content::Broken => {}
            }
        }
        Ok(blank)
    }
}
