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
        let path = secret.with_extension("counter");
        let lock = secret.with_extension("counter-lock");
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
        let (value, is_in_place) = match file::read(&path, 2 * LINE as u64) {
            Ok(bytes) => {
                let value = value_of(&bytes).ok_or_else(|| Error::Counter { path: path.clone() })?;
                (value, bytes.len() == 2 * LINE)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => (0, false),
            Err(error) => return Err(Error::file(&path)(error)),
        };
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
    let beside = path.with_extension("counter-new");
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
