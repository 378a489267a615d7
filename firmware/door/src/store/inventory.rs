//! The inventory of the settings: of each record the version that is the newest, and the tie to a monotonic counter.
//!
//! Older records of a key stay in flash until their sector is erased, and they are genuine. So every record carries a
//! version, which rises with each change of its key, and the inventory lists the newest one of each key. It is stored twice.
//!
//! | the record under a key | its listed version | outcome |
//! |---|---|---|
//! | opens, and is as new as listed, or newer | | valid |
//! | is older, does not open, or is gone | above 0 | tampered |
//! | does not open, or is gone | 0 | absent: it never was, or another board wrote it |
//!
//! The inventory has a number, which rises each time it is written. A board with a monotonic counter outside its flash
//! raises the counter to that number, so an older inventory is found, and with it an older copy of all the flash.
//!
//! # A change, step by step
//! | step | a power cut after it leaves |
//! |---|---|
//! | 1. before the first change of a boot: write both copies of the inventory, with the next number | an inventory one ahead of the counter: it counts |
//! | 2. raise the counter to that number | what was there before |
//! | 3. write the record, with the next version of its key | a record that is newer than listed: it counts |
//! | 4. write both copies of the inventory, with the next number | an inventory one ahead of the counter: it counts |
//! | 5. raise the counter to that number | the change |
//!
//! So no cut leaves a board that distrusts itself. At each boot the counter is raised to the number of the inventory. A
//! number that is lower than the counter, or higher by more than [`AHEAD`], distrusts every record: the flash is an older
//! one, or the counter is another one. So does a counter that is gone, if there was one when the inventory was written, and
//! a lost inventory where a record of a board in use still opens: a salt, a setting, a signer, a paired host. Without any
//! of them the board knows nobody, as after its settings were wiped: it is a new board, and begins at the counter's value.
//!
//! # Copies that are prepared
//! Whoever cuts the power after step 4, and copies the flash, has an inventory whose number is one above the counter. With older
//! flash put back, the next change would give the counter that number, and the copy would undo this change. So steps 1 and 2 pass
//! that number first; where the boot itself raised the counter, it is passed already. No copy is farther ahead: a change begins only
//! when flash has the inventory of the change before, and the counter its number. An inventory whose write failed is written again
//! as it is, with its number. Where the counter cannot be raised, nothing is listed any more, but some records must be kept all the same,
//! as failures: they are newer than listed.
//!
//! # A board begins again
//! Records from before it was wiped or erased open, too: their key is the same. So a board that begins at a counter's value
//! gives no version again that it can have given before: each of its versions is above that value and [`AHEAD`], and a record
//! that is not is none of its own. **A board without a counter begins at 0, and takes such a record for its own.**

//! # People
//! The inventory also has the largest ID that was ever given to somebody, and which volumes of the gallery have people. An enrolment
//! writes the ID before the person, so a power cut may lose a number and never gives one twice. So neither a gallery that is away for a
//! boot, nor one that is an older copy, has an ID given again. A volume that has people by the inventory, and none in flash, was
//! emptied. An inventory of before ends before both: then they are what the gallery, the rules and the failures know.

use heapless::Vec;
use serde::{Deserialize, Deserializer, Serialize};

/// Keys that are listed.
pub(super) const SLOTS: usize = 95;
/// Keys that are listed by every board. What is behind them is written only as far as there is something.
const LISTED: usize = 40;

/// How far the inventory may be ahead of the counter: one step, and more in flash of before, where each write that failed was one.
const AHEAD: u32 = 64;

/// The newest version of each key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Inventory {
    /// How often it was written.
    pub(super) number: u32,
    /// Whether the board had a counter then.
    pub(super) counted: bool,
    /// All versions of this board are above it: those up to it can be from before it was wiped.
    pub(super) born: u32,
    listed: Vec<u32, SLOTS>,
    /// Firmware of before reads up to here, and writes no more.
    pub(super) people: Enrolled,
}

/// What is known of all who were ever enrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Enrolled {
    /// The largest ID that was given; 0 for none.
    pub(crate) last_id: u32,
    /// The volumes of the gallery that have people, or had some, a bit each.
    pub(crate) volumes: u64,
}

impl<'de> Deserialize<'de> for Enrolled {
    /// What opened is a record of this board, so that it ends early only where it is one of before.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (last_id, volumes) = Deserialize::deserialize(deserializer).unwrap_or_default();
        Ok(Self { last_id, volumes })
    }
}

impl Inventory {
    /// Nothing was written yet. `counter` is that of the board, if it has one.
    pub(super) fn empty(counter: Option<u32>) -> Self {
        let born = counter.map_or(0, |counter| counter.saturating_add(AHEAD));
        Self { number: counter.unwrap_or(0), born, ..Self::listing(0) }
    }

