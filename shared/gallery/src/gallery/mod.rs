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

mod known;
mod upkeep;
mod writes;

use crypto::{Generator, Key};
use embedded_storage::nor_flash::{MultiwriteNorFlash, NorFlash};
use heapless::Vec;

use crate::{
    Error, Name, Person,
    key_journal::KeyJournal,
    load,
    memory::{PersonSlot, Room, TemplateSlot},
    place,
    record::{Place, StoredPerson},
    sealed::{self, NOBODY},
    search::{Candidate, Search},
    volume::{Partition, Volume},
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

/// People and their templates, in volumes of NOR flash and in memory.
pub struct Gallery<'m, F: NorFlash> {
    first: Volume<F>,
    further: &'m mut [Volume<F>],
    memory: Room<'m>,
    random: Generator,
    /// Whether memory is known to equal flash.
    fresh: bool,
    /// No ID up to this one is given, whoever is there.
    least_id: u32,
    /// The volumes into which nobody is enrolled, a bit each.
    shut: u64,
}

impl<'m, F: MultiwriteNorFlash> Gallery<'m, F> {
    /// Opens the gallery that fills `flash` and the `further` volumes (erased ones are empty), reads it
    /// into `memory`, and clears up after a power cut. `key` is that by which it was sealed.
    ///
    /// # Errors
    /// [`Error::Partition`], also if memory is for fewer volumes; [`Error::Format`], [`Error::Flash`], [`Error::Tampered`] and
    /// [`Error::Corrupted`]; [`Error::Full`] if memory is too small.
    pub fn open(
        flash: F,
        further: &'m mut [Volume<F>],
        memory: Room<'m>,
        key: Key,
        random: Generator,
    ) -> Result<Self, Error> {
        for (number, volume) in (1u16..).zip(further.iter_mut()) {
            volume.keys = KeyJournal::new(key.derive(&number.to_le_bytes(), b"postern volume"));
        }
        let mut first = Volume::new(flash)?;
        first.keys = KeyJournal::new(key);
        let mut gallery = Self { first, further, memory, random, fresh: false, least_id: 0, shut: 0 };
        gallery.refresh()?;
        Ok(gallery)
    }

