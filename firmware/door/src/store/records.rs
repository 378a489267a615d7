//! Sealed records in a map, each with the version that tells the newest from older ones. `inventory` says how.

use board_api::MonotonicCounter;
use crypto::{Generator, Key, record};
use embedded_storage::nor_flash::NorFlash;
use nor_store::{Map, MapKey as _};
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use super::{
    failed::Failed,
    inventory::{Enrolled, Inventory},
    items::{Item, Twin},
    stored::Stored,
};

/// The counter of a board.
pub(crate) type Counter = &'static mut (dyn MonotonicCounter + Send);

/// Bytes of the version before a value.
const VERSION: usize = 4;
/// Bytes of the largest value and its version: an inventory of all slots, with versions of three bytes.
const VALUE: usize = 310;
/// Bytes of the largest value once it is sealed.
const SEALED: usize = VALUE + record::OVERHEAD;
/// Bytes of the largest record and its key, in whole words of 32 bytes.
const BUFFER: usize = 352;

/// Room for a sealed record.
type Room = Zeroizing<[u8; SEALED]>;

/// A record that opened: its version, and the length of its value.
#[derive(Clone, Copy)]
struct Found {
    version: u32,
    length: usize,
}

/// The records.
pub(super) struct Records<F: NorFlash> {
    map: Map<F, Item>,
    key: Key,
    pub(super) random: Generator,
    counter: Option<Counter>,
    inventory: Inventory,
    /// The inventory in memory has a number that flash may not have: its write failed. It changes no more before it is in flash.
    unwritten: bool,
    /// Nothing was changed in this boot, and the inventory has the number of the counter.
    unchanged: bool,
    /// A record was found tampered with.
    pub(super) tampered: bool,
    /// The flash failed when the inventory was read: then nothing is known of any record.
    unread: bool,
}

impl<F: NorFlash> Records<F> {
    /// Uses all of `flash`, and raises the counter to what the inventory says.
    pub(super) fn open(
        flash: F,
        key: Key,
        random: Generator,
        counter: Option<Counter>,
    ) -> Result<Self, Failed> {
        let end = u32::try_from(flash.capacity()).map_err(|_| Failed)?;
        let map = Map::open(flash, 0..end).map_err(|_| Failed)?;
        let inventory = Inventory::distrusting();
        let [unwritten, unchanged, tampered, unread] = [false; 4];
        let mut records =
            Self { map, key, random, counter, inventory, unwritten, unchanged, tampered, unread };
        match records.find_inventory() {
            Ok(inventory) => records.inventory = inventory,
            Err(Failed) => records.unread = true,
        }
        records.unchanged = records.counter() == Ok(Some(records.inventory.number));
        // If it fails here, it is tried again with the next change.
        let _ = records.raise_counter();
        Ok(records)
    }

    /// Whether no record is trusted: the flash is an older one, or the inventory is lost.
    pub(super) fn distrusts(&self) -> bool {
        self.inventory.distrusts()
    }

    /// The value of the counter; `None` if there is none.
    ///
    /// # Errors
    /// [`Failed`] if it cannot be read.
    pub(super) fn counter(&mut self) -> Result<Option<u32>, Failed> {
        self.counter.as_mut().map(|counter| counter.read().map_err(|_| Failed)).transpose()
    }

    /// The flash, to have it fail.
    #[cfg(test)]
    pub(super) fn flash(&mut self) -> &mut F {
        self.map.flash()
    }

    /// What the flash has under a key.
    pub(super) fn read<T: DeserializeOwned>(&mut self, key: Item) -> Result<Stored<T>, Failed> {
        self.read_from(key, self.listed(key))
    }

    /// What the flash has under a key, in this version or a newer one.
    pub(super) fn read_from<T: DeserializeOwned>(
        &mut self,
        key: Item,
        least: u32,
    ) -> Result<Stored<T>, Failed> {
        let mut room = Zeroizing::new([0; SEALED]);
        let found = self.newest(key, least, &mut room)?;
        let value = found.and_then(|found| value_in(&room, found));
        if let Some(value) = value.and_then(|value| postcard::from_bytes(value).ok()) {
            return Ok(Stored::Valid(value));
        }
        self.tampered |= least > 0;
        Ok(if least > 0 { Stored::Tampered } else { Stored::Absent })
    }

