//! The people of the door: the gallery, or why it cannot be read.

use crypto::{Generator, Key};
use embedded_storage::nor_flash::MultiwriteNorFlash;
use gallery::{Error, Gallery, Name, Person, Volume};

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

    /// Gives none of these IDs to anybody who is enrolled: rules and failures have them, and whoever they are of may be unknown in this
    /// boot.
    pub(crate) fn give_none_of(&mut self, ids: impl Iterator<Item = u32>) {
        if let (Ok(gallery), Some(id)) = (&mut self.0, ids.max()) {
            gallery.give_ids_above(id);
        }
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
