//! The IDs and volumes that a gallery has used, and those of people who are in flash that is away.
//!
//! A gallery knows what is in its flash. Flash can be away, or erased, by whoever writes it. So whoever opens it keeps the largest ID and
//! the volumes with people elsewhere, and hands both to the gallery.

use embedded_storage::nor_flash::MultiwriteNorFlash;

use super::Gallery;
use crate::{MAX_PEOPLE, memory::PersonSlot};

impl<F: MultiwriteNorFlash> Gallery<'_, F> {
    /// Gives IDs above this one alone, until it is opened again: somebody had it, who may be in flash that is away.
    pub fn give_ids_above(&mut self, id: u32) {
        self.least_id = self.least_id.max(id);
    }

    /// The largest ID that is known to have been given; 0 for none.
    pub fn last_id(&self) -> u32 {
        self.memory.last_id.max(self.least_id)
    }

    /// The volumes in which there is somebody, or was, a bit each. It is never cleared but by an erasure.
    pub fn used_volumes(&self) -> u64 {
        let volumes = self.memory.people.chunks(MAX_PEOPLE).enumerate();
        let used = volumes.filter(|(_, people)| people.iter().any(|slot| !matches!(slot, PersonSlot::Blank)));
        used.fold(0, |all, (number, _)| all | 1u64.checked_shl(number as u32).unwrap_or(0))
    }

    /// Enrols nobody into these volumes, a bit each: whoever was in them is gone, and may come back.
    pub fn keep_out_of(&mut self, volumes: u64) {
        self.shut = volumes;
    }

    /// The volumes into which nobody is enrolled, a bit each.
    pub fn kept_out_of(&self) -> u64 {
        self.shut
    }

    /// The slots of everybody enrolled, through all volumes, and their ids.
    pub fn slots(&self) -> impl Iterator<Item = (u16, u32)> {
        let slots = (0..).zip(self.memory.people.iter());
        slots.filter_map(|(slot, person)| match person {
            PersonSlot::Enrolled(person) => Some((slot, person.id)),
            _ => None,
        })
    }
}