    /// Opens the record of a key, if it has this version or a newer one.
    #[inline(never)]
    fn newest(&mut self, key: Item, least: u32, room: &mut Room) -> Result<Option<Found>, Failed> {
        if self.unread {
            return Err(Failed);
        }
        Ok(self.fetch(key, room)?.filter(|found| found.version >= least))
    }

    /// The value under a key, if one was ever written.
    ///
    /// # Errors
    /// [`Failed`], also if it was tampered with.
    pub(super) fn get<T: DeserializeOwned>(&mut self, key: Item) -> Result<Option<T>, Failed> {
        match self.read(key)? {
            Stored::Valid(value) => Ok(Some(value)),
            Stored::Absent => Ok(None),
            Stored::Tampered => Err(Failed),
        }
    }

    /// Writes a value, and lists it, if its key has a slot.
    pub(super) fn put<T: Serialize>(&mut self, key: Item, value: &T) -> Result<(), Failed> {
        if key.slot().is_some() {
            self.settle()?;
        }
        let version = self.put_after(key, self.listed(key), value)?;
        self.list(key, version)
    }

    /// The same of a value that flash must have also where the counter cannot be raised: it is newer than listed then. Returns whether
    /// it is listed, so that no older one counts after a reset.
    pub(super) fn put_surely<T: Serialize>(&mut self, key: Item, value: &T) -> Result<bool, Failed> {
        let settled = self.settle().is_ok();
        let version = self.put_after(key, self.listed(key), value)?;
        Ok(settled && self.list(key, version).is_ok())
    }

    /// Lists the version of a record.
    fn list(&mut self, key: Item, version: u32) -> Result<(), Failed> {
        let Some(slot) = key.slot() else { return Ok(()) };
        self.inventory.list(slot, version);
        self.keep_inventory()
    }

    /// Writes a value with a version above `least` and above that of the record that is there. Returns the version.
    pub(super) fn put_after<T: Serialize>(
        &mut self,
        key: Item,
        least: u32,
        value: &T,
    ) -> Result<u32, Failed> {
        // Else what could not be read would begin again.
        if self.unread {
            return Err(Failed);
        }
        let mut room = Zeroizing::new([0; SEALED]);
        let place = room.get_mut(record::NONCE + VERSION..).ok_or(Failed)?;
        let length = postcard::to_slice(value, place).map_err(|_| Failed)?.len();
        self.store(key, least, &mut room, length)
    }

    /// Ends the change before this one: flash has the inventory, and the counter its number. Before the first change of a boot both
    /// take a step, see `inventory`.
    pub(super) fn settle(&mut self) -> Result<(), Failed> {
        if self.unwritten {
            self.write_inventory()?;
        }
        self.raise_counter()?;
        if core::mem::take(&mut self.unchanged) { self.keep_inventory() } else { Ok(()) }
    }

    /// What is known of all who were ever enrolled.
    pub(super) fn people(&self) -> Enrolled {
        self.inventory.people
    }

    /// Writes what is known of them, if flash has something else.
    pub(super) fn set_people(&mut self, people: Enrolled) -> Result<(), Failed> {
        self.settle()?;
        if self.inventory.people == people {
            return Ok(());
        }
        self.inventory.people = people;
        self.keep_inventory()
    }

    /// Writes both copies of the inventory with the next number, and raises the counter. The change before was [settled](Self::settle).
    pub(super) fn keep_inventory(&mut self) -> Result<(), Failed> {
        // A number is never used twice, also if the write fails.
        self.inventory.number = self.inventory.number.checked_add(1).ok_or(Failed)?;
        self.inventory.counted = self.counter.is_some();
        self.write_inventory()?;
        self.raise_counter()
    }

