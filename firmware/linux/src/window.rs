//! The made surroundings of a door: words in the first page of its flash file, which the host writes and reads.
//!
//! As on an emulated board ([`host_window::window`]). Host and door read and write the same pages of the system's cache.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use host_window::window::{LED_BIT, OUTPUTS};
use host_window::{FRAME, WINDOW};

/// The window page of a made door.
#[derive(Debug, Clone)]
pub struct Window(Arc<File>);

impl Window {
    /// The window in this file.
    pub fn new(file: Arc<File>) -> Self {
        Self(file)
    }

    /// The word at `offset`; 0 if it cannot be read.
    pub fn word(&self, offset: usize) -> u32 {
        let mut bytes = [0; 4];
        match self.0.read_exact_at(&mut bytes, u64::from(WINDOW.offset) + offset as u64) {
            Ok(()) => u32::from_le_bytes(bytes),
            Err(_) => 0,
        }
    }

    /// Writes the word at `offset`.
    ///
    /// # Errors
    /// As writing a file.
    pub fn set_word(&self, offset: usize, word: u32) -> io::Result<()> {
        self.0.write_all_at(&word.to_le_bytes(), u64::from(WINDOW.offset) + offset as u64)
    }

    /// Writes the outputs except for the lock, which the keeper writes: bit 0 is LED 0.
    ///
    /// # Errors
    /// As writing a file.
    pub fn set_leds(&self, leds: u32) -> io::Result<()> {
        let place = u64::from(WINDOW.offset) + OUTPUTS as u64 + u64::from(LED_BIT / 8);
        self.0.write_all_at(&leds.to_le_bytes()[..3], place)
    }

    /// Copies the first bytes of the frame buffer.
    ///
    /// # Errors
    /// As reading a file.
    pub fn frame(&self, bytes: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(bytes, FRAME.offset.into())
    }
}
