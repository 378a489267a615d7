//! The operator's folder: the people, the doors, and what each was sent.
//!
//! ```text
//! fleet.json           Settings: the operator, the broker, the number of the newest run
//! people/ID.json       Kept: a person, with the counter and the run of the last change; also one who was removed
//! doors/ID.json        KeptDoor: a door, how far it was sent everything, and its newest acknowledgement
//! pictures/DIGEST      the sealed pictures of a person
//! setup/ID.json        KeptSetup: settings, a model or firmware
//! chunks/DIGEST        a part of an image
//! ```
//! Each file is written whole or not at all, and a change is in the folder before it is sent. A change is one file, which carries
//! its run: a folder whose command was killed goes on with the highest run of its files. The files hold names, PINs and the keys
//! of pictures: the folder is its user's alone.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::Error;
use crate::directory::Directory;
use crate::envelope::System;
use crate::identity::Public;
pub use crate::kept::{Kept, KeptDoor, KeptSetup, LogFault, Settings};
use crate::place::{files, lock, make_private, read, write};
use crate::record::{Holds, Person, PersonId, Pictures, Record};
use crate::setup::{Setup, chunks, settings_id};
use crypto::Entropy;

/// The folders in it.
const FOLDERS: [&str; 5] = ["people", "doors", "pictures", "setup", "chunks"];
const REMEDY: &str = "Put back a copy of the folder, or make it again with `postern fleet recover`";

/// The folder, which no other program uses meanwhile.
pub struct Folder {
    path: PathBuf,
    /// What holds for all.
    pub settings: Settings,
    /// The people, also those who were removed.
    pub people: BTreeMap<PersonId, Kept>,
    /// The doors.
    pub doors: BTreeMap<PersonId, KeptDoor>,
    /// Settings, models and firmware.
    pub setups: BTreeMap<PersonId, KeptSetup>,
    _lock: File,
}

impl Folder {
    /// Refuses a folder with a fleet.
    ///
    /// # Errors
    /// [`Error::Exists`].
    pub fn is_none(path: &Path) -> Result<(), Error> {
        let exists = path.join("fleet.json").exists();
        if exists { Err(Error::Exists { path: path.to_owned() }) } else { Ok(()) }
    }

    /// Makes a folder.
    ///
    /// # Errors
    /// [`Error::Exists`]; it cannot be written.
    pub fn make(path: &Path, operator: Public, broker: serde_json::Value) -> Result<Self, Error> {
        Self::is_none(path)?;
        make_private(path)?;
        for inside in FOLDERS {
            make_private(&path.join(inside))?;
        }
        let settings = Settings {
            operator,
            broker,
            run: 1,
            pictures_sent: 0,
            own_sent: 0,
            encoder: None,
            forget: Vec::new(),
            forget_chunks: Vec::new(),
        };
        let folder = Self {
            path: path.to_owned(),
            settings,
            people: BTreeMap::new(),
            doors: BTreeMap::new(),
            setups: BTreeMap::new(),
            _lock: lock(path)?,
        };
        folder.save_settings()?;
        Ok(folder)
    }

