//! What a gallery clears up after a power cut or damage, and what its records take of the flash.

use embedded_storage::nor_flash::MultiwriteNorFlash;

use super::Gallery;
use crate::{
    Error, Person,
    memory::{PersonSlot, TemplateSlot},
    partition::Partition,
    record::Place,
    sealed::{self, NOBODY},
};
use template::MAX_DIMENSION;

impl<F: MultiwriteNorFlash> Gallery<'_, F> {
    /// Erases the keys that belong to nobody.
    pub(super) fn erase_lost_keys(&mut self) -> Result<(), Error> {
        for slot in 0..self.memory.people.len() as u16 {
            if !matches!(self.memory.people.get(usize::from(slot)), Some(PersonSlot::Enrolled(_))) {
                self.keys.erase(self.partition.flash(), &mut self.memory.salts, slot)?;
            }
        }
        Ok(())
    }

    /// Takes from people the slots that hold no template of theirs. Only damaged flash has such.
    pub(super) fn drop_missing_templates(&mut self) {
        let templates = &self.memory.templates;
        for slot in &mut self.memory.people {
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
        for slot in 0..self.memory.templates.len() as u16 {
            let Some(owner) = self.memory.templates.get(usize::from(slot)).map(|t| t.person) else {
                continue;
            };
            let named = |person: &Person| person.id == owner && person.slots.contains(&slot);
            if owner == 0 || self.people().any(named) {
                continue;
            }
            self.put(Place::Template(slot), NOBODY, &[])?;
            self.memory.wipe_template(slot);
        }
        Ok(())
    }

    /// Bytes that the newest records of all places take.
    pub(super) fn used_bytes(&self) -> usize {
        self.memory.people.iter().map(Self::person_bytes).sum::<usize>()
            + self.memory.templates.iter().map(Self::template_bytes).sum::<usize>()
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