    /// No record is trusted, and none can be written.
    pub(super) fn distrusting() -> Self {
        Self { number: u32::MAX, counted: true, ..Self::listing(u32::MAX) }
    }

    fn listing(version: u32) -> Self {
        let (listed, people) = (Vec::from_array([version; SLOTS]), Enrolled::default());
        Self { number: 0, counted: false, born: 0, listed, people }
    }

    /// The inventory of two copies. `counter` is that of the board, if it has one; `has_records` tells whether the flash has a
    /// record of a board in use.
    /// The inventory is distrusting if the copies are lost, or do not fit the counter.
    pub(super) fn of(copies: [Option<Self>; 2], counter: Option<u32>, has_records: bool) -> Self {
        let mut newest = copies.into_iter().flatten().max_by_key(|copy| copy.number);
        if let Some(inventory) = &mut newest {
            // There is room for all slots.
            let _ = inventory.listed.resize(SLOTS, 0);
        }
        match newest {
            Some(inventory) if inventory.fits(counter) => inventory,
            None if !has_records => Self::empty(counter),
            _ => Self::distrusting(),
        }
    }

    /// The same as it is written: without the slots at the end that list nothing.
    pub(super) fn written(&self) -> Self {
        let mut written = self.clone();
        while written.listed.len() > LISTED && written.listed.last() == Some(&0) {
            written.listed.pop();
        }
        written
    }

    fn fits(&self, counter: Option<u32>) -> bool {
        let Some(counter) = counter else { return !self.counted };
        self.number.checked_sub(counter).is_some_and(|ahead| ahead <= AHEAD || !self.counted)
    }

    /// Whether no record is trusted.
    pub(super) fn distrusts(&self) -> bool {
        self.number == u32::MAX
    }

    /// The version of a slot.
    pub(super) fn listed(&self, slot: u8) -> u32 {
        self.listed.get(usize::from(slot)).copied().unwrap_or(u32::MAX)
    }

    /// Lists a version.
    pub(super) fn list(&mut self, slot: u8, version: u32) {
        if let Some(listed) = self.listed.get_mut(usize::from(slot)) {
            *listed = version;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inventory_fits_its_counter_or_nothing_is_trusted() {
        let of = |number: Option<u32>, counted, counter, has_records| {
            let copy = number.map(|number| Inventory { counted, ..Inventory::empty(Some(number)) });
            let older = number.map(|number| Inventory::empty(Some(number.saturating_sub(1))));
            Inventory::of([copy, older], counter, has_records).number
        };
        assert_eq!(of(Some(7), true, Some(7), true), 7);
        assert_eq!(of(Some(8), true, Some(7), true), 8, "cut before the counter was raised");
        assert_eq!(of(Some(6), true, Some(7), true), u32::MAX, "an older inventory");
        assert_eq!(of(Some(7 + AHEAD + 1), true, Some(7), true), u32::MAX, "another counter");
        assert_eq!(of(Some(7), true, None, true), u32::MAX, "the counter was taken out");
        assert_eq!(of(Some(7), false, None, true), 7, "a board without a counter");
        assert_eq!(of(Some(700), false, Some(0), true), 700, "a counter was put in");
        assert_eq!(of(Some(7), false, Some(8), true), u32::MAX, "an inventory from before it was put in");
        assert_eq!(of(None, true, Some(7), true), u32::MAX, "lost");
        assert_eq!(of(None, true, Some(7), false), 7, "a new board, or one that was wiped");
        assert_eq!(of(None, true, None, false), 0);
    }

    /// Firmware may fall back to the release before, and come again.
    #[test]
    fn an_inventory_is_read_by_the_firmware_before_and_one_of_before_is_read() {
        #[derive(Debug, Serialize, Deserialize)]
        struct Before {
            number: u32,
            counted: bool,
            born: u32,
            listed: Vec<u32, SLOTS>,
        }
        let people = Enrolled { last_id: 300, volumes: 1 << 39 | 1 };
        let inventory = Inventory { number: 7, people, ..Inventory::empty(None) };
        let mut bytes = [0; 400];
        let length = postcard::to_slice(&inventory, &mut bytes).unwrap().len();
        assert_eq!(postcard::from_bytes::<Inventory>(&bytes[..length]), Ok(inventory.clone()));
        let before: Before = postcard::from_bytes(&bytes[..length]).unwrap();
        assert_eq!((before.number, before.listed.len()), (7, SLOTS));
        let length = postcard::to_slice(&before, &mut bytes).unwrap().len();
        let of_before = postcard::from_bytes::<Inventory>(&bytes[..length]);
        assert_eq!(of_before, Ok(Inventory { people: Enrolled::default(), ..inventory }));
    }
}
