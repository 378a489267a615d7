//! Which entry of the log comes next, in a file, so that a restart loses nothing and repeats nothing.
//!
//! ```text
//! {"next":42,"link":"…32 digits…","refused":3,"last":{"person":1,"name":"Ada","time":"…"}}     bridge/published.json
//! ```
//! `link` is that of the entry before `next`. The log of another board, or of a board whose flash was erased, does not have it.
//! The folder is locked while a bridge runs: two would each move the other's number.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::door::Entry;
use crate::payload::Admitted;

/// What the file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The number of the entry that comes next.
    pub next: u32,
    /// The link of the entry before it; `None` if there is none.
    pub link: Option<String>,
    /// Refusals so far.
    pub refused: u64,
    /// Who was let in last.
    pub last: Option<Admitted>,
}

impl Progress {
    /// Goes past an entry.
    pub fn take(&mut self, Entry { event, link }: &Entry) {
        self.next = event.number.saturating_add(1);
        self.link = Some(link.clone());
        match event.kind.as_str() {
            "refused" => self.refused += 1,
            "admitted" => {
                let (person, name, time) = (event.person, event.name.clone(), event.time.clone());
                self.last = Some(Admitted { person, name, time });
            }
            // A person who was removed has no name any more.
            "removed" | "renamed" => {
                if let Some(last) = self.last.as_mut().filter(|last| last.person == event.person) {
                    last.name.clone_from(&event.name);
                }
            }
            _ => {}
        }
    }
}

/// The file.
pub struct Kept {
    path: PathBuf,
    /// Holds the lock of the folder.
    _lock: File,
}

impl Kept {
    /// Locks `folder`, which is made if it is not there, and reads the file in it; `None` without a file.
    ///
    /// # Errors
    /// [`Error::Running`], [`Error::File`], [`Error::Kept`].
    pub fn open(folder: &Path) -> Result<(Self, Option<Progress>), Error> {
        let file = |path: &Path, source| Error::File { path: path.to_owned(), source };
        // The name of the person who came last is in it.
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        let lock = made.and_then(|()| File::open(folder)).map_err(|source| file(folder, source))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Running { path: folder.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(file(folder, source)),
        }
        let path = folder.join("published.json");
        let progress = match fs::read(&path) {
            Ok(text) => Some(
                serde_json::from_slice(&text)
                    .map_err(|error| Error::Kept { path: path.clone(), reason: error.to_string() })?,
            ),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(file(&path, source)),
        };
        Ok((Self { path, _lock: lock }, progress))
    }

    /// Writes the file. It is on the disk when this returns.
    ///
    /// # Errors
    /// [`Error::Save`].
    pub fn save(&self, progress: &Progress) -> Result<(), Error> {
        let text = serde_json::json!(progress).to_string();
        Ok(output_file::replace_with(&self.path, text.as_bytes())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::Event;

    /// An entry of that kind.
    fn entry(number: u32, kind: &str, person: Option<u32>, name: Option<&str>) -> Entry {
        let event = Event {
            number,
            kind: kind.to_owned(),
            time: Some("2026-11-25T12:34:56Z".to_owned()),
            exact: Some(true),
            person,
            name: name.map(str::to_owned),
            reason: None,
            why: None,
            over: None,
            duress: None,
        };
        Entry { event, link: format!("link {number}") }
    }

    #[test]
    fn what_was_published_is_there_after_a_restart_and_one_bridge_runs() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("linux/bridge");
        let (kept, none) = Kept::open(&folder).expect("made");
        assert_eq!(none, None);
        let mut progress = Progress::default();
        progress.take(&entry(6, "refused", None, None));
        progress.take(&entry(7, "admitted", Some(1), Some("Ada")));
        kept.save(&progress).expect("written");
        assert!(matches!(Kept::open(&folder), Err(Error::Running { .. })), "two of them");
        drop(kept);
        let (_, read) = Kept::open(&folder).expect("free again");
        assert_eq!((progress.next, progress.link.as_deref(), progress.refused), (8, Some("link 7"), 1));
        assert_eq!(read, Some(progress));
    }

    #[test]
    fn a_file_that_is_none_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("published.json"), "{").expect("written");
        let said = Kept::open(folder.path()).err().expect("malformed").to_string();
        assert!(said.contains("published.json is not what a bridge wrote"), "{said}");
    }

    #[test]
    fn who_was_removed_has_no_name_and_who_was_renamed_the_new_one() {
        let mut progress = Progress::default();
        progress.take(&entry(0, "admitted", Some(1), Some("Ada")));
        progress.take(&entry(1, "removed", Some(2), None));
        assert_eq!(progress.last.as_ref().map(Admitted::text).as_deref(), Some("Ada"));
        progress.take(&entry(2, "renamed", Some(1), Some("Ada L.")));
        assert_eq!(progress.last.as_ref().map(Admitted::text).as_deref(), Some("Ada L."));
        progress.take(&entry(3, "removed", Some(1), None));
        assert_eq!(progress.last.as_ref().map(Admitted::text).as_deref(), Some("person 1"));
    }
}
