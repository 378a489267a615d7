//! How a gallery is read, what it clears up after a power cut or damage, and what its records take of the flash.

use embedded_storage::nor_flash::MultiwriteNorFlash;
use zeroize::Zeroize;

use super::Gallery;
use crate::{
    Error, MAX_PEOPLE, MAX_TEMPLATES, load,
    memory::{PersonSlot, TemplateSlot},
    place,
    record::Place,
    sealed::{self, NOBODY, Record},
    volume::{Partition, Volume},
};
use template::MAX_DIMENSION;

impl<F: MultiwriteNorFlash> Gallery<'_, F> {
    /// Reads all volumes into memory. While old records take the rows of others, these are read in a second round: then each slot
    /// that has a row has its newest record, and nothing else takes one.
    pub(super) fn read_flash(&mut self) -> Result<(), Error> {
        let memory = &mut self.memory;
        memory.clear();
        let mut room = Record::new();
        for again in [false, true] {
            let volumes = core::iter::once(&mut self.first).chain(&mut *self.further);
            for (number, Volume { keys, partition }) in volumes.enumerate() {
                let salts = memory.salts.get_mut(number).ok_or(Error::Partition)?;
                if !again && !keys.read(partition.flash(), salts)? {
                    if !partition.is_blank()? {
                        return Err(Error::Tampered);
                    }
                    keys.format(partition.flash())?;
                }
                partition.read_all(|place, bytes| {
                    let slot = match place {
                        Place::Template(slot) => place::template(number, slot),
                        Place::Person(_) => None,
                    };
                    if again && !slot.is_some_and(|slot| memory.is_marked(slot)) {
                        return Ok(());
                    }
                    load::read(memory, keys, number, place, bytes, &mut room)
                })?;
            }
            if !memory.mark_unread() {
                room.zeroize();
                return Ok(());
            }
        }
        Err(Error::Full)
    }

    /// Removes who has the number of somebody in the first volume from a further one. Firmware that knows the first one alone
    /// gave that number again.
    pub(super) fn drop_second_ids(&mut self) {
        let Some((first, further)) = self.memory.people.split_at_mut_checked(MAX_PEOPLE) else { return };
        for slot in further {
            let PersonSlot::Enrolled(person) = slot else { continue };
            let has_it = |other: &PersonSlot| matches!(other, PersonSlot::Enrolled(p) if p.id == person.id);
            if first.iter().any(has_it) {
                slot.wipe();
                *slot = PersonSlot::Removed;
            }
        }
    }

    /// Erases the keys that belong to nobody.
    pub(super) fn erase_lost_keys(&mut self) -> Result<(), Error> {
        for slot in 0..self.memory.people.len() as u16 {
            if self.memory.person(slot).is_none() {
                self.erase_key(slot)?;
            }
        }
        Ok(())
    }

    /// Takes from people the slots that hold no template of theirs. Only damaged flash has such.
    pub(super) fn drop_missing_templates(&mut self) {
        let templates = &self.memory.templates;
        for slot in &mut *self.memory.people {
            if let PersonSlot::Enrolled(person) = slot {
                let id = person.id;
                person
                    .slots
                    .retain(|slot| templates.get(usize::from(*slot)).is_some_and(|slot| slot.person == id));
            }
        }
    }

    /// Frees the template slots that no person names.
    pub(super) fn free_orphans(&mut self) -> Result<(), Error> {
        self.memory.templates.iter_mut().for_each(|slot| slot.marked = false);
        for slot in &*self.memory.people {
            let PersonSlot::Enrolled(person) = slot else { continue };
            for slot in &person.slots {
                if let Some(slot) = self.memory.templates.get_mut(usize::from(*slot)) {
                    slot.marked |= slot.person == person.id;
                }
            }
        }
        for slot in 0..self.memory.templates.len() as u16 {
            let place = self.memory.templates.get(usize::from(slot));
            if place.is_some_and(|slot| slot.person != 0 && !slot.marked) {
                self.free_template(slot)?;
            }
        }
        Ok(())
    }

    /// Frees a template slot.
    pub(super) fn free_template(&mut self, slot: u16) -> Result<(), Error> {
        let (volume, place) = place::of_template(slot);
        self.put(volume, Place::Template(place), NOBODY, &[])?;
        self.memory.wipe_template(slot);
        Ok(())
    }

    /// Bytes that are free in a volume: what the newest records of all places leave.
    pub(super) fn free_bytes_of(&self, number: usize) -> usize {
        let slots = |slots: usize| number * slots..(number + 1) * slots;
        let people = self.memory.people.get(slots(MAX_PEOPLE)).unwrap_or_default();
        let templates = self.memory.templates.get(slots(MAX_TEMPLATES)).unwrap_or_default();
        let used = people.iter().map(Self::person_bytes).sum::<usize>()
            + templates.iter().map(Self::template_bytes).sum::<usize>();
        let capacity = self.volume(number).map_or(0, |volume| volume.partition.capacity());
        capacity.saturating_sub(used)
    }

    pub(super) fn person_bytes(slot: &PersonSlot) -> usize {
        match slot {
            PersonSlot::Blank => 0,
            PersonSlot::Removed => Partition::<F>::footprint(sealed::REMOVED_RECORD),
            _ => Partition::<F>::footprint(sealed::MAX_PERSON_RECORD),
        }
    }

    pub(super) fn template_bytes(slot: &TemplateSlot) -> usize {
        match slot {
            TemplateSlot { written: false, .. } => 0,
            TemplateSlot { person: 0, .. } => Partition::<F>::footprint(sealed::FREE_RECORD),
            _ => Self::template_footprint(usize::from(slot.dimension)),
        }
    }

    pub(super) fn template_footprint(dimension: usize) -> usize {
        Partition::<F>::footprint(sealed::MAX_TEMPLATE_RECORD - MAX_DIMENSION + dimension)
    }
}
