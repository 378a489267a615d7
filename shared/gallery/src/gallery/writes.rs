//! Where a change finds room, and how it goes to flash and memory.

use embedded_storage::nor_flash::{MultiwriteNorFlash, NorFlash};
use zeroize::Zeroize;

use super::{Gallery, Probe};
use crate::{
    Error, MAX_PEOPLE, MAX_TEMPLATES, Person, load,
    memory::PersonSlot,
    place,
    record::{Place, StoredPerson, StoredTemplate},
    sealed::{self, NOBODY},
    volume::{Partition, Volume},
};
use template::Template;

/// A volume keeps one part in so many of its flash for further templates of its people, if there are further volumes.
const RESERVE: usize = 8;

impl<F: MultiwriteNorFlash> Gallery<'_, F> {
    /// The two writes that enrol and add have in common.
    pub(super) fn add(
        &mut self,
        volume: usize,
        place: u16,
        mut person: Person,
        probe: Probe<'_>,
    ) -> Result<(), Error> {
        let slot = self.free_template_slot(volume).ok_or(Error::Full)?;
        let id = person.id;
        person.slots.push(slot).map_err(|_| Error::PersonFull(person.name.clone()))?;
        self.memory.room_for(probe.template.values().len())?;
        if !self.has_room(volume, place, probe.template, 0) {
            return Err(Error::Full);
        }
        let stored = StoredTemplate { person: id, encoder: probe.encoder, template: probe.template.view() };
        let mut template = stored.bytes();
        let at = Place::Template(place::of_template(slot).1);
        self.put(volume, at, place, &template)?;
        self.put_person(volume, place, &person)?;
        load::take(&mut self.memory, volume, at, place, &template)?;
        template.zeroize();
        Ok(())
    }

    /// Where a new person has room: the volume, and the slot there. A volume with further ones beside it keeps room for more
    /// templates of its people. A volume that is kept out of has none.
    pub(super) fn place_for(&self, template: &Template) -> Option<(usize, u16)> {
        let reserved = |number| match self.further {
            [] => 0,
            _ => self.volume(number).map_or(0, |volume| volume.partition.capacity() / RESERVE),
        };
        (0..=self.further.len()).find_map(|number| {
            if self.shut.checked_shr(number as u32).unwrap_or(0) & 1 == 1 {
                return None;
            }
            let people = self.memory.people.get(number * MAX_PEOPLE..)?.get(..MAX_PEOPLE)?;
            let free = |slot: &PersonSlot| !matches!(slot, PersonSlot::Enrolled(_));
            let place = people.iter().position(free)? as u16;
            self.free_template_slot(number)?;
            self.has_room(number, place, template, reserved(number)).then_some((number, place))
        })
    }

    /// Whether a volume has room for a person and one more template, in the places of what is there now, and leaves so many
    /// bytes free. A removal writes less than it replaces, so that there is always room for one.
    pub(super) fn has_room(&self, volume: usize, place: u16, template: &Template, left: usize) -> bool {
        let person = place::person(volume, place).and_then(|slot| self.memory.people.get(usize::from(slot)));
        let slot =
            self.free_template_slot(volume).and_then(|slot| self.memory.templates.get(usize::from(slot)));
        let before = person.map_or(0, Self::person_bytes) + slot.map_or(0, Self::template_bytes);
        let needed = Partition::<F>::footprint(sealed::MAX_PERSON_RECORD)
            + Self::template_footprint(template.values().len());
        self.free_bytes_of(volume) + before >= needed + left
    }

    /// Makes a key for the person at a place of a volume.
    pub(super) fn make_key(&mut self, volume: usize, place: u16) -> Result<(), Error> {
        let Self { first, further, memory, random, .. } = self;
        let Volume { keys, partition } = pick(first, further, volume).ok_or(Error::Corrupted)?;
        let salts = memory.salts.get_mut(volume).ok_or(Error::Corrupted)?;
        keys.add(partition.flash(), salts, place, random)
    }

    /// Erases the key of the person at a slot, if there is one.
    pub(super) fn erase_key(&mut self, slot: u16) -> Result<(), Error> {
        let (volume, place) = place::of_person(slot);
        let Self { first, further, memory, .. } = self;
        let Some(Volume { keys, partition }) = pick(first, further, volume) else { return Ok(()) };
        let salts = memory.salts.get_mut(volume).ok_or(Error::Corrupted)?;
        keys.erase(partition.flash(), salts, place)
    }

    /// Writes a person, and takes them into memory.
    pub(super) fn put_person(&mut self, volume: usize, place: u16, person: &Person) -> Result<(), Error> {
        let mut stored = person.clone();
        stored.slots.iter_mut().for_each(|slot| *slot = place::of_template(*slot).1);
        let mut record = StoredPerson::Enrolled(stored).bytes();
        let place = (Place::Person(place), place);
        self.put(volume, place.0, place.1, &record)?;
        load::take(&mut self.memory, volume, place.0, place.1, &record)?;
        record.zeroize();
        Ok(())
    }

    /// Seals and writes one record into a volume, by the key of the person at the slot `owner` there. Memory is in doubt if
    /// that fails, as the record may be in flash or not.
    pub(super) fn put(
        &mut self,
        volume: usize,
        place: Place,
        owner: u16,
        content: &[u8],
    ) -> Result<(), Error> {
        let Self { first, further, memory, random, fresh, .. } = self;
        let Volume { keys, partition } = pick(first, further, volume).ok_or(Error::Corrupted)?;
        let key = match owner {
            NOBODY => keys.own_key().clone(),
            slot => {
                let salts = memory.salts.get(volume).ok_or(Error::Corrupted)?;
                keys.person_key(salts, slot).ok_or(Error::Corrupted)?
            }
        };
        let record = sealed::seal(&key, random, place, owner, content)?;
        let written = partition.put(place, &record);
        *fresh &= written.is_ok();
        written
    }

    /// A free template slot of a volume.
    fn free_template_slot(&self, volume: usize) -> Option<u16> {
        let templates = self.memory.templates.get(volume * MAX_TEMPLATES..)?.get(..MAX_TEMPLATES)?;
        let slot = templates.iter().position(|slot| slot.person == 0)?;
        place::template(volume, slot as u16)
    }
}

/// The volume of a number, from 0 for the first one.
fn pick<'v, F: NorFlash>(
    first: &'v mut Volume<F>,
    further: &'v mut [Volume<F>],
    number: usize,
) -> Option<&'v mut Volume<F>> {
    match number.checked_sub(1) {
        None => Some(first),
        Some(number) => further.get_mut(number),
    }
}
