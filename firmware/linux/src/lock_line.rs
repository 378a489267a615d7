//! The line that holds the lock, which the keeper alone drives.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
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

/// A file in place of a line, for tests and for trials without a lock or a button: its first byte is `1` while the line is high.
#[derive(Debug)]
pub struct FileLine(File);

impl FileLine {
    /// The line in a file, which is made if there is none. A file with anything else in it than a line leaves there is
    /// somebody's: it stays as it is.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Line`].
    pub fn open(path: &Path) -> Result<Self> {
        let mut options = OpenOptions::new();
        // A pipe would wait for its other end.
        let options =
            options.read(true).write(true).create(true).truncate(false).custom_flags(libc::O_NONBLOCK);
        let file = options.open(path).map_err(Error::file(path))?;
        let is_file = file.metadata().map_err(Error::file(path))?.is_file();
        let mut bytes = [0; 3];
        let count =
            if is_file { file.read_at(&mut bytes, 0).map_err(Error::file(path))? } else { bytes.len() };
        // A shell writes the end of a line.
        if !matches!(bytes.get(..count), Some([] | [b'0' | b'1'] | [b'0' | b'1', b'\n'])) {
            let hint =
                "something else is there, and stays as it is: name a file that the door may make".to_owned();
            return Err(Error::Line { line: format!("file:{}", path.display()), hint });
        }
        Ok(Self(file))
    }

    /// Whether the line is high.
    ///
    /// # Errors
    /// As reading a file.
    pub fn is_high(&self) -> io::Result<bool> {
        let mut byte = [0];
        self.0.read_at(&mut byte, 0).map(|count| count == 1 && byte == [b'1'])
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
