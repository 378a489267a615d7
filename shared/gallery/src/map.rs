//! The map of sequential-storage that the stores of a board have in common.
//!
//! One type of key and one of cache, so that a board with a gallery and settings has the map's code, some
//! four kilobytes, once.

use embedded_storage_async::nor_flash::NorFlash;
use sequential_storage::{
    cache::{
        Cache, key_pointers::ArrayKeyPointers, page_pointers::ArrayPagePointers, page_states::ArrayPageStates,
    },
    map::{MapConfig, MapStorage},
};

use crate::{Error, MAX_PEOPLE, MAX_TEMPLATES};

/// Most sectors of a map: 1 MiB of 4 KiB each.
pub(crate) const MAX_SECTORS: usize = 256;

/// A key of the map, `u16` LE in flash.
pub type MapKey = u16;
type Keys = ArrayKeyPointers<MapKey, { MAX_PEOPLE + MAX_TEMPLATES }>;
/// Where the newest values lie, so that they need not be looked for.
pub type MapCache = Cache<ArrayPageStates<MAX_SECTORS>, ArrayPagePointers<MAX_SECTORS>, Keys, MapKey>;
/// A map in flash.
pub type Map<F> = MapStorage<MapKey, F, MapCache>;

/// A map in a range of `flash`, of whole sectors.
///
/// # Errors
/// [`Error::Partition`] if the range has fewer than two sectors or more than 256.
pub fn map<F: NorFlash>(flash: F, range: core::ops::Range<u32>) -> Result<Map<F>, Error> {
    if range.len() > MAX_SECTORS * F::ERASE_SIZE {
        return Err(Error::Partition);
    }
    let config = MapConfig::try_new(range).map_err(|_| Error::Partition)?;
    let cache = Cache::new(ArrayPageStates::new(), ArrayPagePointers::new(), Keys::new());
    Ok(MapStorage::new(flash, config, cache))
}
