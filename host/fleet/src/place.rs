//! A door's own place: what it knows of each person, and what is on its board.
//!
//! ```text
//! people/ID.json    an Entry, for each person          in the folder of the door
//! setup/ID.json     a SetupEntry, for settings, each model and firmware
//! marks.json        [Mark], one for each operator
//! process           the id of the program that has the folder locked, or had it last
//! ```
//! A file is written whole or not at all. The files hold names, PINs and the keys of pictures: the folder is its user's alone.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::record::{Person, PersonId, Rank};
use crate::setup::SetupEntry;

/// What a door knows of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The newest record of each operator. The one of the greatest rank holds.
    pub known: Vec<Known>,
    /// What holds; `None` if the person is removed.
    pub wanted: Option<Person>,
    /// What is on the board.
    pub there: Option<There>,
    /// Who the board is to enrol, or has enrolled without a rule.
    pub begun: Option<Begun>,
    /// Why the board does not get what holds.
    pub refusal: Option<String>,
    /// Who was on the board when the door's keys were replaced by others: the board may have been erased since, or not.
    #[serde(default)]
    pub unsure: Option<There>,
    /// Of an unsure enrolment whose answer did not come: whoever has a number above this may be who was enrolled, under any name.
    #[serde(default)]
    pub unsure_above: Option<u32>,
    /// Whether they were suspended at the door itself when they were taken off the board for other pictures: so they are again.
    #[serde(default)]
    pub held: bool,
}

/// The newest record of an operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Its rank.
    pub rank: Rank,
    /// Its hash.
    pub hash: [u8; 32],
    /// What it wants; `None` if the person is removed. It holds if no trusted operator has a greater one any more.
    pub wanted: Option<Person>,
}

/// Somebody on the board who the fleet enrolled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct There {
    /// As the fleet left them.
    pub person: Person,
    /// The board's number of them: they keep it under another name.
    pub number: u32,
}

/// An enrolment that is not over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// Who is enrolled.
    pub person: Person,
    /// The highest number that the board had before: nobody up to it is the one who is enrolled.
    pub after: u32,
    /// The board's number of them; `None` until the board has said it.
    pub number: Option<u32>,
}

/// How far a door is with an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The operator's signing key.
    pub operator: [u8; 32],
    /// The newest run that was seen: an older one is not taken.
    pub newest: u64,
    /// The last run of which all records were there.
    pub complete: u64,
    /// The number of the last acknowledgement.
    pub ack: u64,
}

/// All that a place keeps: what it knows of each person, and the marks of the operators.
pub type Kept = (Vec<(PersonId, Entry)>, Vec<Mark>);

/// Where a place is kept.
pub trait Store: Send {
    /// All entries and marks.
    ///
    /// # Errors
    /// They cannot be read.
    fn load(&mut self) -> Result<Kept, Error>;

    /// Keeps the entry of a person. It is kept when this returns.
    ///
    /// # Errors
    /// It cannot be kept.
    fn save(&mut self, id: PersonId, entry: &Entry) -> Result<(), Error>;

    /// What is kept of settings, models and firmware.
    ///
    /// # Errors
    /// It cannot be read.
    fn setups(&mut self) -> Result<Vec<(PersonId, SetupEntry)>, Error>;

    /// Keeps an entry of settings, a model or firmware. It is kept when this returns.
    ///
    /// # Errors
    /// It cannot be kept.
    fn save_setup(&mut self, id: PersonId, entry: &SetupEntry) -> Result<(), Error>;

    /// Keeps the marks.
    ///
    /// # Errors
    /// They cannot be kept.
    fn save_marks(&mut self, marks: &[Mark]) -> Result<(), Error>;
}

/// Has a place begin again with other keys of the door. Of nobody it is known any more whether they are on the board: it may have been
/// erased, and gives the same numbers to others then. Who was there is kept as unsure, unless somebody says that it was `erased`.
///
/// # Errors
/// The place cannot be read or written.
pub fn begin_again(store: &mut dyn Store, erased: bool) -> Result<(), Error> {
    for (id, entry) in store.load()?.0 {
        // Of an enrolment whose answer did not come, the name alone is known.
        let begun = |Begun { person, number, .. }| There { person, number: number.unwrap_or(u32::MAX) };
        let before = entry.there.clone().or(entry.begun.clone().map(begun)).or(entry.unsure.clone());
        let unsure = before.filter(|_| !erased);
        let open = entry.begun.as_ref().filter(|begun| begun.number.is_none()).map(|begun| begun.after);
        let unsure_above = open.or(entry.unsure_above).filter(|_| !erased);
        let held = entry.held && !erased;
        let after =
            Entry { there: None, begun: None, refusal: None, unsure, unsure_above, held, ..entry.clone() };
        if after != entry {
            store.save(id, &after)?;
        }
    }
    Ok(())
}

/// A place in a folder.
pub struct Files {
    folder: PathBuf,
    /// Holds the lock of the folder: two programs would each change the board.
    _lock: File,
}

impl Files {
    /// Locks a folder, which is made if it is not there.
    ///
    /// # Errors
    /// [`Error::Applied`], [`Error::File`].
    pub fn open(folder: &Path) -> Result<Self, Error> {
        make_private(folder)?;
        for inside in ["people", "setup"] {
            make_private(&folder.join(inside))?;
        }
        let process = folder.join("process");
        let locked = lock(folder).map_err(|error| match error {
            Error::Used { path } => {
                let written = fs::read_to_string(&process).ok();
                Error::Applied { path, process: written.and_then(|digits| digits.parse().ok()) }
            }
            other => other,
        })?;
        output_file::replace_with(&process, std::process::id().to_string().as_bytes())?;
        Ok(Self { folder: folder.to_owned(), _lock: locked })
    }
}

