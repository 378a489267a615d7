//! The monotonic counter, in the EEPROM on the shield.

use board_api::{CounterError, MonotonicCounter};
use mps_registers::{
    Board,
    eeprom::{Eeprom, NoAnswer},
};

/// The counter.
#[derive(Debug)]
pub struct Counter(Eeprom);

impl Counter {
    /// The counter of `board`; `None` if there is no EEPROM.
    ///
    /// # Safety
    /// This runs on `board`, and this is the only value that names its I2C bus.
    pub unsafe fn find(board: &Board) -> Option<Self> {
        // SAFETY: the caller says so.
        let mut eeprom = unsafe { Eeprom::new(board.i2c) };
        eeprom.is_there().then_some(Self(eeprom))
    }
}

impl MonotonicCounter for Counter {
    fn read(&mut self) -> Result<u32, CounterError> {
        self.0.value().map_err(|NoAnswer| CounterError)
    }

    fn increment(&mut self) -> Result<(), CounterError> {
        self.0.raise().map_err(|NoAnswer| CounterError)
    }
}
