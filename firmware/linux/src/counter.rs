//! The door's monotonic counter: a file beside the secret, so outside the flash.
//!
//! By it the door finds that its flash file alone was replaced by an older copy. A file can be copied back, too: so whoever
//! restores the flash and this file together is not found. A secure element or the replay-protected block of an
//! eMMC would find that as well; no driver for one exists here yet.
//!
//! The file has two lines, and a value takes the place of the older one. So it is whole after each cut of the power, and a disk that is
//! full later cannot stop a door that runs.
//!
//! One door has the counter at a time, by a lock on a file beside it. So a copy of a flash may stand in its place, and does not run beside
//! it: each of the two would make the other one an older copy.
//!
//! Each secret has its own:
//!
//! ```text
//! unique.key   unique.counter       and its lock, unique.counter-lock
//! door.front   door.front-counter   a name that does not end in .key; its counter was door.counter, as that of door.back
//! ```

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use board_api::{CounterError, MonotonicCounter};

use crate::{Error, Result, file, secret};

/// Bytes of a line: the value in decimal, twice. A line that was cut short has not the same twice.
const LINE: usize = 22;

/// Most bytes of a file of before: one number, and the end of its line.
const ONE_NUMBER: usize = 11;

/// A counter that a file holds.
#[derive(Debug)]
pub struct FileCounter {
    path: PathBuf,
    value: u32,
    /// No other door has the counter while this is open.
    _lock: File,
}

impl FileCounter {
    /// The counter that belongs to the secret at `secret`; 0 if there is none yet.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Counter`], [`Error::CounterInUse`].
    pub fn beside(secret: &Path) -> Result<Self> {
        let path = place(secret);
        let lock = secret::appended(&path, "-lock");
        let mut options = OpenOptions::new();
        // A pipe would wait for its other end.
        options.write(true).create(true).truncate(false).mode(0o600).custom_flags(libc::O_NONBLOCK);
        let file = options.open(&lock);
        let file = file.map_err(Error::file(&lock))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::CounterInUse { path }),
            Err(TryLockError::Error(error)) => return Err(Error::file(&lock)(error)),
        }
        let before = secret.with_extension("counter");
        let found = match read(&path)? {
            None if before != path => read(&before)?.map(|(value, _)| (value, false)),
            found => found,
        };
        let (value, is_in_place) = found.unwrap_or((0, false));
        if !is_in_place {
            make(&path, value).map_err(Error::file(&path))?;
        }
        Ok(Self { path, value, _lock: file })
    }

    /// Writes a value in the place of the older one.
    fn write(&self, value: u32) -> std::io::Result<()> {
        let mut options = OpenOptions::new();
        let file = options.write(true).custom_flags(libc::O_NONBLOCK).open(&self.path)?;
        file.write_all_at(&line(value), (value as usize % 2 * LINE) as u64)?;
        file.sync_data()
    }
}

/// Where the counter of a secret lies: no other secret has its counter there.
fn place(secret: &Path) -> PathBuf {
    if secret.extension().is_some_and(|extension| extension == "key") {
        return secret.with_extension("counter");
    }
    secret::appended(secret, "-counter")
}

/// The value in a file, and whether it is in the form that is written in place; `None` if there is no file.
fn read(path: &Path) -> Result<Option<(u32, bool)>> {
    match file::read(path, 2 * LINE as u64) {
        Ok(bytes) => {
            let value = value_of(&bytes).ok_or_else(|| Error::Counter { path: path.to_owned() })?;
            Ok(Some((value, bytes.len() == 2 * LINE)))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::file(path)(error)),
    }
}

/// The line of a value.
fn line(value: u32) -> [u8; LINE] {
    let mut line = [b'\n'; LINE];
    line[..LINE - 1].copy_from_slice(format!("{value:010} {value:010}").as_bytes());
    line
}

/// The value in a file: of two lines, or of one number, as before.
fn value_of(bytes: &[u8]) -> Option<u32> {
    let number = |bytes: &[u8]| std::str::from_utf8(bytes).ok()?.trim().parse().ok();
    match bytes.len() {
        0..=ONE_NUMBER => number(bytes),
        _ if bytes.len() == 2 * LINE => {
            let lines = bytes.chunks_exact(LINE);
            lines.filter_map(|line| number(&line[..10]).filter(|value| self::line(*value) == *line)).max()
        }
        _ => None,
    }
}