    /// Writes both copies of the inventory.
    #[inline(never)]
    fn write_inventory(&mut self) -> Result<(), Failed> {
        self.unwritten = true;
        for copy in Twin::BOTH {
            let mut room = Zeroizing::new([0; SEALED]);
            let place = room.get_mut(record::NONCE + VERSION..).ok_or(Failed)?;
            let length = postcard::to_slice(&self.inventory.written(), place).map_err(|_| Failed)?.len();
            self.store(Item::Inventory(copy), 0, &mut room, length)?;
        }
        self.unwritten = false;
        Ok(())
    }

    /// Raises the counter to the number of the inventory in flash.
    fn raise_counter(&mut self) -> Result<(), Failed> {
        let Some(counter) = &mut self.counter else { return Ok(()) };
        if self.inventory.distrusts() {
            return Ok(());
        }
        while counter.read().map_err(|_| Failed)? < self.inventory.number {
            counter.increment().map_err(|_| Failed)?;
        }
        Ok(())
    }

    /// The inventory in flash.
    fn find_inventory(&mut self) -> Result<Inventory, Failed> {
        let counter = self.counter()?;
        let mut copies = [None, None];
        for (copy, twin) in copies.iter_mut().zip(Twin::BOTH) {
            let mut room = Zeroizing::new([0; SEALED]);
            let found = self.fetch(Item::Inventory(twin), &mut room)?;
            let value = found.and_then(|found| value_in(&room, found));
            *copy = value.and_then(|value| postcard::from_bytes(value).ok());
        }
        let mut has_records = false;
        if copies.iter().all(Option::is_none) {
            for key in Item::of_an_installed_board() {
                has_records |= self.fetch(key, &mut Zeroizing::new([0; SEALED]))?.is_some();
            }
        }
        Ok(Inventory::of(copies, counter, has_records))
    }

    /// The version that is listed for a key; 0 if it is not listed.
    pub(super) fn listed(&self, key: Item) -> u32 {
        key.slot().map_or(0, |slot| self.inventory.listed(slot))
    }

    /// Opens the record of a key; `None` if there is none, or it does not open.
    #[inline(never)]
    fn fetch(&mut self, key: Item, room: &mut Room) -> Result<Option<Found>, Failed> {
        let mut buffer = [0; BUFFER];
        let sealed = self.map.fetch(&mut buffer, key).map_err(|_| Failed)?;
        let Some(sealed) = sealed else { return Ok(None) };
        let Some(room) = room.get_mut(..sealed.len()) else { return Ok(None) };
        room.copy_from_slice(sealed);
        let opened = record::open(&self.key, &key.number().to_be_bytes(), room).ok();
        let found = opened.and_then(|value| {
            let (version, value) = value.split_first_chunk()?;
            Some(Found { version: u32::from_le_bytes(*version), length: value.len() })
        });
        // The inventory's own copies are known by their number.
        let is_own = |found: &Found| matches!(key, Item::Inventory(_)) || found.version > self.inventory.born;
        Ok(found.filter(is_own))
    }

    /// Seals a value of that length, which lies in `room` where it belongs, and writes it with the next version, which it returns.
    #[inline(never)]
    fn store(&mut self, key: Item, least: u32, room: &mut Room, length: usize) -> Result<u32, Failed> {
        let mut before = Zeroizing::new([0; SEALED]);
        let found = self.fetch(key, &mut before)?.map_or(0, |found| found.version);
        let version = found.max(least).max(self.inventory.born).checked_add(1).ok_or(Failed)?;
        room.get_mut(record::NONCE..record::NONCE + VERSION)
            .ok_or(Failed)?
            .copy_from_slice(&version.to_le_bytes());
        let place = key.number().to_be_bytes();
        let sealed = record::seal(&self.key, &mut self.random, &place, &mut room[..], VERSION + length);
        let mut buffer = [0; BUFFER];
        self.map.store(&mut buffer, key, sealed.map_err(|_| Failed)?).map_err(|_| Failed)?;
        Ok(version)
    }
}

/// The value of a record that opened.
fn value_in(room: &Room, found: Found) -> Option<&[u8]> {
    let start = record::NONCE + VERSION;
    room.get(start..start + found.length)
}
