//! The operator's folder: the people, the doors, and what each was sent.
//!
//! ```text
//! fleet.json           Settings: the operator, the broker, the number of the newest run
//! people/ID.json       Kept: a person, with the counter and the run of the last change; also one who was removed
//! doors/ID.json        KeptDoor: a door, how far it was sent everything, and its newest acknowledgement
//! pictures/DIGEST      the sealed pictures of a person
//! ```
//! Each file is written whole or not at all, and a change is in the folder before it is sent. A change is one file, which carries
//! its run: a folder whose command was killed goes on with the highest run of its files. The files hold names, PINs and the keys
//! of pictures: the folder is its user's alone.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::directory::Directory;
use crate::envelope::System;
use crate::identity::Public;
use crate::place::{lock, make_private, people, read, write};
use crate::record::{Ack, Encoder, Holds, LogHead, Person, PersonId, Pictures, Record};
use crypto::Entropy;

const REMEDY: &str = "Put back a copy of the folder, or make it again with `postern fleet recover`";

/// What holds for the whole fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The operator.
    pub operator: Public,
    /// The broker, as the program that made the folder reaches it.
    pub broker: serde_json::Value,
    /// The number of the newest run.
    pub run: u64,
    /// The last run whose pictures are all on the broker.
    pub pictures_sent: u64,
    /// The last run that the operator's own branch of the broker has.
    pub own_sent: u64,
    /// The encoder that doors must have.
    pub encoder: Option<Encoder>,
    /// Pictures that the broker shall forget.
    pub forget: Vec<String>,
}

/// A person, or one who was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// How many changes there were.
    pub counter: u64,
    /// The run of the last change.
    pub run: u64,
    /// The person; `None` if removed.
    pub person: Option<Person>,
}

/// A door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptDoor {
    /// Its name.
    pub name: String,
    /// Its keys.
    pub public: Public,
    /// How many changes there were.
    pub counter: u64,
    /// The run of the last change.
    pub run: u64,
    /// Whether it was removed from the fleet.
    pub removed: bool,
    /// The last run of which the broker has everything for this door.
    pub sent: u64,
    /// Its newest acknowledgement.
    pub ack: Option<Ack>,
    /// The key with which its board signs its log, as it said first, and the highest number of an entry.
    pub log: Option<([u8; 32], u32)>,
    /// What is wrong with the log of its newest acknowledgement.
    pub log_fault: Option<LogFault>,
}

impl KeptDoor {
    /// A door that was sent nothing, and of which nothing was heard.
    pub(crate) fn new(name: String, public: Public, counter: u64, run: u64) -> Self {
        Self { name, public, counter, run, removed: false, sent: 0, ack: None, log: None, log_fault: None }
    }
}

/// What is wrong with the log of a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogFault {
    /// Another board signs it.
    OtherBoard,
    /// It is shorter than it was.
    Shorter,
    /// The board that it names did not sign its end.
    Unsigned,
}

impl KeptDoor {
    /// Takes an acknowledgement. The first one says which board signs the log; one with another board, or a shorter log, is said.
    /// What no board signed says neither: it is a fault, and the highest number stays.
    pub fn take(&mut self, ack: Ack, is_signed: &dyn Fn(&LogHead) -> bool) {
        if ack.log.as_ref().is_some_and(|log| !is_signed(log)) {
            self.log_fault = Some(LogFault::Unsigned);
        } else if let Some(log) = &ack.log {
            let (signer, number) = *self.log.get_or_insert((log.signer, log.number));
            self.log_fault = if signer != log.signer {
                Some(LogFault::OtherBoard)
            } else if log.number < number {
                Some(LogFault::Shorter)
            } else {
                None
            };
            if self.log_fault.is_none() {
                self.log = Some((signer, log.number));
            }
        }
        self.ack = Some(ack);
    }
}

/// The folder, which no other program uses meanwhile.
pub struct Folder {
    path: PathBuf,
    /// What holds for all.
    pub settings: Settings,
    /// The people, also those who were removed.
    pub people: BTreeMap<PersonId, Kept>,
    /// The doors.
    pub doors: BTreeMap<PersonId, KeptDoor>,
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
        for inside in ["people", "doors", "pictures"] {
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
        };
        let folder = Self {
            path: path.to_owned(),
            settings,
            people: BTreeMap::new(),
            doors: BTreeMap::new(),
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
            make: "`postern fleet init` makes one, `postern fleet recover` makes it again, --fleet names another folder",
        };
        let mut settings: Settings = read(&path.join("fleet.json"), REMEDY)?.ok_or_else(none)?;
        let lock = lock(path)?;
        make_private(path)?;
        let mut folder_people = BTreeMap::new();
        for (id, file) in people(path)? {
            let kept: Option<Kept> = read(&file, REMEDY)?;
            folder_people.extend(kept.map(|kept| (id, kept)));
        }
        let mut doors = BTreeMap::new();
        let inside = path.join("doors");
        for file in fs::read_dir(&inside).map_err(|source| Error::File { path: inside.clone(), source })? {
            let file = file.map_err(|source| Error::File { path: inside.clone(), source })?.path();
            let id = file.file_stem().and_then(|name| name.to_str()).and_then(PersonId::parse);
            let kept: Option<KeptDoor> = read(&file, REMEDY)?;
            doors.extend(id.zip(kept));
        }
        let people_run = folder_people.values().map(|kept: &Kept| kept.run).max();
        let door_run = doors.values().map(|kept: &KeptDoor| kept.run).max();
        settings.run = settings.run.max(people_run.unwrap_or(0)).max(door_run.unwrap_or(0));
        Ok(Self { path: path.to_owned(), settings, people: folder_people, doors, _lock: lock })
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
        let kept = Kept { counter, run: self.settings.run, person };
        // First what is to be forgotten: a command that is killed in between leaves pictures there that somebody has, and
        // `publish` forgets only those that nobody has.
        if let Some(old) = old.filter(|old| Some(*old) != new) {
            self.settings.forget.push(hex::encode(old.digest));
        }
        self.save_settings()?;
        self.put(id, kept)
    }

    /// Keeps a person as they are.
    pub(crate) fn put(&mut self, id: PersonId, kept: Kept) -> Result<(), Error> {
        write(&self.path.join("people").join(format!("{}.json", id.digits())), &kept)?;
        self.people.insert(id, kept);
        Ok(())
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

    /// Every person's record.
    pub fn records(&self) -> impl Iterator<Item = (u64, Record)> {
        self.people.iter().map(|(id, kept)| {
            let holds = kept.person.clone().map_or(Holds::Removed, Holds::Enrolled);
            (kept.run, Record { id: *id, counter: kept.counter, holds })
        })
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
