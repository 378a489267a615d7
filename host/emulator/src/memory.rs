//! The memory of an emulated board, which is a file.
//!
//! The emulator maps the file and the host reads and writes it. Both see the same pages of the operating system's
//! cache, so that the board sees a word as soon as it is written here. A word that is read during a write may be
//! torn; the window's protocol tolerates that (the reader retries on an odd or changed sequence number).

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use host_window::{Layout, WINDOW, window};

use crate::{Error, Result};

/// How long a key waits for a board that does not read its keypad.
const KEY_PATIENCE: Duration = Duration::from_secs(120);

/// What a board's display shows that its pairing button would answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Nothing.
    Nothing,
    /// A pairing code.
    Code(u32),
    /// That all but its log is to be erased.
    Erase,
}

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

    /// A second handle on the same file.
    pub(crate) fn try_clone(&self) -> Result<Self> {
        let file = self.file.try_clone().map_err(Error::file(&self.path))?;
        Ok(Self { file, path: self.path.clone(), map: self.map })
    }

    /// The layout of the memory.
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

    /// Whether the lock relay is energised now. It unlocks a fail-secure lock and locks a fail-safe lock.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn relay_is_on(&self) -> Result<bool> {
        Ok(self.word(window::OUTPUTS)? >> window::LOCK_BIT & 1 == 1)
    }

    /// How often the lock relay was switched on since the board was made.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn unlocks(&self) -> Result<u32> {
        self.word(window::UNLOCKS)
    }

    /// The pairing code on the board's display; `None` while it shows none.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn code(&self) -> Result<Option<u32>> {
        let word = self.word(window::CODE)?;
        Ok((word & window::CODE_SHOWN != 0).then_some(word & !window::CODE_SHOWN))
    }

    /// Whether the board's display shows that all but its log is to be erased.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn shows_erase(&self) -> Result<bool> {
        Ok(self.word(window::CODE)? == window::ERASE_SHOWN)
    }

    /// What its display shows, whoever asked for it.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn shown(&self) -> Result<Shown> {
        Ok(match self.code()? {
            Some(code) => Shown::Code(code),
            None if self.shows_erase()? => Shown::Erase,
            None => Shown::Nothing,
        })
    }

    /// Presses the pairing button, so that a code is shown. Where the board shows something already, the button would answer that:
    /// then it is not pressed. Returns whether it was.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn press_for_a_code(&self) -> Result<bool> {
        let shows_nothing = self.shown()? == Shown::Nothing;
        if shows_nothing {
            self.press_pairing_button(true)?;
        }
        Ok(shows_nothing)
    }

    /// Presses or releases the exit button.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn press_button(&self, pressed: bool) -> Result<()> {
        self.set_input(window::BUTTON_BIT, pressed)
    }

    /// Presses or releases the pairing button.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn press_pairing_button(&self, pressed: bool) -> Result<()> {
        self.set_input(window::PAIRING_BIT, pressed)
    }

    /// Opens or closes the door contact, whatever the state of the lock.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn open_door(&self, open: bool) -> Result<()> {
        self.set_input(window::CONTACT_BIT, open)
    }

    /// Opens or closes the board's cover, which its tamper switch detects.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn open_cover(&self, open: bool) -> Result<()> {
        self.set_input(window::COVER_BIT, open)
    }

    /// Whether the door leaf is open, by its contact.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn door_is_open(&self) -> Result<bool> {
        Ok(self.word(window::INPUTS)? >> window::CONTACT_BIT & 1 == 1)
    }

    /// Whether the board's cover is open.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn cover_is_open(&self) -> Result<bool> {
        Ok(self.word(window::INPUTS)? >> window::COVER_BIT & 1 == 1)
    }

    fn set_input(&self, bit: u32, high: bool) -> Result<()> {
        let inputs = self.word(window::INPUTS)?;
        self.set_word(window::INPUTS, inputs & !(1 << bit) | u32::from(high) << bit)
    }

    /// The last message on the Wiegand wires: the number of bits, and the bits, the last one lowest.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn wires(&self) -> Result<(u32, u64)> {
        let (low, high) = (self.word(window::WIRES_BITS)?, self.word(window::WIRES_BITS + 4)?);
        Ok((self.word(window::WIRES_PULSES)?, u64::from(high) << 32 | u64::from(low)))
    }

    /// Whether the board's alarm output is on.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn alarm(&self) -> Result<bool> {
        Ok(self.word(window::OUTPUTS)? >> window::ALARM_BIT & 1 == 1)
    }

    /// Types on the keypad, each key once the board has read the one before: digits, `#` to enter, `*` to clear.
    ///
    /// # Errors
    /// [`Error::File`]; [`Error::NotTaken`] if the board does not read them.
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

#[cfg(test)]
mod tests {
    use client::Machine;

    use super::*;

    #[test]
    fn a_button_that_would_answer_what_is_shown_already_is_not_pressed_for_a_code() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("memory");
        let map = Machine::An547.map();
        Memory::create(&path, map).expect("a file");
        let memory = Memory::open(&path, map).expect("opened");
        let pressed = || memory.word(window::INPUTS).expect("read") >> window::PAIRING_BIT & 1 == 1;
        for (word, shown) in
            [(window::CODE_SHOWN | 123_456, Shown::Code(123_456)), (window::ERASE_SHOWN, Shown::Erase)]
        {
            memory.set_word(window::CODE, word).expect("written");
            assert_eq!(memory.shown().expect("read"), shown);
            assert!(!memory.press_for_a_code().expect("asked") && !pressed(), "{shown:?}");
        }
        memory.set_word(window::CODE, 0).expect("written");
        assert!(memory.press_for_a_code().expect("asked") && pressed());
    }
}
