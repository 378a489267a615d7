//! The line that holds the lock, which the keeper alone drives.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use host_window::WINDOW;
use host_window::window::{OUTPUTS, UNLOCKS};

use crate::{Error, Result, gpio};

/// A line that opens a lock while it is high.
pub trait LockLine {
    /// Drives the line.
    ///
    /// # Errors
    /// The line could not be driven: it is as it was.
    fn drive(&mut self, high: bool) -> io::Result<()>;
}

/// Opens a line by its text: `made:FILE`, `file:FILE`, or a line of a GPIO chip, see [`gpio`](crate::gpio).
///
/// # Errors
/// As opening the line.
pub fn open(text: &str) -> Result<Box<dyn LockLine>> {
    match text.split_once(':') {
        Some(("made", path)) => Ok(Box::new(MadeLine::open(path.as_ref())?)),
        Some(("file", path)) => Ok(Box::new(FileLine::open(path.as_ref())?)),
        _ => Ok(Box::new(gpio::Line::output(text)?)),
    }
}

/// A file in place of a line, for tests and for trials without a lock: its one byte is `1` while the lock is open.
pub struct FileLine(File);

impl FileLine {
    /// The line in a file, which is made if there is none.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn open(path: &Path) -> Result<Self> {
        let opened = OpenOptions::new().write(true).create(true).truncate(false).open(path);
        opened.map(Self).map_err(Error::file(path))
    }
}

impl LockLine for Box<dyn LockLine> {
    fn drive(&mut self, high: bool) -> io::Result<()> {
        (**self).drive(high)
    }
}

impl LockLine for gpio::Line {
    fn drive(&mut self, high: bool) -> io::Result<()> {
        self.set(high)
    }
}

impl LockLine for FileLine {
    fn drive(&mut self, high: bool) -> io::Result<()> {
        self.0.write_all_at(if high { b"1" } else { b"0" }, 0)
    }
}

/// The lock of a made door: the first byte of the outputs in its window. The door itself writes the other bytes, so that
/// two processes never write one byte.
pub struct MadeLine {
    file: File,
    high: bool,
}

impl MadeLine {
    /// The lock in a made door's flash file.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn open(path: &Path) -> Result<Self> {
        let opened = OpenOptions::new().read(true).write(true).open(path);
        Ok(Self { file: opened.map_err(Error::file(path))?, high: false })
    }

    fn count(&self) -> io::Result<()> {
        let place = u64::from(WINDOW.offset) + UNLOCKS as u64;
        let mut unlocks = [0; 4];
        self.file.read_exact_at(&mut unlocks, place)?;
        self.file.write_all_at(&u32::from_le_bytes(unlocks).wrapping_add(1).to_le_bytes(), place)
    }
}

impl LockLine for MadeLine {
    fn drive(&mut self, high: bool) -> io::Result<()> {
        self.file.write_all_at(&[u8::from(high)], u64::from(WINDOW.offset) + OUTPUTS as u64)?;
        if high && !self.high {
            self.count()?;
        }
        self.high = high;
        Ok(())
    }
}
