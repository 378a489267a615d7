//! The gallery's partition: the ring of keys, a map of sequential-storage, and how full that may become.
//!
//! The map would tell that it is full only after it has moved every sector once in search of
//! room. So the room is reckoned beforehand: with `S` sectors the map always finds a place while
//! the newest values of all keys take no more than `S - 2` sectors, each less one largest
//! record, which is what the end of a sector may waste.

use embassy_futures::block_on;
use embedded_storage_async::nor_flash::NorFlash;
use sequential_storage::map::MapItemIter;

use crate::{
    Error, Map, MapCache, MapKey,
    map::{MAX_SECTORS, map},
    record::Place,
    ring::Ring,
    sealed::MAX_TEMPLATE_RECORD,
};

/// Fewest sectors of the map: fewer could hold next to nothing.
const MIN_SECTORS: usize = 4;
/// Largest word: cells of the ring are whole ones.
const MAX_WORD: usize = 8;
/// Smallest sector: three of the largest records and what a sector needs for itself.
const MIN_SECTOR: usize = 2048;
/// Bytes of a key.
const KEY: usize = size_of::<MapKey>();
/// Room for a key and the largest record, in whole words of 32 bytes.
const BUFFER: usize = (KEY + MAX_TEMPLATE_RECORD).next_multiple_of(32);

/// The map in flash.
pub(crate) struct Partition<F: NorFlash> {
    map: Map<F>,
    capacity: usize,
    buffer: [u8; BUFFER],
}

impl<F: NorFlash> Partition<F> {
    /// The whole of `flash` as a partition.
    pub(crate) fn new(flash: F) -> Result<Self, Error> {
        let bytes = flash.capacity();
        let ring = Ring::bytes::<F>();
        let sectors = bytes.saturating_sub(ring) / F::ERASE_SIZE.max(1);
        let range = ring as u32..u32::try_from(bytes).map_err(|_| Error::Partition)?;
        let fits = (MIN_SECTORS..=MAX_SECTORS).contains(&sectors);
        if !fits || F::ERASE_SIZE < MIN_SECTOR || Self::word() > MAX_WORD {
            return Err(Error::Partition);
        }
        let waste = 2 * Self::word() + Self::footprint(MAX_TEMPLATE_RECORD);
        Ok(Self {
            map: map(flash, range)?,
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
        Map::<F>::item_overhead_size() as usize + (KEY + length).next_multiple_of(Self::word())
    }

    /// The whole partition, for the ring.
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
        block_on(self.map.store_item(&mut self.buffer, &place.key(), &record)).map_err(translate)
    }

    /// Shows every record to `visit`, those of one place from the oldest to the newest.
    pub(crate) fn read_all(
        &mut self,
        mut visit: impl FnMut(Place, &[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.repair()?;
        let mut records: MapItemIter<'_, MapKey, F, MapCache> =
            block_on(self.map.fetch_all_items(&mut self.buffer)).map_err(translate)?;
        while let Some((key, record)) =
            block_on(records.next::<&[u8]>(&mut self.buffer)).map_err(translate)?
        {
            visit(Place::from_key(key), record)?;
        }
        Ok(())
    }

    /// Completes the erasing of a sector that a power cut interrupted.
    ///
    /// The map repairs itself in every operation but `fetch_all_items` (sequential-storage
    /// 8.0.2 leaves it by `?` before its repair). So this looks whether that would fail and, if
    /// so, makes another operation repair.
    fn repair(&mut self) -> Result<(), Error> {
        if block_on(self.map.fetch_all_items(&mut self.buffer)).is_ok() {
            return Ok(());
        }
        let key = Place::Person(0).key();
        let sought = block_on(self.map.fetch_item::<&[u8]>(&mut self.buffer, &key));
        sought.map(|_| ()).map_err(translate)
    }

    /// The larger of the two granularities, which is what the map aligns to.
    fn word() -> usize {
        F::WRITE_SIZE.max(F::READ_SIZE).max(1)
    }
}

fn translate<E>(error: sequential_storage::Error<E>) -> Error {
    match error {
        sequential_storage::Error::Storage { .. } => Error::Flash,
        sequential_storage::Error::FullStorage => Error::Full,
        _ => Error::Corrupted,
    }
}
