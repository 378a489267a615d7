//! The map: values of any size by key, over `sequential-storage`.
//!
//! `sequential-storage` keeps the newest value of every key, checks each by CRC and ignores those that a
//! power cut left unfinished. Here it gets three things: a key that is an enum and not a number
//! ([`MapKey`]), a blocking interface, and one type of cache, so that a board with several maps has the code
//! once, some four kilobytes.
//!
//! `sequential-storage` looks for a key that has no value through the whole flash, each time, with a CRC bit by bit: ten million
//! instructions in 256 KiB. So the map notes once which keys there may be ([`Seen`]), and looks for no other.

use core::marker::PhantomData;
use core::ops::Range;

use embassy_futures::block_on;
use embedded_storage::nor_flash::{ErrorType, NorFlash};
use embedded_storage_async::nor_flash as awaited;
use sequential_storage::{
    cache::{
        Cache, key_pointers::ArrayKeyPointers, page_pointers::ArrayPagePointers, page_states::ArrayPageStates,
    },
    map::{MapConfig, MapItemIter, MapStorage},
};

use crate::{Error, torn::close_torn_sector};

/// Most sectors of a map: 1 MiB of 4 KiB each.
pub const MAX_SECTORS: usize = 256;
/// How many keys the cache knows. A map may have more; then it is slower.
pub const CACHED_KEYS: usize = 1280;

/// The keys of a map, as an enum. In flash a key is a `u16` LE, whose meaning must never change.
pub trait MapKey: Copy {
    /// The number in flash.
    fn number(self) -> u16;

    /// The key of a number; `None` if no key has it.
    fn from_number(number: u16) -> Option<Self>;
}

type Pointers = Cache<
    ArrayPageStates<MAX_SECTORS>,
    ArrayPagePointers<MAX_SECTORS>,
    ArrayKeyPointers<u16, CACHED_KEYS>,
    u16,
>;
type Storage<F> = MapStorage<u16, Awaited<F>, Pointers>;

/// Numbers of keys that are told apart when it is noted which there may be.
const NUMBERS: usize = 3072;

/// Which keys there may be: a bit for all numbers of one remainder.
struct Seen([u32; NUMBERS / 32]);

impl Seen {
    fn note(&mut self, number: u16) {
        let bit = usize::from(number) % NUMBERS;
        if let Some(word) = self.0.get_mut(bit / 32) {
            *word |= 1 << (bit % 32);
        }
    }

    fn may_have(&self, number: u16) -> bool {
        let bit = usize::from(number) % NUMBERS;
        self.0.get(bit / 32).is_none_or(|word| word >> (bit % 32) & 1 == 1)
    }
}

/// A map in flash.
pub struct Map<F: NorFlash, K> {
    storage: Storage<F>,
    /// `None` until the first fetch.
    seen: Option<Seen>,
    /// A write may have been interrupted: by a power cut before this boot, or by an error.
    interrupted: bool,
    keys: PhantomData<K>,
}

impl<F: NorFlash, K: MapKey> Map<F, K> {
    /// A map in a range of `flash`, of whole sectors.
    ///
    /// # Errors
    /// [`Error::Partition`] if the range has fewer than two sectors or more than [`MAX_SECTORS`].
    pub fn open(flash: F, range: Range<u32>) -> Result<Self, Error> {
        if range.len() > MAX_SECTORS * F::ERASE_SIZE {
            return Err(Error::Partition);
        }
        let config = MapConfig::try_new(range).map_err(|_| Error::Partition)?;
        let cache = Cache::new(ArrayPageStates::new(), ArrayPagePointers::new(), ArrayKeyPointers::new());
        let storage = MapStorage::new(Awaited { flash, failed: false }, config, cache);
        Ok(Self { storage, seen: None, interrupted: true, keys: PhantomData })
    }

    /// All of the flash, of which the map has a range.
    pub fn flash(&mut self) -> &mut F {
        &mut self.storage.flash().flash
    }

    /// Bytes of flash that a value of `length` bytes takes.
    pub fn footprint(length: usize) -> usize {
        Storage::<F>::item_overhead_size() as usize
            + (size_of::<u16>() + length).next_multiple_of(Self::word())
    }

    /// The unit to which the map aligns: the larger of the flash's two.
    pub fn word() -> usize {
        F::WRITE_SIZE.max(F::READ_SIZE).max(1)
    }

    /// Writes the value of a key, atomically. `buffer` has room for the key and the value, in whole words.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Flash`], [`Error::Corrupted`].
    pub fn store(&mut self, buffer: &mut [u8], key: K, value: &[u8]) -> Result<(), Error> {
        self.settle()?;
        if let Some(seen) = &mut self.seen {
            seen.note(key.number());
        }
        let stored = block_on(self.storage.store_item(buffer, &key.number(), &value)).map_err(translate);
        self.interrupted |= stored.is_err();
        stored
    }

