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

    /// Tells the gallery what was enrolled before, and `storage` what is not known there: at boot, after somebody was enrolled, and where
    /// an installer gives up the people of volumes that are gone (`given_up`). Nobody gets an ID up to `least`, nor one that was given, be
    /// it to somebody who is unknown in this boot. Nobody is enrolled into volumes whose people are gone.
    ///
    /// # Errors
    /// [`Failed`]: then it is written at the next boot, or with the next person.
    #[inline(never)]
    pub(crate) fn settle<S: NorFlash>(
        &mut self,
        least: u32,
        storage: Option<&mut Storage<S>>,
        given_up: bool,
    ) -> Result<(), Failed> {
        let (Ok(gallery), Some(storage)) = (&mut self.0, storage) else { return Ok(()) };
        if !gallery.is_fresh() {
            return Err(Failed);
        }
        let known = storage.enrolled();
        gallery.give_ids_above(known.last_id.max(least));
        let used = gallery.used_volumes();
        let volumes = if given_up { used } else { known.volumes | used };
        gallery.keep_out_of(volumes & !used);
        let now = Enrolled { last_id: gallery.last_id(), volumes };
        if now == known { Ok(()) } else { storage.set_enrolled(now) }
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

    /// The gallery as flash has it: it is read again where an error of flash left it half read. Who is not there is not enrolled then.
    ///
    /// # Errors
    /// Why it cannot be read.
    #[inline(never)]
    pub(crate) fn whole(&mut self) -> Result<&Gallery<'m, F>, Error> {
        let gallery = self.gallery_mut()?;
        gallery.refresh()?;
        Ok(gallery)
    }

    /// A person by ID.
    pub(crate) fn person(&self, id: u32) -> Option<&Person> {
        self.0.as_ref().ok()?.next_person(id).filter(|person| person.id() == id)
    }

    /// Whether a person may be enrolled: they are known, or flash left the gallery half read, so that it knows fewer than there are.
    pub(crate) fn may_have(&self, id: u32) -> bool {
        self.person(id).is_some() || !self.0.as_ref().is_ok_and(Gallery::is_fresh)
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

/// The key of the gallery. It is derived from the device secret and a salt among the settings. So a board whose settings
/// are wiped, and with them its hosts, can no longer read its gallery.
pub(crate) fn gallery_key<F: NorFlash>(storage: Option<&mut Storage<F>>, secret: &Key) -> Result<Key, Error> {
    let storage = storage.ok_or(Error::Flash)?;
    let salt = storage.salt().map_err(|_| Error::Flash)?;
    Ok(secret.derive(&salt, b"postern gallery"))
}
