//! The gallery: enrolled people, their templates, and the search for a face.
//!
//! # Power cuts
//! The map writes every record atomically. A change consists of:
//!
//! | change | 1st write | 2nd write (commit) | afterwards |
//! |---|---|---|---|
//! | enrol | a key, see `key_journal`; template into a free slot | person, naming the slot | |
//! | add a template | template into a free slot | person, naming one slot more | |
//! | remove | | person as removed | the person's key erased, template slots freed |
//!
//! Only a person's record decides. A template that no person names, or that names another person, is left over
//! from an interrupted change: [`Gallery::open`] frees its slot, and erases keys that belong to no person. So a
//! change is there completely or not at all, and one that was acknowledged is there.
//!
//! After a flash error, memory may differ from flash. The next change that needs them to be equal reads the
//! flash again first ([`Gallery::refresh`]).

mod upkeep;

use crypto::{Generator, Key};
use embedded_storage::nor_flash::{MultiwriteNorFlash, NorFlash};
use heapless::Vec;
use zeroize::Zeroize;

use crate::{
    Error, Memory, Name, Person,
    key_journal::KeyJournal,
    load,
    memory::{PersonSlot, TemplateSlot},
    partition::Partition,
    record::{Place, StoredPerson, StoredTemplate},
    sealed::{self, NOBODY, Record},
    search::{Candidate, Search},
};
use template::{CosineScore, EncoderHash, Template};

/// A template to compare or enrol, and the encoder that made it.
#[derive(Debug, Clone, Copy)]
pub struct Probe<'a> {
    /// The template.
    pub template: &'a Template,
    /// SHA-256 of the encoder's image.
    pub encoder: EncoderHash,
}

/// People and their templates, in a partition of NOR flash and in memory.
pub struct Gallery<'m, F: NorFlash> {
    partition: Partition<F>,
    memory: &'m mut Memory,
    keys: KeyJournal,
    random: Generator,
    /// Whether memory is known to equal flash.
    fresh: bool,
}

impl<'m, F: MultiwriteNorFlash> Gallery<'m, F> {
    /// Opens the gallery that fills `flash` (an erased partition is an empty gallery), reads it
    /// into `memory`, and clears up after a power cut. `key` is that by which it was sealed.
    ///
    /// # Errors
    /// [`Error::Partition`], [`Error::Format`], [`Error::Flash`], [`Error::Tampered`] and
    /// [`Error::Corrupted`].
    pub fn open(flash: F, memory: &'m mut Memory, key: Key, random: Generator) -> Result<Self, Error> {
        let partition = Partition::new(flash)?;
        let mut gallery = Self { partition, memory, keys: KeyJournal::new(key), random, fresh: false };
        gallery.refresh()?;
        Ok(gallery)
    }

    /// Reads the flash again if an error of it left memory in doubt.
    ///
    /// # Errors
    /// [`Error::Format`], [`Error::Flash`], [`Error::Tampered`] and [`Error::Corrupted`].
    pub fn refresh(&mut self) -> Result<(), Error> {
        if self.fresh {
            return Ok(());
        }
        let (memory, keys) = (&mut *self.memory, &mut self.keys);
        memory.clear();
        if !keys.read(self.partition.flash(), &mut memory.salts)? {
            if !self.partition.is_blank()? {
                return Err(Error::Tampered);
            }
            keys.format(self.partition.flash())?;
        }
        let mut room = Record::new();
        self.partition.read_all(|place, bytes| load::read(memory, keys, place, bytes, &mut room))?;
        room.zeroize();
        load::refuse_tampered(self.memory)?;
        self.drop_missing_templates();
        self.free_orphans()?;
        self.erase_lost_keys()?;
        self.fresh = true;
        Ok(())
    }

    /// The flash, to count what is done with it.
    pub fn flash(&mut self) -> &mut F {
        self.partition.flash()
    }