    /// Whether memory has all that flash has. After a flash error it may have less, until the next [`refresh`](Self::refresh).
    pub fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// Reads the flash again if an error of it left memory in doubt.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn refresh(&mut self) -> Result<(), Error> {
        if self.fresh {
            return Ok(());
        }
        self.read_flash()?;
        load::refuse_tampered(&self.memory)?;
        self.drop_second_ids();
        self.drop_missing_templates();
        self.free_orphans()?;
        self.erase_lost_keys()?;
        self.fresh = true;
        Ok(())
    }

    /// The volumes, to count what is done with their flash.
    pub fn volumes(&mut self) -> impl Iterator<Item = &mut Volume<F>> {
        core::iter::once(&mut self.first).chain(&mut *self.further)
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

    /// Who alone has this name. Somebody who was unknown for a time may have come back to a name that was given again; then only
    /// [`remove`](Self::remove) takes it.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::DuplicateName`] where two have it.
    pub fn sole(&self, name: &str) -> Result<&Person, Error> {
        let name = name.trim();
        let mut found = self.people().filter(|person| person.name.as_str() == name);
        let person = found.next().ok_or(Error::NotFound)?;
        if found.next().is_some() { Err(Error::DuplicateName(person.name.clone())) } else { Ok(person) }
    }

    /// How many templates there are, of all people: what a search compares with.
    pub fn templates(&self) -> usize {
        self.people().map(Person::templates).sum()
    }

    /// How many templates are of another encoder than `running`.
    pub fn foreign_templates(&self, running: EncoderHash) -> usize {
        self.stored().filter(|slot| self.memory.encoder(slot) != running).count()
    }

    /// The encoder that made the templates of a person.
    pub fn encoder_of(&self, person: &Person) -> Option<EncoderHash> {
        self.memory.templates_of(person).map(|slot| self.memory.encoder(slot)).next()
    }

    /// The encoder that made the gallery; `None` while it is empty.
    pub fn encoder(&self) -> Option<EncoderHash> {
        self.stored().map(|slot| self.memory.encoder(slot)).next()
    }

    /// Bytes of flash free for more records.
    pub fn free_bytes(&self) -> usize {
        (0..=self.further.len()).map(|number| self.free_bytes_of(number)).sum()
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
    /// `threshold`; [`Error::OtherEncoder`]; [`Error::Full`] and [`Error::NoRow`]; [`Error::Flash`];
    /// [`Error::Corrupted`]; [`Error::Tampered`] if only volumes that are [kept out of](Self::keep_out_of) have room.
    pub fn enrol(&mut self, name: &Name, probe: Probe<'_>, threshold: CosineScore) -> Result<u32, Error> {
        self.enrol_noted(name, probe, threshold, &mut |_| Ok(()))
    }

    /// The same. `note` is called with the ID before anything is written. It keeps the ID where it outlives the gallery, so that
    /// [`give_ids_above`](Self::give_ids_above) knows it.
    ///
    /// # Errors
    /// As [`enrol`](Self::enrol), and that of `note`, with which nothing is enrolled.
    pub fn enrol_noted(
        &mut self,
        name: &Name,
        probe: Probe<'_>,
        threshold: CosineScore,
        note: &mut dyn FnMut(u32) -> Result<(), Error>,
    ) -> Result<u32, Error> {
        self.refresh()?;
        if self.find(name).is_some() {
            return Err(Error::DuplicateName(name.clone()));
        }
        self.refuse_other_encoder(probe.encoder)?;
        self.refuse_face_of_another(None, probe, threshold)?;
        self.memory.room_for(probe.template.values().len())?;
        let none = if self.shut == 0 { Error::Full } else { Error::Tampered };
        let (volume, place) = self.place_for(probe.template).ok_or(none)?;
        let id = self.last_id().checked_add(1).ok_or(Error::Full)?;
        note(id)?;
        self.least_id = id;
        let person = Person { id, name: name.clone(), slots: Vec::new() };
        let made = self.make_key(volume, place);
        self.fresh &= made.is_ok();
        made?;
        self.add(volume, place, person, probe)?;
        Ok(id)
    }

    /// Adds a template to the person of a name and returns how many they have now.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::PersonFull`]; and, as for [`Gallery::enrol`],
    /// [`Error::DuplicateFace`] (of somebody else), [`Error::OtherEncoder`], [`Error::Full`], [`Error::NoRow`],
    /// [`Error::Flash`] and [`Error::Corrupted`].
    pub fn add_template(
        &mut self,
        name: &str,
        probe: Probe<'_>,
        threshold: CosineScore,
    ) -> Result<usize, Error> {
        self.refresh()?;
        self.sole(name)?;
        let (volume, place, person) = self.person_slot(name).ok_or(Error::NotFound)?;
        if person.slots.is_full() {
            return Err(Error::PersonFull(person.name));
        }
        self.refuse_other_encoder(probe.encoder)?;
        self.refuse_face_of_another(Some(person.id), probe, threshold)?;
        let templates = person.slots.len() + 1;
        self.add(volume, place, person, probe)?;
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
        self.sole(name)?;
        let (volume, place, mut person) = self.person_slot(name).ok_or(Error::NotFound)?;
        if person.slots.len() < 2 || index >= person.slots.len() {
            return Err(Error::NoTemplate(person.slots.len()));
        }
        let slot = person.slots.remove(index);
        self.put_person(volume, place, &person)?;
        // If this fails, the next refresh frees it.
        self.fresh = self.free_template(slot).is_ok();
        Ok(person)
    }

    /// Gives the person of a name another one, and returns the person as they are now. The ID stays.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::DuplicateName`], if somebody else has it; [`Error::Flash`] and
    /// [`Error::Corrupted`].
    pub fn rename(&mut self, name: &str, new: &Name) -> Result<Person, Error> {
        self.refresh()?;
        self.sole(name)?;
        let (volume, place, mut person) = self.person_slot(name).ok_or(Error::NotFound)?;
        if self.find(new).is_some_and(|other| other.id != person.id) {
            return Err(Error::DuplicateName(new.clone()));
        }
        person.name = new.clone();
        self.put_person(volume, place, &person)?;
        Ok(person)
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
        let (volume, place, person) = self.person_slot(name).ok_or(Error::NotFound)?;
        let removed = StoredPerson::Removed { id: person.id };
        self.put(volume, Place::Person(place), NOBODY, &removed.bytes())?;
        let slot = place::person(volume, place).ok_or(Error::Corrupted)?;
        if let Some(slot) = self.memory.people.get_mut(usize::from(slot)) {
            slot.wipe();
            *slot = PersonSlot::Removed;
        }
        // The person is gone already, but only now erased.
        let erased = self.erase_key(slot);
        self.fresh &= erased.is_ok();
        erased?;
        // If this fails, the next refresh frees them.
        self.fresh = person.slots.iter().all(|slot| self.free_template(*slot).is_ok());
        Ok(person)
    }

    fn volume(&self, number: usize) -> Option<&Volume<F>> {
        match number.checked_sub(1) {
            None => Some(&self.first),
            Some(further) => self.further.get(further),
        }
    }

    /// The volume of a person, their slot there, and the person.
    fn person_slot(&self, name: &str) -> Option<(usize, u16, Person)> {
        let name = name.trim();
        self.memory.people.iter().zip(0u16..).find_map(|(slot, index)| match slot {
            PersonSlot::Enrolled(person) if person.name.as_str() == name => {
                let (volume, place) = place::of_person(index);
                Some((volume, place, person.clone()))
            }
            _ => None,
        })
    }

    fn stored(&self) -> impl Iterator<Item = &TemplateSlot> {
        self.memory.templates.iter().filter(|slot| slot.person != 0)
    }

    fn refuse_other_encoder(&self, running: EncoderHash) -> Result<(), Error> {
        let stored = self.stored().map(|slot| self.memory.encoder(slot)).find(|stored| *stored != running);
        match stored {
            Some(stored) => Err(Error::OtherEncoder { stored, running }),
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
        let (rows, pitch) = self.memory.rows();
        if pitch != probe.values().len() {
            return None;
        }
        Search { probe, rows, pitch, person: |row| self.owner(row, except) }.best()
    }

    /// Who has the template in a row, if they are not left out.
    fn owner(&self, row: usize, except: Option<u32>) -> Option<&Person> {
        let slot = self.memory.slot_of(row)?;
        let TemplateSlot { person: id, holder, .. } = *self.memory.templates.get(usize::from(slot))?;
        let person = self.memory.person(holder)?;
        (Some(id) != except && person.id == id && person.slots.contains(&slot)).then_some(person)
    }
}