    /// Opens a folder.
    ///
    /// # Errors
    /// [`Error::NoFleet`], [`Error::Used`]; it cannot be read.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let none = || Error::NoFleet {
            path: path.to_owned(),
            make: "`postern fleet recover` makes one again that was lost, --fleet names another folder, `postern fleet init` begins a new \
                   fleet",
        };
        let mut settings: Settings = read(&path.join("fleet.json"), REMEDY)?.ok_or_else(none)?;
        let lock = lock(path)?;
        make_private(path)?;
        // One of before has not all of them.
        FOLDERS.iter().try_for_each(|inside| make_private(&path.join(inside)))?;
        let people: BTreeMap<PersonId, Kept> = all(&path.join("people"))?;
        let doors: BTreeMap<PersonId, KeptDoor> = all(&path.join("doors"))?;
        let setups: BTreeMap<PersonId, KeptSetup> = all(&path.join("setup"))?;
        let runs = people.values().map(|kept| kept.run).chain(doors.values().map(|kept| kept.run));
        let newest = runs.chain(setups.values().map(|kept| kept.run)).max();
        settings.run = settings.run.max(newest.unwrap_or(0));
        Ok(Self { path: path.to_owned(), settings, people, doors, setups, _lock: lock })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps what holds for all.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn save_settings(&self) -> Result<(), Error> {
        write(&self.path.join("fleet.json"), &self.settings)
    }

    /// Has another broker from now on, which was sent nothing yet.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn move_to(&mut self, broker: serde_json::Value) -> Result<(), Error> {
        for (id, door) in self.doors.clone() {
            self.save_door(id, KeptDoor { sent: 0, ..door })?;
        }
        self.settings = Settings { broker, pictures_sent: 0, own_sent: 0, ..self.settings.clone() };
        self.save_settings()
    }

    /// The people who are enrolled.
    pub fn enrolled(&self) -> impl Iterator<Item = (&PersonId, &Kept, &Person)> {
        self.people.iter().filter_map(|(id, kept)| Some((id, kept, kept.person.as_ref()?)))
    }

    /// The doors that are in the fleet.
    pub fn fleet_doors(&self) -> impl Iterator<Item = (&PersonId, &KeptDoor)> {
        self.doors.iter().filter(|(_, door)| !door.removed)
    }

    /// The person of a name.
    ///
    /// # Errors
    /// [`Error::NoPerson`].
    pub fn find(&self, name: &str) -> Result<(PersonId, Person), Error> {
        let found = self.enrolled().find(|(_, _, person)| person.name == name);
        let found = found.map(|(id, _, person)| (*id, person.clone()));
        found.ok_or_else(|| Error::NoPerson { name: name.to_owned() })
    }

    /// Refuses a name that somebody has.
    ///
    /// # Errors
    /// [`Error::PersonExists`].
    pub fn is_free(&self, name: &str) -> Result<(), Error> {
        match self.find(name) {
            Ok(_) => Err(Error::PersonExists { name: name.to_owned() }),
            Err(_) => Ok(()),
        }
    }

    /// Adds a person, whose pictures are `sealed`.
    ///
    /// # Errors
    /// [`Error::PersonExists`]; it cannot be written.
    pub fn add(&mut self, person: Person, sealed: &[u8]) -> Result<PersonId, Error> {
        self.is_free(&person.name)?;
        let id = random_id();
        output_file::replace_with(&self.picture_file(&person.pictures), sealed)?;
        self.change(id, Some(person))?;
        Ok(id)
    }

    /// Gives a person other pictures, which are `sealed`.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn replace(&mut self, id: PersonId, person: Person, sealed: &[u8]) -> Result<(), Error> {
        output_file::replace_with(&self.picture_file(&person.pictures), sealed)?;
        self.change(id, Some(person))
    }

    /// Changes what holds for a person; `None` removes them.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn change(&mut self, id: PersonId, person: Option<Person>) -> Result<(), Error> {
        let before = self.people.get(&id);
        let old = before.and_then(|kept| kept.person.as_ref()).map(|person| person.pictures);
        let counter = before.map_or(0, |kept| kept.counter).saturating_add(1);
        let new = person.as_ref().map(|person| person.pictures);
        self.settings.run = self.settings.run.saturating_add(1);
        let was = before.and_then(|kept| kept.person.as_ref()).map(|person| person.name.clone());
        let name = was.filter(|_| person.is_none());
        let kept = Kept { counter, run: self.settings.run, person, name };
        // First what is to be forgotten: a command that is killed in between leaves pictures there that somebody has, and
        // `publish` forgets only those that nobody has.
        if let Some(old) = old.filter(|old| Some(*old) != new) {
            self.settings.forget.push(hex::encode(old.digest));
        }
        self.save_settings()?;
        self.put(id, kept)
    }

    /// Forgets the names of people who were removed.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn forget_names(&mut self, of: &[PersonId]) -> Result<(), Error> {
        for id in of {
            if let Some(kept) = self.people.get(id).cloned().filter(|kept| kept.person.is_none()) {
                self.put(*id, Kept { name: None, ..kept })?;
            }
        }
        Ok(())
    }

    /// Keeps a person as they are.
    pub(crate) fn put(&mut self, id: PersonId, kept: Kept) -> Result<(), Error> {
        write(&self.path.join("people").join(format!("{}.json", id.digits())), &kept)?;
        self.people.insert(id, kept);
        Ok(())
    }

    /// The settings that the fleet decides.
    #[must_use]
    pub fn fleet_settings(&self) -> BTreeMap<String, String> {
        match self.setups.get(&settings_id()).and_then(|kept| kept.setup.clone()) {
            Some(Setup::Settings(settings)) => settings,
            _ => BTreeMap::new(),
        }
    }

    /// Sets doors up with something else than before; without it, the fleet no longer decides it. `image` is that of a release.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn set_up(&mut self, id: PersonId, setup: Option<Setup>, image: &[u8]) -> Result<(), Error> {
        for (digest, chunk) in chunks(image) {
            output_file::replace_with(&self.chunk_file(&digest), chunk)?;
        }
        let before = self.setups.get(&id);
        let counter = before.map_or(0, |kept| kept.counter).saturating_add(1);
        let old = before.and_then(|kept| kept.setup.as_ref()).map(Setup::chunks).unwrap_or_default();
        let old: Vec<String> = old.iter().map(hex::encode).collect();
        self.settings.run = self.settings.run.saturating_add(1);
        // `publish` forgets only those that no release has.
        self.settings.forget_chunks.extend(old);
        self.save_settings()?;
        self.put_setup(id, KeptSetup { counter, run: self.settings.run, setup })
    }

    /// Keeps settings, a model or firmware as it is.
    pub(crate) fn put_setup(&mut self, id: PersonId, kept: KeptSetup) -> Result<(), Error> {
        write(&self.path.join("setup").join(format!("{}.json", id.digits())), &kept)?;
        self.setups.insert(id, kept);
        Ok(())
    }

    /// The file of a chunk.
    #[must_use]
    pub fn chunk_file(&self, digest: &[u8; 32]) -> PathBuf {
        self.path.join("chunks").join(hex::encode(digest))
    }

    /// Adds a door.
    ///
    /// # Errors
    /// [`Error::DoorExists`], [`Error::SameDoor`]; it cannot be written.
    pub fn add_door(&mut self, name: &str, public: Public) -> Result<(), Error> {
        if let Some((_, there)) = self.fleet_doors().find(|(_, door)| door.public == public) {
            return Err(Error::SameDoor { name: there.name.clone() });
        }
        if self.fleet_doors().any(|(_, door)| door.name == name) {
            return Err(Error::DoorExists { name: name.to_owned() });
        }
        self.settings.run = self.settings.run.saturating_add(1);
        let run = self.settings.run;
        self.save_door(random_id(), KeptDoor::new(name.to_owned(), public, 1, run))?;
        self.save_settings()
    }

    /// Takes a door out of the fleet.
    ///
    /// # Errors
    /// [`Error::NoDoor`]; it cannot be written.
    pub fn remove_door(&mut self, name: &str) -> Result<KeptDoor, Error> {
        let found = self.fleet_doors().find(|(_, door)| door.name == name);
        let found = found.map(|(id, door)| (*id, door.clone()));
        let (id, mut door) = found.ok_or_else(|| Error::NoDoor { name: name.to_owned() })?;
        self.settings.run = self.settings.run.saturating_add(1);
        (door.counter, door.run, door.removed) = (door.counter + 1, self.settings.run, true);
        self.save_door(id, door.clone())?;
        self.save_settings()?;
        Ok(door)
    }

    /// Keeps a door.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn save_door(&mut self, id: PersonId, door: KeptDoor) -> Result<(), Error> {
        write(&self.path.join("doors").join(format!("{}.json", id.digits())), &door)?;
        self.doors.insert(id, door);
        Ok(())
    }

    /// The file of sealed pictures.
    #[must_use]
    pub fn picture_file(&self, pictures: &Pictures) -> PathBuf {
        self.path.join("pictures").join(hex::encode(pictures.digest))
    }

    /// Every record for a door: people, settings, models and firmware.
    pub fn records(&self) -> impl Iterator<Item = (u64, Record)> {
        let people = self.people.iter().map(|(id, kept)| {
            let holds = kept.person.clone().map_or(Holds::Removed, Holds::Enrolled);
            (kept.run, Record { id: *id, counter: kept.counter, holds })
        });
        people.chain(self.setups.iter().map(|(id, kept)| {
            let holds = kept.setup.clone().map_or(Holds::Removed, Holds::Setup);
            (kept.run, Record { id: *id, counter: kept.counter, holds })
        }))
    }

    /// The records of the operator's own branch: people and doors.
    pub fn own_records(&self) -> impl Iterator<Item = (u64, Record)> {
        let doors = self.doors.iter().map(|(id, door)| {
            let code = door.public.to_string();
            let holds = match door.removed {
                true => Holds::Removed,
                false => Holds::Door { name: door.name.clone(), code },
            };
            (door.run, Record { id: *id, counter: door.counter, holds })
        });
        self.records().chain(doors)
    }
}

/// All files of a folder whose names are ids.
fn all<T: DeserializeOwned>(folder: &Path) -> Result<BTreeMap<PersonId, T>, Error> {
    let mut found = BTreeMap::new();
    for (id, file) in files(folder)? {
        found.extend(read(&file, REMEDY)?.map(|kept| (id, kept)));
    }
    Ok(found)
}

/// The directory of records.
pub fn directory(records: impl Iterator<Item = (u64, Record)>) -> Directory {
    let mut directory = Directory::default();
    for (_, record) in records {
        directory.take(record.id, record.version(), record.hash());
    }
    directory
}

/// An id for a person or a door.
pub(crate) fn random_id() -> PersonId {
    let mut bytes = [0; 16];
    System.fill(&mut bytes);
    PersonId(bytes)
}
