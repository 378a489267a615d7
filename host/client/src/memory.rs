//! The file that is an emulated board's memory.
//!
//! The emulator maps the file and the host reads and writes it. Both see the same pages of the
//! operating system's cache, so that a word written here is there for the board at once. A word
//! read while it is being written may be torn; the window's protocol stands that (an odd or
//! changed sequence is looked at again).

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use host_window::{Layout, WINDOW, window};

use crate::{Error, Result};

/// How long a key stays pressed for a board that does not look.
const KEY_PATIENCE: Duration = Duration::from_secs(120);

/// The memory of one board.
pub struct Memory {
    file: File,
    path: PathBuf,
    map: Layout,
}

impl Memory {
    /// Makes the file if there is none: sparse, all zeros.
    pub(crate) fn create(path: &Path, map: Layout) -> Result<()> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(Error::file(path))?;
        if file.metadata().map_err(Error::file(path))?.len() != map.file_len {
            file.set_len(map.file_len).map_err(Error::file(path))?;
        }
        Ok(())
    }

    /// Opens the file of a board.
    pub(crate) fn open(path: &Path, map: Layout) -> Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(Error::file(path))?;
        Ok(Self { file, path: path.to_owned(), map })
    }

    /// Where everything lies in it.
    pub fn map(&self) -> &Layout {
        &self.map
    }

    /// Reads a word of the window page.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn word(&self, offset: usize) -> Result<u32> {
        let mut bytes = [0; 4];
        self.read(u64::from(WINDOW.offset) + offset as u64, &mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    /// Writes a word of the window page.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn set_word(&self, offset: usize, word: u32) -> Result<()> {
        let place = u64::from(WINDOW.offset) + offset as u64;
        self.write(place, &word.to_le_bytes())
    }

    /// Whether the lock relay has current at this moment, which holds the door open, or, where the lock is
    /// fail-safe, closed.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn relay_is_on(&self) -> Result<bool> {
        Ok(self.word(window::OUTPUTS)? >> window::LOCK_BIT & 1 == 1)
    }

    /// How often the lock's relay was switched on since the board was made.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn unlocks(&self) -> Result<u32> {
        self.word(window::UNLOCKS)
    }

    /// The code of a pairing on the board's display; none while it shows none.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn code(&self) -> Result<Option<u32>> {
        let word = self.word(window::CODE)?;
        Ok((word & window::CODE_SHOWN != 0).then_some(word & !window::CODE_SHOWN))
    }

    /// Holds the button down, or lets it go.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn press_button(&self, pressed: bool) -> Result<()> {
        self.set_input(window::BUTTON_BIT, pressed)
    }

    /// Opens the door itself, whatever the lock says, or closes it.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn open_door(&self, open: bool) -> Result<()> {
        self.set_input(window::CONTACT_BIT, open)
    }

    /// Opens the board's cover, or closes it.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn open_cover(&self, open: bool) -> Result<()> {
        self.set_input(window::COVER_BIT, open)
    }

    fn set_input(&self, bit: u32, high: bool) -> Result<()> {
        let inputs = self.word(window::INPUTS)?;
        self.set_word(window::INPUTS, inputs & !(1 << bit) | u32::from(high) << bit)
    }

    /// The last message on Wiegand's wires: how many bits, and the bits, the last one lowest.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn wires(&self) -> Result<(u32, u64)> {
        let (low, high) = (self.word(window::WIRES_BITS)?, self.word(window::WIRES_BITS + 4)?);
        Ok((self.word(window::WIRES_PULSES)?, u64::from(high) << 32 | u64::from(low)))
    }

    /// Whether the board's output for alarms is on.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn alarm(&self) -> Result<bool> {
        Ok(self.word(window::OUTPUTS)? >> window::ALARM_BIT & 1 == 1)
    }

    /// Types on the keypad, key by key as the board takes them: digits, `#` that ends a code, `*` that takes
    /// it back.
    ///
    /// # Errors
    /// [`Error::File`]; [`Error::NotTaken`] if the board does not look.
    pub fn type_keys(&self, keys: &str) -> Result<()> {
        for key in keys.bytes() {
            let sequence = (self.word(window::KEYPAD)? >> 8).wrapping_add(1);
            let pressed = sequence << 8 | u32::from(key);
            self.set_word(window::KEYPAD, pressed)?;
            let until = Instant::now() + KEY_PATIENCE;
            while self.word(window::KEYPAD_TAKEN)? != pressed {
                if Instant::now() >= until {
                    return Err(Error::NotTaken { seconds: KEY_PATIENCE.as_secs() });
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        Ok(())
    }

    /// Reads bytes at an offset in the file.
    pub(crate) fn read(&self, offset: u64, bytes: &mut [u8]) -> Result<()> {
        self.file.read_exact_at(bytes, offset).map_err(Error::file(&self.path))
    }

    /// Writes bytes at an offset in the file.
    pub(crate) fn write(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.file.write_all_at(bytes, offset).map_err(Error::file(&self.path))
    }
}