    /// The newest value of a key, in `buffer`; `None` if it has none.
    ///
    /// # Errors
    /// [`Error::Flash`], [`Error::Corrupted`].
    pub fn fetch<'b>(&mut self, buffer: &'b mut [u8], key: K) -> Result<Option<&'b [u8]>, Error> {
        self.settle()?;
        if self.seen.is_none() {
            // Where not all of it can be read, each key is looked for.
            self.seen = Some(self.read_numbers(buffer).unwrap_or(Seen([u32::MAX; NUMBERS / 32])));
        }
        if self.seen.as_ref().is_some_and(|seen| !seen.may_have(key.number())) {
            return Ok(None);
        }
        block_on(self.storage.fetch_item::<&[u8]>(buffer, &key.number())).map_err(translate)
    }

    /// The numbers of all keys.
    fn read_numbers(&mut self, buffer: &mut [u8]) -> Result<Seen, Error> {
        self.repair(buffer)?;
        self.storage.flash().failed = false;
        let mut seen = Seen([0; NUMBERS / 32]);
        let mut values: MapItemIter<'_, u16, Awaited<F>, Pointers> =
            block_on(self.storage.fetch_all_items(buffer)).map_err(translate)?;
        while let Some((number, _)) = block_on(values.next::<&[u8]>(buffer)).map_err(translate)? {
            seen.note(number);
        }
        self.whole()?;
        Ok(seen)
    }

    /// Shows every value to `visit`, those of one key from the oldest to the newest. Values of numbers that
    /// no key has are passed over.
    ///
    /// # Errors
    /// [`Error::Flash`], [`Error::Corrupted`], and what `visit` returns.
    pub fn for_each<E: From<Error>>(
        &mut self,
        buffer: &mut [u8],
        mut visit: impl FnMut(K, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.settle()?;
        self.repair(buffer)?;
        self.storage.flash().failed = false;
        let mut values: MapItemIter<'_, u16, Awaited<F>, Pointers> =
            block_on(self.storage.fetch_all_items(buffer)).map_err(translate)?;
        while let Some((number, value)) = block_on(values.next::<&[u8]>(buffer)).map_err(translate)? {
            if let Some(key) = K::from_number(number) {
                visit(key, value)?;
            }
        }
        Ok(self.whole()?)
    }

    /// Whether all was read since `failed` was cleared: the iterator of sequential-storage 8.0.2 passes over a sector whose state
    /// cannot be read, without a word.
    fn whole(&mut self) -> Result<(), Error> {
        if self.storage.flash().failed { Err(Error::Flash) } else { Ok(()) }
    }

    /// Closes a sector with a torn header before anything else. The caches of `sequential-storage` know nothing yet, or
    /// are discarded since its last write failed.
    fn settle(&mut self) -> Result<(), Error> {
        if self.interrupted {
            let range = self.storage.flash_range();
            close_torn_sector(&mut self.storage.flash().flash, &range, Self::word())?;
            self.interrupted = false;
        }
        Ok(())
    }

    /// Completes the erase of a sector that a power cut interrupted.
    ///
    /// The map repairs itself in every operation but `fetch_all_items` (sequential-storage 8.0.2 leaves
    /// it by `?` before its repair). So if that fails, another operation is made to repair.
    fn repair(&mut self, buffer: &mut [u8]) -> Result<(), Error> {
        if block_on(self.storage.fetch_all_items(buffer)).is_ok() {
            return Ok(());
        }
        let sought = block_on(self.storage.fetch_item::<&[u8]>(buffer, &0));
        sought.map(|_| ()).map_err(translate)
    }
}

fn translate<E>(error: sequential_storage::Error<E>) -> Error {
    match error {
        sequential_storage::Error::Storage { .. } => Error::Flash,
        sequential_storage::Error::FullStorage => Error::Full,
        _ => Error::Corrupted,
    }
}

/// Blocking flash as `sequential-storage` wants it: futures that are ready at once.
struct Awaited<F> {
    flash: F,
    /// A read has failed.
    failed: bool,
}

impl<F: NorFlash> ErrorType for Awaited<F> {
    type Error = F::Error;
}

impl<F: NorFlash> awaited::ReadNorFlash for Awaited<F> {
    const READ_SIZE: usize = F::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), F::Error> {
        let read = self.flash.read(offset, bytes);
        self.failed |= read.is_err();
        read
    }

    fn capacity(&self) -> usize {
        self.flash.capacity()
    }
}

impl<F: NorFlash> awaited::NorFlash for Awaited<F> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), F::Error> {
        self.flash.erase(from, to)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), F::Error> {
        self.flash.write(offset, bytes)
    }
}
