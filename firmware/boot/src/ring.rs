//! Where the record is kept: two sectors of flash, in which the newest record that opens counts.
//!
//! ```text
//! place      256 bytes, of which the last 104 stay erased; record n lies in place n mod places
//! 0    4     number n, u32 LE
//! 4    116   the record
//! 120  32    tag: HKDF-SHA-256 with a key of this board, the number as salt, the record as purpose
//! ```
//! A record is no secret; its tag says that this board made it. One that was changed, or another board's, is none.
//!
//! | power is cut | what is found at the next boot | what the next record does |
//! |---|---|---|
//! | while a record is written | the one before | takes the place after |
//! | while a sector is erased | the one before, which lies in another sector | erases it again |

use crypto::Key;
use embedded_storage::nor_flash::NorFlash;

use crate::{Error, Record, TEXT_BYTES};

/// Bytes from one place to the next.
const PLACE: u32 = 256;
/// Bytes that are written: whole words of up to 8 bytes.
const WRITTEN: usize = 4 + TEXT_BYTES + 32;
/// A number that no record has, as it is that of an erased place.
const NONE: u32 = u32::MAX;

/// The records in their partition.
pub struct Ring<F> {
    flash: F,
    key: Key,
    record: Option<Record>,
    /// The number of the record.
    kept: u32,
    /// The number of the next record.
    next: u32,
}

impl<F: NorFlash> Ring<F> {
    /// Places of a sector.
    const SECTOR: u32 = F::ERASE_SIZE as u32 / PLACE;
    /// Places of both.
    const PLACES: u32 = 2 * Self::SECTOR;

    /// Finds the newest record in the first two sectors of `flash` that the board of this `unique` secret made.
    ///
    /// # Errors
    /// [`Error::Partition`], [`Error::Flash`].
    // Within a task, whose frame is large, it would be longer.
    #[inline(never)]
    pub fn open(flash: F, unique: &Key) -> Result<Self, Error> {
        let suits = F::ERASE_SIZE.is_multiple_of(PLACE as usize)
            && WRITTEN.is_multiple_of(F::WRITE_SIZE)
            && WRITTEN.is_multiple_of(F::READ_SIZE)
            && flash.capacity() >= 2 * F::ERASE_SIZE;
        if !suits {
            return Err(Error::Partition);
        }
        let key = unique.derive(b"", b"postern boot");
        let mut ring = Self { flash, key, record: None, kept: 0, next: 0 };
        let mut bytes = [0; WRITTEN];
        for place in 0..Self::PLACES {
            let number = ring.read(place, &mut bytes)?;
            if number == NONE || number % Self::PLACES != place || number < ring.next {
                continue;
            }
            let [_, _, _, _, sealed @ ..] = &bytes;
            if let Some((text, tag)) = sealed.split_first_chunk::<TEXT_BYTES>()
                && *ring.tag(number, text).bytes() == *tag
            {
                ring.record = Record::from_bytes(text);
                ring.kept = number;
                ring.next = number + 1;
            }
        }
        // What a cut left half written is passed over, up to a place before which a sector is erased.
        while !ring.next.is_multiple_of(Self::SECTOR) && ring.read(ring.next, &mut bytes)? != NONE {
            ring.next += 1;
        }
        Ok(ring)
    }

    /// The record; none if there is none of this board.
    pub fn record(&self) -> Option<&Record> {
        self.record.as_ref()
    }

    /// The record, to be changed and then saved.
    pub fn edit(&mut self) -> Option<&mut Record> {
        self.record.as_mut()
    }

    /// Puts the first record of a board there.
    ///
    /// # Errors
    /// As [`Ring::save`].
    pub fn program(&mut self, record: Record) -> Result<(), Error> {
        self.record = Some(record);
        self.save()
    }

    /// Writes the record as it was changed.
    ///
    /// # Errors
    /// [`Error::NoRecord`], [`Error::Flash`]; then the one before counts, as it does after a power cut, and there is none
    /// here until the ring is opened again.
    pub fn save(&mut self) -> Result<(), Error> {
        let saved = self.write();
        if saved.is_err() {
            self.record = None;
        }
        saved
    }

    fn write(&mut self) -> Result<(), Error> {
        let record = self.record.as_ref().ok_or(Error::NoRecord)?;
        let number = self.next;
        let at = number % Self::PLACES * PLACE;
        if number.is_multiple_of(Self::SECTOR) {
            // After so many failures in a row, the record itself is there.
            if number - self.kept > Self::SECTOR {
                return Err(Error::Flash);
            }
            self.flash.erase(at, at + F::ERASE_SIZE as u32).map_err(|_| Error::Flash)?;
        }
        // Whatever comes of it, this place is not tried again.
        self.next += 1;
        let mut bytes = [0; WRITTEN];
        let [n0, n1, n2, n3, sealed @ ..] = &mut bytes;
        let [m0, m1, m2, m3] = number.to_le_bytes();
        (*n0, *n1, *n2, *n3) = (m0, m1, m2, m3);
        let (text, tag) = sealed.split_at_mut(TEXT_BYTES);
        text.copy_from_slice(record.bytes());
        tag.copy_from_slice(self.tag(number, text).bytes());
        self.flash.write(at, &bytes).map_err(|_| Error::Flash)?;
        self.kept = number;
        Ok(())
    }

    /// What only this board can say of a record.
    fn tag(&self, number: u32, text: &[u8]) -> Key {
        self.key.derive(&number.to_le_bytes(), text)
    }

    /// Gives the flash back.
    pub fn into_flash(self) -> F {
        self.flash
    }

    /// Reads the place of a number, and returns which number is there.
    fn read(&mut self, number: u32, bytes: &mut [u8; WRITTEN]) -> Result<u32, Error> {
        let at = number % Self::PLACES * PLACE;
        self.flash.read(at, bytes).map_err(|_| Error::Flash)?;
        let [n0, n1, n2, n3, ..] = *bytes;
        Ok(u32::from_le_bytes([n0, n1, n2, n3]))
    }
}
