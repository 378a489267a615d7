//! The door's monotonic counter: a file beside the secret, so outside the flash.
//!
//! By it the door finds that its flash file alone was replaced by an older copy. A file can be copied back, too: so whoever
//! restores the flash and this file together is not found. A secure element or the replay-protected block of an
//! eMMC would find that as well; no driver for one exists here yet.
//!
//! One door has the counter at a time, by a lock on a file beside it. So a copy of a flash may stand in its place, and does not run beside
//! it: each of the two would make the other one an older copy.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use board_api::{CounterError, MonotonicCounter};

use crate::{Error, Result, secret};

/// A counter that a file holds, in decimal.
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
        // The counter's own file is another one with each value.
        let lock = secret.with_extension("counter-lock");
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(&lock);
        let file = file.map_err(Error::file(&lock))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::CounterInUse { path }),
            Err(TryLockError::Error(error)) => return Err(Error::file(&lock)(error)),
        }
        let value = match fs::read_to_string(&path) {
            Ok(text) => text.trim().parse().map_err(|_| Error::Counter { path: path.clone() })?,
            Err(error) if error.kind() == ErrorKind::NotFound => 0,
            Err(error) => return Err(Error::file(&path)(error)),
        };
        Ok(Self { path, value, _lock: file })
    }

    /// Writes a value beside the file and renames it, so that it is whole or the one before.
    fn write(&self, value: u32) -> std::io::Result<()> {
        let beside = self.path.with_extension("counter-new");
        // The longest number, and the end of its line.
        let mut file = secret::beside_its_place(&beside, 11)?;
        writeln!(file, "{value}")?;
        file.sync_all()?;
        secret::replace(&beside, &self.path)
    }
}

impl MonotonicCounter for FileCounter {
    fn read(&mut self) -> std::result::Result<u32, CounterError> {
        Ok(self.value)
    }

    fn increment(&mut self) -> std::result::Result<(), CounterError> {
        let next = self.value.checked_add(1).ok_or(CounterError)?;
        self.write(next).map_err(|_| CounterError)?;
        self.value = next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
