//! Where the record is kept: two sectors or more of flash, in which the newest record that opens counts.
//!
//! ```text
//! place      256 bytes, of which the last 120 stay erased; record n lies in place n mod places
//! 0    4     number n, u32 LE
//! 4    116   the record, sealed
//! 120  16    tag, over number and record
//! ```
//! A record is sealed ([`Siv`]) under a key of this board, so that one that was changed, or another board's, is none.
//!
//! | power is cut | what is found at the next boot | what the next record does |
//! |---|---|---|
//! | while a record is written | the one before | takes the place after |
//! | while a sector is erased | the one before, which lies in another sector | erases it again |

use embedded_storage::nor_flash::NorFlash;
use secrets::{Key, SIV_TAG, Siv};

use crate::{Error, Record, TEXT_BYTES};

/// Bytes from one place to the next.
const PLACE: u32 = 256;
/// Bytes that are written: whole words of up to 8 bytes.
const WRITTEN: usize = 4 + TEXT_BYTES + SIV_TAG;
/// A number that no record has, as it is that of an erased place.
const NONE: u32 = u32::MAX;

/// The records in their partition.
pub struct Ring<F> {
    flash: F,
    seal: Siv,
    record: Option<Record>,
    /// The number of the record.
    kept: u32,
    /// The number of the next record.
    next: u32,
}

impl<F: NorFlash> Ring<F> {
    /// Finds the newest record of the whole of `flash` that the board of this `unique` secret sealed.
    ///
    /// # Errors
    /// [`Error::Partition`], [`Error::Flash`].
    pub fn open(flash: F, unique: &Key) -> Result<Self, Error> {
        let sector = F::ERASE_SIZE as u32;
        let suits = sector.is_multiple_of(PLACE)
            && WRITTEN.is_multiple_of(F::WRITE_SIZE)
            && WRITTEN.is_multiple_of(F::READ_SIZE)
            && flash.capacity() as u32 >= 2 * sector;
        if !suits {
            return Err(Error::Partition);
        }
        let seal = Siv::new(&unique.derive(b"", b"postern boot"));
        let mut ring = Self { flash, seal, record: None, kept: 0, next: 0 };
        for place in 0..ring.places() {
            let (number, mut text, tag) = ring.read(place)?;
            let newer = number != NONE && number % ring.places() == place && number >= ring.next;
            if newer && ring.seal.open(number, &mut text, &tag) {
                ring.record = Record::from_bytes(&text);
                ring.kept = number;
                ring.next = number + 1;
            }
        }
        // What a cut left half written is passed over, up to a place before which a sector is erased.
        while !(ring.next * PLACE).is_multiple_of(sector) && ring.read(ring.next % ring.places())?.0 != NONE {
            ring.next += 1;
        }
        Ok(ring)
    }

    /// The record.
    ///
    /// # Errors
    /// [`Error::NoRecord`].
    pub fn record(&self) -> Result<Record, Error> {
        self.record.ok_or(Error::NoRecord)
    }

    /// Puts a record in the place of the one before.
    ///
    /// # Errors
    /// [`Error::Flash`]; then the one before counts, as it does after a power cut.
    pub fn write(&mut self, record: &Record) -> Result<(), Error> {
        let (number, sector) = (self.next, F::ERASE_SIZE as u32);
        let at = number % self.places() * PLACE;
        if at.is_multiple_of(sector) {
            // After so many failures in a row, the record itself is there.
            if number - self.kept > self.places() - sector / PLACE {
                return Err(Error::Flash);
            }
            self.flash.erase(at, at + sector).map_err(|_| Error::Flash)?;
        }
        // Whatever comes of it, this place is not tried again.
        self.next += 1;
        let mut bytes = [0; WRITTEN];
        let (head, rest) = bytes.split_at_mut(4);
        let (text, tag) = rest.split_at_mut(TEXT_BYTES);
        head.copy_from_slice(&number.to_le_bytes());
        text.copy_from_slice(&record.to_bytes());
        tag.copy_from_slice(&self.seal.seal(number, text));
        self.flash.write(at, &bytes).map_err(|_| Error::Flash)?;
        (self.record, self.kept) = (Some(*record), number);
        Ok(())
    }

    /// Gives the flash back.
    pub fn into_flash(self) -> F {
        self.flash
    }

    fn places(&self) -> u32 {
        (self.flash.capacity() / F::ERASE_SIZE * F::ERASE_SIZE) as u32 / PLACE
    }

    fn read(&mut self, place: u32) -> Result<(u32, [u8; TEXT_BYTES], [u8; SIV_TAG]), Error> {
        let mut bytes = [0; WRITTEN];
        self.flash.read(place * PLACE, &mut bytes).map_err(|_| Error::Flash)?;
        let (mut number, mut text, mut tag) = ([0; 4], [0; TEXT_BYTES], [0; SIV_TAG]);
        let (head, rest) = bytes.split_at(4);
        let (middle, end) = rest.split_at(TEXT_BYTES);
        number.copy_from_slice(head);
        text.copy_from_slice(middle);
        tag.copy_from_slice(end);
        Ok((u32::from_le_bytes(number), text, tag))
    }
}