/// Makes the file with a value, beside its place, and renames it: so it is whole, or as before.
fn make(path: &Path, value: u32) -> std::io::Result<()> {
    let beside = secret::appended(path, "-new");
    let mut file = secret::beside_its_place(&beside, 2 * LINE as u64)?;
    file.write_all(&[line(value), line(value)].concat())?;
    file.sync_all()?;
    secret::replace(&beside, path)
}

impl MonotonicCounter for FileCounter {
    fn read(&mut self) -> std::result::Result<u32, CounterError> {
        Ok(self.value)
    }

    fn increment(&mut self) -> std::result::Result<(), CounterError> {
        let next = self.value.checked_add(1).ok_or(CounterError)?;
        let written = self.write(next).or_else(|error| match error.kind() {
            // Somebody removed it.
            ErrorKind::NotFound => make(&self.path, next),
            _ => Err(error),
        });
        written.map_err(|error| {
            eprintln!(
                "the counter {} cannot be written, so nothing is changed: {error}",
                self.path.display()
            );
            CounterError
        })?;
        self.value = next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn a_counter_rises_in_its_place_so_a_disk_that_is_full_later_stops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("unique.key");
        let path = secret.with_extension("counter");
        // As a door of before left it.
        fs::write(&path, "41\n").unwrap();
        let mut counter = FileCounter::beside(&secret).unwrap();
        let place = |path: &Path| fs::metadata(path).map(|is| (is.ino(), is.blocks(), is.len())).unwrap();
        let before = place(&path);
        for value in 42..=45 {
            counter.increment().unwrap();
            assert_eq!((counter.read(), place(&path)), (Ok(value), before));
        }
        drop(counter);
        // A write that was cut short leaves the value before.
        let whole = fs::read(&path).unwrap();
        for cut in 0..LINE {
            let mut bytes = whole.clone();
            bytes[LINE + cut..].copy_from_slice(&line(43)[cut..]);
            fs::write(&path, bytes).unwrap();
            let value = FileCounter::beside(&secret).unwrap().read().unwrap();
            assert!((44..=45).contains(&value), "{value} after {cut} bytes");
        }
        fs::remove_file(&path).unwrap();
        let mut counter = FileCounter::beside(&secret).unwrap();
        fs::remove_file(&path).unwrap();
        counter.increment().unwrap();
        drop(counter);
        assert_eq!(FileCounter::beside(&secret).unwrap().read(), Ok(1));
    }

    #[test]
    fn each_secret_has_a_counter_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["door.front", "door.back", "door", "door.key"];
        let secrets = names.map(|name| folder.path().join(name));
        // All at once: none is in use by another.
        let mut counters = [const { None }; 4];
        for (at, secret) in secrets.iter().enumerate() {
            let mut counter = FileCounter::beside(secret).unwrap();
            (0..at).for_each(|_| counter.increment().unwrap());
            counters[at] = Some(counter);
        }
        drop(counters);
        let values = secrets.each_ref().map(|secret| FileCounter::beside(secret).unwrap().read());
        assert_eq!(values, [Ok(0), Ok(1), Ok(2), Ok(3)]);
    }

    /// A door goes on with the value that it had where two doors may have had one counter.
    #[test]
    fn a_counter_of_before_is_taken_over_once_and_stays_for_the_other_door() {
        let folder = tempfile::tempdir().unwrap();
        let [front, back] = ["door.front", "door.back"].map(|name| folder.path().join(name));
        let before = folder.path().join("door.counter");
        fs::write(&before, [line(41), line(40)].concat()).unwrap();
        FileCounter::beside(&front).unwrap().increment().unwrap();
        assert_eq!(FileCounter::beside(&back).unwrap().read(), Ok(41));
        assert_eq!(fs::read(&before).unwrap(), [line(41), line(40)].concat());
        fs::write(&before, [line(50), line(50)].concat()).unwrap();
        assert_eq!(FileCounter::beside(&front).unwrap().read(), Ok(42), "its own counts");
    }

    #[test]
    fn a_counter_only_rises_and_is_kept_for_one_door() {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("unique.key");
        let mut counter = FileCounter::beside(&secret).unwrap();
        assert_eq!(counter.read(), Ok(0));
        counter.increment().unwrap();
        counter.increment().unwrap();
        assert!(matches!(FileCounter::beside(&secret), Err(Error::CounterInUse { .. })));
        drop(counter);
        assert_eq!(FileCounter::beside(&secret).unwrap().read(), Ok(2));
        fs::write(secret.with_extension("counter"), "many").unwrap();
        assert!(FileCounter::beside(&secret).unwrap_err().to_string().contains("unique.counter"));
    }
}