impl Store for Files {
    fn load(&mut self) -> Result<Kept, Error> {
        // A door without the file does not know that the person is on its board, and a removal takes nobody off.
        const REMEDY: &str = "Put back a copy of it. Without one, remove the file and whoever of `postern users` the fleet enrolled: \
                              remove each with `postern remove`, and enrol again with `postern fleet enroll --replace`";
        let mut entries = Vec::new();
        for (id, path) in files(&self.folder.join("people"))? {
            entries.extend(read(&path, REMEDY)?.map(|entry| (id, entry)));
        }
        let marks = read(&self.folder.join("marks.json"), "Remove the file: the door asks the broker again")?;
        Ok((entries, marks.unwrap_or_default()))
    }

    fn save(&mut self, id: PersonId, entry: &Entry) -> Result<(), Error> {
        write(&self.folder.join("people").join(format!("{}.json", id.digits())), entry)
    }

    fn setups(&mut self) -> Result<Vec<(PersonId, SetupEntry)>, Error> {
        let mut entries = Vec::new();
        for (id, path) in files(&self.folder.join("setup"))? {
            let entry = read(&path, "Remove the file: the door asks the broker again")?;
            entries.extend(entry.map(|entry| (id, entry)));
        }
        Ok(entries)
    }

    fn save_setup(&mut self, id: PersonId, entry: &SetupEntry) -> Result<(), Error> {
        write(&self.folder.join("setup").join(format!("{}.json", id.digits())), entry)
    }

    fn save_marks(&mut self, marks: &[Mark]) -> Result<(), Error> {
        write(&self.folder.join("marks.json"), &marks)
    }
}

/// The files of a folder whose names are ids.
pub(crate) fn files(folder: &Path) -> Result<Vec<(PersonId, PathBuf)>, Error> {
    let file = |source| Error::File { path: folder.to_owned(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(file)? {
        let path = entry.map_err(file)?.path();
        let id = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".json"));
        if let Some(id) = id.and_then(PersonId::parse) {
            found.push((id, path));
        }
    }
    found.sort();
    Ok(found)
}

/// Makes a folder that is this user's alone, also one that is there.
pub(crate) fn make_private(folder: &Path) -> Result<(), Error> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    let made = made.and_then(|()| fs::set_permissions(folder, fs::Permissions::from_mode(0o700)));
    made.map_err(|source| Error::File { path: folder.to_owned(), source })
}

/// Locks a folder until the file is dropped.
pub(crate) fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.to_owned();
    let lock = File::open(folder).map_err(|source| Error::File { path: path.clone(), source })?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Error::Used { path }),
        Err(TryLockError::Error(source)) => Err(Error::File { path, source }),
    }
}

/// Reads a file of JSON; `None` if it is not there.
pub(crate) fn read<T: DeserializeOwned>(path: &Path, remedy: &'static str) -> Result<Option<T>, Error> {
    match fs::read(path) {
        Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| Error::Malformed {
            path: path.to_owned(),
            reason: error.to_string(),
            remedy,
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::File { path: path.to_owned(), source }),
    }
}

/// Writes a file of JSON, whole or not at all.
pub(crate) fn write<T: Serialize + ?Sized>(path: &Path, value: &T) -> Result<(), Error> {
    Ok(output_file::replace_with(path, serde_json::json!(value).to_string().as_bytes())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Version;

    #[test]
    fn a_place_reads_back_and_one_program_has_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("linux/fleet");
        // Others can read what was there before.
        fs::create_dir_all(folder.join("people")).expect("made");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("set");
        let mut files = Files::open(&folder).expect("made");
        assert!(files.load().expect("empty").0.is_empty());
        for inside in [folder.clone(), folder.join("people")] {
            let mode = fs::metadata(&inside).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{}", inside.display());
        }
        let rank = Rank { version: Version { counter: 3, removed: false }, operator: [8; 32] };
        let known = Known { rank, hash: [2; 32], wanted: None };
        let entry = Entry { known: vec![known], refusal: Some("no face".to_owned()), ..Entry::default() };
        let mark = Mark { operator: [8; 32], newest: 5, complete: 4, ack: 9 };
        files.save(PersonId([1; 16]), &entry).expect("kept");
        files.save_marks(&[mark]).expect("kept");
        let second = Files::open(&folder).err().expect("two of them").to_string();
        assert!(second.contains(&format!("already (process {})", std::process::id())), "{second}");
        drop(files);
        let mut files = Files::open(&folder).expect("free again");
        assert_eq!(files.load().expect("read"), (vec![(PersonId([1; 16]), entry)], vec![mark]));
        fs::write(folder.join("marks.json"), "[").expect("written");
        let said = files.load().expect_err("malformed").to_string();
        assert!(said.contains("marks.json") && said.contains("Remove the file"), "{said}");
        fs::write(folder.join(format!("people/{}.json", PersonId([1; 16]).digits())), "{").expect("written");
        let said = files.load().expect_err("malformed").to_string();
        assert!(said.contains("`postern users`") && said.contains("`postern remove`"), "{said}");
    }
}
