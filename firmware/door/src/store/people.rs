//! The people of the door: the gallery, or why it cannot be read.

use crypto::{Generator, Key};
use embedded_storage::nor_flash::{MultiwriteNorFlash, NorFlash};
use gallery::{Error, Gallery, Name, Person, Volume};

use super::{Enrolled, failed::Failed, storage::Storage};

/// Bytes of the gallery's flash.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// What an enrolment needs.
    pub(crate) needed: usize,
    pub(crate) free: usize,
}

/// The people. Without a readable gallery nobody is known, and the door stays locked.
pub(crate) struct People<'m, F: MultiwriteNorFlash>(Result<Gallery<'m, F>, Error>);

impl<'m, F: MultiwriteNorFlash> People<'m, F> {
    /// Opens the gallery. `key` is the error if its salt could not be read.
    pub(crate) fn open(
        flash: F,
        further: &'m mut [Volume<F>],
        memory: gallery::Room<'m>,
        key: Result<Key, Error>,
        random: Generator,
    ) -> Self {
        Self(key.and_then(|key| Gallery::open(flash, further, memory, key, random)))
    }

    /// Tells the gallery what was enrolled before, and `storage` what is not known there. Nobody gets an ID that was given, be it to
    /// somebody who is unknown in this boot: `ids` are those that rules and failures have. Returns the volumes whose people are gone, a
    /// bit each: nobody is enrolled there.
    pub(crate) fn settle<S: NorFlash>(
        &mut self,
        ids: impl Iterator<Item = u32>,
        storage: Option<&mut Storage<S>>,
    ) -> u64 {
        let (Ok(gallery), Some(storage)) = (&mut self.0, storage) else { return 0 };
        let known = storage.enrolled();
        gallery.give_ids_above(ids.fold(known.last_id, u32::max));
        let used = gallery.used_volumes();
        let gone = known.volumes & !used;
        gallery.keep_out_of(gone);
        let now = Enrolled { last_id: gallery.last_id(), volumes: known.volumes | used };
        if now != known {
            // If it cannot be written now, it is at the next boot, or with the next person.
            let _ = storage.set_enrolled(now);
        }
        gone
    }

    /// Takes down volumes into which somebody was enrolled first.
    pub(crate) fn note_volumes<S: NorFlash>(&self, storage: &mut Storage<S>) {
        let known = storage.enrolled();
        let volumes = known.volumes | self.0.as_ref().map_or(0, Gallery::used_volumes);
        if volumes != known.volumes {
            let _ = storage.set_enrolled(Enrolled { volumes, ..known });
        }
    }

    /// An installer gives up the people of volumes that are gone, and has others enrolled there.
    ///
    /// # Errors
    /// [`Failed`].
    pub(crate) fn give_up_volumes<S: NorFlash>(&mut self, storage: &mut Storage<S>) -> Result<(), Failed> {
        let (Ok(gallery), known) = (&mut self.0, storage.enrolled()) else { return Ok(()) };
        let volumes = gallery.used_volumes();
        if volumes != known.volumes {
            storage.set_enrolled(Enrolled { volumes, ..known })?;
        }
        gallery.keep_out_of(0);
        Ok(())
    }

    /// The gallery.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(crate) fn gallery(&self) -> Result<&Gallery<'m, F>, Error> {
        self.0.as_ref().map_err(Error::clone)
    }

    /// The gallery, to change it.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(crate) fn gallery_mut(&mut self) -> Result<&mut Gallery<'m, F>, Error> {
        self.0.as_mut().map_err(|error| error.clone())
    }

    /// A person by ID.
    pub(crate) fn person(&self, id: u32) -> Option<&Person> {
        self.0.as_ref().ok()?.next_person(id).filter(|person| person.id() == id)
    }

    /// The name of a person.
    pub(crate) fn name(&self, id: u32) -> Option<Name> {
        self.person(id).map(|person| person.name().clone())
    }

    /// How many people have a name.
    pub(crate) fn named(&self, name: &str) -> usize {
        let all = self.0.iter().flat_map(Gallery::people);
        all.filter(|person| person.name().as_str() == name.trim()).count()
    }

    /// What an enrolment needs of the flash, and what is free.
    pub(crate) fn room(&self) -> Room {
        Room {
            needed: Gallery::<F>::bytes_per_enrolment(),
            free: self.0.as_ref().map_or(0, Gallery::free_bytes),
        }
    }
}
