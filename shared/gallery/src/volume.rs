//! A volume: a partition of flash with people, their templates and their keys. A gallery has one or more.
//!
//! ```text
//! volume    journal of keys, 16 KiB or a few whole sectors | map of records
//! ```
//! What belongs to a person is in one volume, so a change concerns one volume alone. The first one has the form that all
//! galleries once had, and a further one has the same form. So a gallery grows by a volume, and nothing moves. The gallery's key is
//! that of the first volume, and each further one has a key that is derived from it: no record and no key of a person opens in
//! another volume than its own.
//!
//! The map would find out that it is full only after it has moved every sector once in search of room. So the
//! room is computed beforehand. With `S` sectors the map always finds a place while the newest values of all
//! keys take no more than `S - 2` sectors, each less one largest record, which is what the end of a sector may
//! waste.

use crypto::Key;
use embedded_storage::nor_flash::NorFlash;
use nor_store::{CACHED_KEYS, MAX_SECTORS, Map};

use crate::{
    Error, MAX_PEOPLE, MAX_TEMPLATES, key_journal::KeyJournal, record::Place, sealed::MAX_TEMPLATE_RECORD,
};

/// Fewest sectors of the map: fewer could hold next to nothing.
const MIN_SECTORS: usize = 4;
/// Largest word: cells of the journal are whole words.
const MAX_WORD: usize = 8;
/// Smallest sector: three of the largest records and what a sector needs for itself.
const MIN_SECTOR: usize = 2048;
/// Room for a key and the largest record, in whole words of 32 bytes.
const BUFFER: usize = (size_of::<u16>() + MAX_TEMPLATE_RECORD).next_multiple_of(32);

const _: () = assert!(MAX_PEOPLE + MAX_TEMPLATES <= CACHED_KEYS);

/// A volume of a gallery, see [`Gallery::open`](crate::Gallery::open).
pub struct Volume<F: NorFlash> {
    pub(crate) keys: KeyJournal,
    pub(crate) partition: Partition<F>,
}

impl<F: NorFlash> Volume<F> {
    /// The whole of `flash` as a volume, which a gallery opens.
    ///
    /// # Errors
    /// [`Error::Partition`].
    pub fn new(flash: F) -> Result<Self, Error> {
        // The gallery gives it its key.
        Ok(Self { keys: KeyJournal::new(Key::new([0; 32])), partition: Partition::new(flash)? })
    }

    /// The flash: to erase it, or to count what is done with it.
    pub fn flash(&mut self) -> &mut F {
        self.partition.flash()
    }
}

/// The map in flash, and where the journal of keys is.
pub(crate) struct Partition<F: NorFlash> {
    map: Map<F, Place>,
    capacity: usize,
    buffer: [u8; BUFFER],
}

impl<F: NorFlash> Partition<F> {
    /// The whole of `flash` as a partition.
    pub(crate) fn new(flash: F) -> Result<Self, Error> {
        let bytes = flash.capacity();
        let keys = KeyJournal::bytes::<F>();
        let sectors = bytes.saturating_sub(keys) / F::ERASE_SIZE.max(1);
        let range = keys as u32..u32::try_from(bytes).map_err(|_| Error::Partition)?;
        let fits = (MIN_SECTORS..=MAX_SECTORS).contains(&sectors);
        let word = Map::<F, Place>::word();
        if !fits || F::ERASE_SIZE < MIN_SECTOR || word > MAX_WORD {
            return Err(Error::Partition);
        }
        let waste = 2 * word + Self::footprint(MAX_TEMPLATE_RECORD);
        Ok(Self {
            map: Map::open(flash, range)?,
            capacity: (sectors - 2) * (F::ERASE_SIZE - waste),
            buffer: [0; BUFFER],
        })
    }

    /// Bytes that the newest values of all keys may take together, by [`Partition::footprint`].
    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Bytes of flash that a record of `length` bytes takes.
    pub(crate) fn footprint(length: usize) -> usize {
        Map::<F, Place>::footprint(length)
    }

    /// The whole partition, for the journal.
    pub(crate) fn flash(&mut self) -> &mut F {
        self.map.flash()
    }

    /// Whether the map has no record at all.
    pub(crate) fn is_blank(&mut self) -> Result<bool, Error> {
        let mut blank = true;
        self.read_all(|_, _| {
            blank = false;
            Ok(())
        })?;
        Ok(blank)
    }

    /// Writes a record in one atomic step.
    pub(crate) fn put(&mut self, place: Place, record: &[u8]) -> Result<(), Error> {
        Ok(self.map.store(&mut self.buffer, place, record)?)
    }

    /// Shows every record to `visit`, those of one place from the oldest to the newest.
    pub(crate) fn read_all(
        &mut self,
        visit: impl FnMut(Place, &[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.map.for_each(&mut self.buffer, visit)
    }
}
