//! A door's place in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Error;
use crate::place::{Entry, Kept, Mark, Store};
use crate::record::PersonId;
use crate::setup::SetupEntry;

/// A place in memory. Copies are the same place: one that is opened again has what was kept.
#[derive(Clone, Default)]
pub struct Place(Arc<Mutex<InMemory>>);

/// What such a place keeps.
type InMemory = (BTreeMap<PersonId, Entry>, Vec<Mark>, BTreeMap<PersonId, SetupEntry>);

impl Place {
    fn kept(&self) -> MutexGuard<'_, InMemory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Place {
    fn load(&mut self) -> Result<Kept, Error> {
        let kept = self.kept();
        Ok((kept.0.clone().into_iter().collect(), kept.1.clone()))
    }

    fn save(&mut self, id: PersonId, entry: &Entry) -> Result<(), Error> {
        self.kept().0.insert(id, entry.clone());
        Ok(())
    }

    fn setups(&mut self) -> Result<Vec<(PersonId, SetupEntry)>, Error> {
        Ok(self.kept().2.clone().into_iter().collect())
    }

    fn save_setup(&mut self, id: PersonId, entry: &SetupEntry) -> Result<(), Error> {
        self.kept().2.insert(id, entry.clone());
        Ok(())
    }

    fn save_marks(&mut self, marks: &[Mark]) -> Result<(), Error> {
        self.kept().1 = marks.to_vec();
        Ok(())
    }
}
