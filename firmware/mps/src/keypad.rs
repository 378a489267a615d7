//! The keypad by the door; the host presses its keys in the window.

use host_window::window::{KEYPAD, KEYPAD_TAKEN};

use mps_registers::Register;

use crate::window;

/// The keypad.
#[derive(Debug)]
pub struct Keypad(());

impl Keypad {
    /// The keypad. Keys that were pressed before the board booted do not count.
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
