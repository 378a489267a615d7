//! The append log: numbered entries of one size in a ring of sectors.
//!
//! ```text
//! slot      number u32 LE | bytes of the codec            one entry; erased bytes follow up to the pitch
//! sector    slot | slot | ...                             as many as fit
//! ```
//! Entry `n` is in slot `n mod slots`. A sector is erased when its first slot is written again, which drops
//! the oldest entries, one sector of them at a time. A ring of `s` sectors with `p` slots each keeps at least
//! `(s - 1) * p` entries.
//!
//! | power is cut | what the next start finds | what the next entry does |
//! |---|---|---|
//! | before a slot is written | the entries before | takes the slot |
//! | while a slot is written | the entries before, and a slot that does not decode | takes the next slot: a number is not used twice |
//! | after that | the entry | takes the next slot |
//! | while a sector is erased | what is left of its old entries, and the newer entries | erases it again |
//! | after that | the entries before, and an erased sector | takes its first slot |
//!
//! If so many writes in a row fail that the next sector to erase is the one with the newest entry, the log
//! refuses to erase it: the newest entry is never lost.

use core::ops::Range;

use embedded_storage::nor_flash::NorFlash;

use crate::{ERASED, Error};

/// Bytes of a number.
const NUMBER: usize = 4;

/// How entries look in flash.
pub trait Codec {
    /// An entry.
    type Entry: Clone;
    /// The bytes of a slot: an array that begins with room for the number.
    type Slot: AsRef<[u8]> + AsMut<[u8]>;
    /// Bytes from one slot to the next, at least those of a slot.
    const PITCH: usize;

    /// A slot to read into.
    fn slot() -> Self::Slot;

    /// Writes an entry behind the first four bytes of a slot.
    fn encode(&self, number: u32, entry: &Self::Entry, slot: &mut Self::Slot);

    /// The entry of a slot; `None` if the bytes are not those of an entry of this number.
    fn decode(&self, number: u32, slot: &Self::Slot) -> Option<Self::Entry>;
}

/// What a slot holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    /// Nothing: it is erased.
    Blank,
    /// Nothing that decodes: a power cut interrupted it, or it was damaged.
    Broken,
    /// An entry of this number, of this lap or an earlier one.
    Entry(u32),
}

/// The log in its flash partition.
pub struct AppendLog<F, C: Codec> {
    flash: F,
    codec: C,
    /// The number of the next entry.
    next: u32,
    newest: Option<(u32, C::Entry)>,
}

impl<F: NorFlash, C: Codec> AppendLog<F, C> {
    /// Slots in a sector.
    const PER_SECTOR: u32 = (F::ERASE_SIZE / C::PITCH) as u32;

    /// Opens the log that takes the whole of `flash`, and finds its newest entry.
    ///
    /// # Errors
    /// [`Error::Partition`], [`Error::Flash`] or [`Error::Exhausted`].
    pub fn open(flash: F, codec: C) -> Result<Self, Error> {
        let bytes = C::slot().as_ref().len();
        let suits = (NUMBER..=C::PITCH).contains(&bytes)
            && F::ERASE_SIZE >= C::PITCH
            && F::ERASE_SIZE.is_multiple_of(C::PITCH)
            && bytes.is_multiple_of(F::WRITE_SIZE)
            && bytes.is_multiple_of(F::READ_SIZE)
            && C::PITCH.is_multiple_of(F::WRITE_SIZE)
            && flash.capacity() >= 2 * F::ERASE_SIZE
            && u32::try_from(flash.capacity()).is_ok();
        if !suits {
            return Err(Error::Partition);
        }
        let mut log = Self { flash, codec, next: 0, newest: None };
        let ring = Ring { slots: log.slots(), per_sector: Self::PER_SECTOR };
        let (newest, next) = ring.scan(&mut |number| log.content(number, &mut None))?;
        log.next = next;
        if let Some(number) = newest {
            log.newest = log.read(number)?.map(|entry| (number, entry));
        }
        Ok(log)
    }

    /// From the number of the oldest entry that may still be there to the number of the next one.
    pub fn numbers(&self) -> Range<u32> {
        let sector = self.next.saturating_sub(1) / Self::PER_SECTOR;
        let end = u64::from(sector + 1) * u64::from(Self::PER_SECTOR);
        let oldest = end.saturating_sub(u64::from(self.slots()));
        u32::try_from(oldest).unwrap_or(u32::MAX)..self.next
    }

    /// The newest entry and its number.
    pub fn newest(&self) -> Option<(u32, &C::Entry)> {
        self.newest.as_ref().map(|(number, entry)| (*number, entry))
    }

    /// The number of the next entry.
    pub fn next(&self) -> u32 {
        self.next
    }