    /// Everybody enrolled, in no order.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.memory.people()
    }

    /// The person with the smallest id from `id` on, for listing in order.
    pub fn next_person(&self, id: u32) -> Option<&Person> {
        self.people().filter(|person| person.id >= id).min_by_key(|person| person.id)
    }

    /// The person of a name.
    pub fn find(&self, name: &str) -> Option<&Person> {
        let name = name.trim();
        self.people().find(|person| person.name.as_str() == name)
    }

    /// How many templates there are, of all people: what a search compares with.
    pub fn templates(&self) -> usize {
        self.people().map(Person::templates).sum()
    }

    /// How many templates are of another encoder than `running`.
    pub fn foreign_templates(&self, running: EncoderHash) -> usize {
        self.stored().filter(|slot| slot.encoder != running).count()
    }

    /// The encoder that made the templates of a person.
    pub fn encoder_of(&self, person: &Person) -> Option<EncoderHash> {
        self.memory.templates_of(person).map(|slot| slot.encoder).next()
    }

    /// The encoder that made the gallery; `None` while it is empty.
    pub fn encoder(&self) -> Option<EncoderHash> {
        self.stored().map(|slot| slot.encoder).next()
    }

    /// Bytes of flash free for more records.
    pub fn free_bytes(&self) -> usize {
        self.partition.capacity().saturating_sub(self.used_bytes())
    }

    /// Bytes of flash that must be free to enrol a person or add a template.
    pub fn bytes_per_enrolment() -> usize {
        Partition::<F>::footprint(sealed::MAX_TEMPLATE_RECORD)
            + Partition::<F>::footprint(sealed::MAX_PERSON_RECORD)
    }

    /// 1:N: the person with the highest score; `None` if nobody is enrolled. The caller compares the score with the
    /// threshold of a [`template::Calibration`].
    ///
    /// # Errors
    /// [`Error::OtherEncoder`] if any template is of another encoder.
    pub fn identify(&self, probe: Probe) -> Result<Option<Candidate<'_>>, Error> {
        self.refuse_other_encoder(probe.encoder)?;
        Ok(self.best(probe, None))
    }

    /// 1:1: the score of the probe against the person of a name.
    ///
    /// # Errors
    /// [`Error::NotFound`], and [`Error::OtherEncoder`] if any template is of another encoder.
    pub fn verify(&self, name: &str, probe: Probe) -> Result<Candidate<'_>, Error> {
        let person = self.find(name).ok_or(Error::NotFound)?;
        self.refuse_other_encoder(probe.encoder)?;
        let probe = probe.template.view();
        let templates = person.slots.iter().filter_map(|slot| self.memory.template(*slot));
        let similarity = templates.filter_map(|template| template.similarity(probe)).max();
        similarity.map(|similarity| Candidate { person, similarity }).ok_or(Error::NotFound)
    }

    /// Enrols a new person and returns their id. `threshold` is that of a 1:N search.
    ///
    /// # Errors
    /// [`Error::DuplicateName`]; [`Error::DuplicateFace`] if somebody is as similar as
    /// `threshold`; [`Error::OtherEncoder`]; [`Error::Full`]; [`Error::Flash`];
    /// [`Error::Corrupted`].
    pub fn enrol(&mut self, name: &Name, probe: Probe<'_>, threshold: CosineScore) -> Result<u32, Error> {
        self.refresh()?;
        if self.find(name).is_some() {
            return Err(Error::DuplicateName(name.clone()));
        }
        self.refuse_other_encoder(probe.encoder)?;
        self.refuse_face_of_another(None, probe, threshold)?;
        let place = self.free_person_slot().ok_or(Error::Full)?;
        let id = self.memory.last_id.checked_add(1).ok_or(Error::Full)?;
        self.refuse_full(place, probe.template)?;
        let person = Person { id, name: name.clone(), slots: Vec::new() };
        let flash = self.partition.flash();
        let made = self.keys.add(flash, &mut self.memory.salts, place, &mut self.random);
        self.fresh &= made.is_ok();
        made?;
        self.add(place, person, probe)?;
        Ok(id)
    }

    /// Adds a template to the person of a name and returns how many they have now.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::PersonFull`]; and, as for [`Gallery::enrol`],
    /// [`Error::DuplicateFace`] (of somebody else), [`Error::OtherEncoder`], [`Error::Full`],
    /// [`Error::Flash`] and [`Error::Corrupted`].
    pub fn add_template(
        &mut self,
        name: &str,
        probe: Probe<'_>,
        threshold: CosineScore,
    ) -> Result<usize, Error> {
        self.refresh()?;
        let (place, person) = self.person_slot(name).ok_or(Error::NotFound)?;
        if person.slots.is_full() {
            return Err(Error::PersonFull(person.name));
        }
        self.refuse_other_encoder(probe.encoder)?;
        self.refuse_face_of_another(Some(person.id), probe, threshold)?;
        let templates = person.slots.len() + 1;
        self.add(place, person, probe)?;
        Ok(templates)
    }

    /// Removes one template of the person of a name, and returns the person as they are now. Templates count from 0,
    /// in the order in which they were added.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NoTemplate`], also for the only template; [`Error::Flash`] and
    /// [`Error::Corrupted`].
    pub fn remove_template(&mut self, name: &str, index: usize) -> Result<Person, Error> {
        self.refresh()?;
        let (place, mut person) = self.person_slot(name).ok_or(Error::NotFound)?;
        if person.slots.len() < 2 || index >= person.slots.len() {
            return Err(Error::NoTemplate(person.slots.len()));
        }
        person.slots.remove(index);
        let left = person.clone();
        let mut record = StoredPerson::Enrolled(person).bytes();
        self.put(Place::Person(place), place, &record)?;
        load::take(self.memory, Place::Person(place), place, &record)?;
        record.zeroize();
        // If this fails, the next refresh frees it.
        self.fresh = self.free_orphans().is_ok();
        Ok(left)
    }

    /// Gives the person of a name another one, and returns the person as they are now. The ID stays.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::DuplicateName`], if somebody else has it; [`Error::Flash`] and
    /// [`Error::Corrupted`].
    pub fn rename(&mut self, name: &str, new: &Name) -> Result<Person, Error> {
        self.refresh()?;
        let (place, mut person) = self.person_slot(name).ok_or(Error::NotFound)?;
        if self.find(new).is_some_and(|other| other.id != person.id) {
            return Err(Error::DuplicateName(new.clone()));
        }
        person.name = new.clone();
        let renamed = person.clone();
        let mut record = StoredPerson::Enrolled(person).bytes();
        self.put(Place::Person(place), place, &record)?;
        load::take(self.memory, Place::Person(place), place, &record)?;
        record.zeroize();
        Ok(renamed)
    }

    /// Removes the person of a name with all templates, and returns the person.
    ///
    /// Once this returns, the person's key is erased from flash and from memory. Records of theirs that are still in
    /// flash can no longer be read.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Flash`] and [`Error::Corrupted`].
    pub fn remove(&mut self, name: &str) -> Result<Person, Error> {
        self.refresh()?;
        let (place, person) = self.person_slot(name).ok_or(Error::NotFound)?;
        let removed = StoredPerson::Removed { id: person.id };
        self.put(Place::Person(place), NOBODY, &removed.bytes())?;
        if let Some(slot) = self.memory.people.get_mut(usize::from(place)) {
            slot.wipe();
            *slot = PersonSlot::Removed;
        }
        // The person is gone already, but only now erased.
        let erased = self.keys.erase(self.partition.flash(), &mut self.memory.salts, place);
        self.fresh &= erased.is_ok();
        erased?;
        // If this fails, the next refresh frees them.
        self.fresh = self.free_orphans().is_ok();
        Ok(person)
    }

    /// The two writes that enrol and add have in common.
    fn add(&mut self, place: u16, mut person: Person, probe: Probe<'_>) -> Result<(), Error> {
        let slot = self.memory.templates.iter().position(|slot| slot.person == 0);
        let slot = slot.ok_or(Error::Full)? as u16;
        let stored =
            StoredTemplate { person: person.id, encoder: probe.encoder, template: probe.template.view() };
        person.slots.push(slot).map_err(|_| Error::PersonFull(person.name.clone()))?;
        let person = StoredPerson::Enrolled(person);
        self.refuse_full(place, probe.template)?;
        let (mut template, mut person) = (stored.bytes(), person.bytes());
        self.put(Place::Template(slot), place, &template)?;
        self.put(Place::Person(place), place, &person)?;
        load::take(self.memory, Place::Template(slot), place, &template)?;
        load::take(self.memory, Place::Person(place), place, &person)?;
        template.zeroize();
        person.zeroize();
        Ok(())
    }

    /// Whether a person and one more template have room, in the places of what is there now. A removal
    /// writes less than it replaces, so that there is always room for one.
    fn refuse_full(&self, place: u16, template: &Template) -> Result<(), Error> {
        let before = self.memory.people.get(usize::from(place)).map_or(0, Self::person_bytes);
        let slot = self.memory.templates.iter().find(|slot| slot.person == 0);
        let before = before + slot.map_or(0, Self::template_bytes);
        let needed = Partition::<F>::footprint(sealed::MAX_PERSON_RECORD)
            + Self::template_footprint(template.values().len());
        if self.free_bytes() + before < needed { Err(Error::Full) } else { Ok(()) }
    }

    /// Seals and writes one record, by the key of the person at the slot `owner`. Memory is in doubt if
    /// that fails, as the record may be in flash or not.
    fn put(&mut self, place: Place, owner: u16, content: &[u8]) -> Result<(), Error> {
        let key = match owner {
            NOBODY => self.keys.own_key().clone(),
            slot => self.keys.person_key(&self.memory.salts, slot).ok_or(Error::Corrupted)?,
        };
        let record = sealed::seal(&key, &mut self.random, place, owner, content)?;
        let written = self.partition.put(place, &record);
        self.fresh &= written.is_ok();
        written
    }

    fn person_slot(&self, name: &str) -> Option<(u16, Person)> {
        let name = name.trim();
        self.memory.people.iter().zip(0u16..).find_map(|(slot, index)| match slot {
            PersonSlot::Enrolled(person) if person.name.as_str() == name => Some((index, person.clone())),
            _ => None,
        })
    }

    fn free_person_slot(&self) -> Option<u16> {
        let free = |slot: &PersonSlot| !matches!(slot, PersonSlot::Enrolled(_));
        self.memory.people.iter().position(free).map(|index| index as u16)
    }

    fn stored(&self) -> impl Iterator<Item = &TemplateSlot> {
        self.memory.templates.iter().filter(|slot| slot.person != 0)
    }

    fn refuse_other_encoder(&self, running: EncoderHash) -> Result<(), Error> {
        match self.stored().find(|slot| slot.encoder != running) {
            Some(slot) => Err(Error::OtherEncoder { stored: slot.encoder, running }),
            None => Ok(()),
        }
    }

    fn refuse_face_of_another(
        &self,
        person: Option<u32>,
        probe: Probe,
        threshold: CosineScore,
    ) -> Result<(), Error> {
        match self.best(probe, person) {
            Some(Candidate { person, similarity }) if similarity >= threshold => {
                Err(Error::DuplicateFace { name: person.name.clone(), similarity })
            }
            _ => Ok(()),
        }
    }

    /// The person most similar, `except` for one; of equals the one with the smallest id.
    fn best(&self, probe: Probe, except: Option<u32>) -> Option<Candidate<'_>> {
        let probe = probe.template.view();
        let rows = self.memory.used_rows();
        Search { probe, rows, person: |row| self.owner(row, probe.values().len(), except) }.best()
    }

    /// Who has the template in a slot, if it has that dimension and they are not left out.
    fn owner(&self, slot: usize, dimension: usize, except: Option<u32>) -> Option<&Person> {
        let TemplateSlot { person: id, dimension: has, .. } = *self.memory.templates.get(slot)?;
        let counts = id != 0 && Some(id) != except && usize::from(has) == dimension;
        let owns = |person: &&Person| person.id == id && person.slots.contains(&(slot as u16));
        self.people().find(owns).filter(|_| counts)
    }
}
