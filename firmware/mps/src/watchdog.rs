//! The watchdog, as the door feeds it.

use mps_registers::{Board, watchdog};

/// The board's watchdog.
#[derive(Debug)]
pub struct Watchdog(watchdog::Watchdog);

impl Watchdog {
    /// Starts the watchdog of `board`: from here on it must be fed within so many milliseconds.
    ///
    /// # Safety
    /// This runs on `board`, and this is the only value that names its watchdog.
    pub unsafe fn start(board: &Board, milliseconds: u32) -> Self {
        // SAFETY: the caller says so.
        let mut watchdog = unsafe { watchdog::Watchdog::new(board.watchdog) };
        watchdog.start(milliseconds * board.watchdog_ticks_per_ms);
        Self(watchdog)
    }
}

impl board_api::Watchdog for Watchdog {
    fn feed(&mut self) {
        self.0.feed();
    }
}
