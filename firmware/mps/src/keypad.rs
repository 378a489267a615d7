//! The keypad by the door, whose keys the host presses in the window.

use emulation::window::{KEYPAD, KEYPAD_TAKEN};

use crate::window;

/// The keypad.
#[derive(Debug)]
pub struct Keypad(());

impl Keypad {
    /// The keypad, on which nothing was pressed since the board booted.
    pub fn new() -> Self {
        window::word(KEYPAD_TAKEN).write(window::word(KEYPAD).read());
        Self(())
    }
}

impl Default for Keypad {
    fn default() -> Self {
        Self::new()
    }
}

impl board_api::Keypad for Keypad {
    fn key(&mut self) -> Option<u8> {
        let (pressed, taken) = (window::word(KEYPAD).read(), window::word(KEYPAD_TAKEN));
        if pressed == taken.read() {
            return None;
        }
        taken.write(pressed);
        Some(pressed as u8)
    }
}