    /// Appends an entry and returns its number. Once this returns, the entry survives a power cut.
    ///
    /// # Errors
    /// [`Error::Flash`]; the number is not used again if something may have been written under it.
    /// [`Error::Exhausted`].
    pub fn append(&mut self, entry: &C::Entry) -> Result<u32, Error> {
        let number = self.next;
        // The last number would read like an erased slot.
        let next = number.checked_add(1).filter(|next| *next < u32::MAX).ok_or(Error::Exhausted)?;
        let place = self.place(number);
        if number.is_multiple_of(Self::PER_SECTOR) {
            let kept = self.newest.as_ref().map(|(kept, _)| number - kept);
            if kept.is_some_and(|age| age > self.slots() - Self::PER_SECTOR) {
                return Err(Error::Flash);
            }
            let end = place + F::ERASE_SIZE as u32;
            self.flash.erase(place, end).map_err(|_| Error::Flash)?;
        }
        self.next = next;
        let mut slot = C::slot();
        self.codec.encode(number, entry, &mut slot);
        if let Some(head) = slot.as_mut().first_chunk_mut() {
            *head = number.to_le_bytes();
        }
        self.flash.write(place, slot.as_ref()).map_err(|_| Error::Flash)?;
        self.newest = Some((number, entry.clone()));
        Ok(number)
    }

    /// The entry of a number; `None` if a power cut interrupted it, its sector was erased, or it does not
    /// decode.
    ///
    /// # Errors
    /// [`Error::Flash`].
    pub fn read(&mut self, number: u32) -> Result<Option<C::Entry>, Error> {
        let mut entry = None;
        let content = self.content(number, &mut entry)?;
        Ok(entry.filter(|_| content == Content::Entry(number)))
    }

    /// Gives the flash back.
    pub fn into_flash(self) -> F {
        self.flash
    }

    fn sectors(&self) -> u32 {
        (self.flash.capacity() / F::ERASE_SIZE) as u32
    }

    fn slots(&self) -> u32 {
        self.sectors() * Self::PER_SECTOR
    }

    /// The offset of the slot of a number.
    fn place(&self, number: u32) -> u32 {
        number % self.slots() * C::PITCH as u32
    }

    /// The content of the slot of this number: its entry or an older one. An entry whose number belongs to
    /// another slot is none, so that a copied entry does not count.
    ///
    /// The entry itself goes into `entry`. Only one function reads slots, since it is most of the code.
    #[inline(never)]
    fn content(&mut self, number: u32, entry: &mut Option<C::Entry>) -> Result<Content, Error> {
        let (place, mut slot) = (self.place(number), C::slot());
        self.flash.read(place, slot.as_mut()).map_err(|_| Error::Flash)?;
        // What is decoded is this copy: the compiler must not read memory-mapped flash again in its place.
        core::hint::black_box(slot.as_mut());
        if slot.as_ref().iter().all(|byte| *byte == ERASED) {
            return Ok(Content::Blank);
        }
        let found = slot.as_ref().first_chunk().map_or(u32::MAX, |head| u32::from_le_bytes(*head));
        let slots = self.slots();
        if found == u32::MAX || found % slots != number % slots {
            return Ok(Content::Broken);
        }
        *entry = self.codec.decode(found, &slot);
        Ok(if entry.is_some() { Content::Entry(found) } else { Content::Broken })
    }
}

/// The slots of a log, as numbers: code that all logs of a board share.
struct Ring {
    slots: u32,
    per_sector: u32,
}

/// Tells what the slot of a number holds.
type Look<'a> = dyn FnMut(u32) -> Result<Content, Error> + 'a;

impl Ring {
    /// Finds the number of the newest entry, and that of the next one.
    fn scan(&self, look: &mut Look<'_>) -> Result<(Option<u32>, u32), Error> {
        let mut first = None;
        for sector in 0..self.slots / self.per_sector {
            first = first.max(self.first_in(sector, look)?);
        }
        let mut newest = None;
        if let Some(first) = first {
            for number in first..first.saturating_add(self.per_sector) {
                if look(number)? == Content::Entry(number) {
                    newest = Some(number);
                }
            }
        }
        let next = newest.map_or(0, |newest| newest + 1);
        Ok((newest, self.after_broken(next, look)?))
    }

    /// The number with which a sector begins, by its first entry that decodes.
    fn first_in(&self, sector: u32, look: &mut Look<'_>) -> Result<Option<u32>, Error> {
        for slot in sector * self.per_sector..(sector + 1) * self.per_sector {
            if let Content::Entry(number) = look(slot)? {
                return Ok(Some(number - slot % self.per_sector));
            }
        }
        Ok(None)
    }

    /// Passes over what a power cut left unfinished, from `next` up to an erased slot or a sector to erase.
    fn after_broken(&self, mut next: u32, look: &mut Look<'_>) -> Result<u32, Error> {
        loop {
            if look(next)? == Content::Blank {
                // If the first slot is blank, the sector is erased again: cheaper than looking at the rest.
                return Ok(next);
            }
            let sector = next % self.slots / self.per_sector;
            if next.is_multiple_of(self.per_sector) && !self.was_begun(sector, look)? {
                return Ok(next);
            }
            next = next.checked_add(1).ok_or(Error::Exhausted)?;
        }
    }

    /// Whether a sector whose first slot is broken was erased for new entries. If not, it holds old entries,
    /// or what an interrupted erase left of them, or it was never a log; then no slot is blank.
    fn was_begun(&self, sector: u32, look: &mut Look<'_>) -> Result<bool, Error> {
        let mut blank = false;
        for slot in sector * self.per_sector..(sector + 1) * self.per_sector {
            match look(slot)? {
                Content::Entry(_) => return Ok(false),
                Content::Blank => blank = true,
                Content::Broken => {}
            }
        }
        Ok(blank)
    }
}
