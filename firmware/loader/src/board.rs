//! The board that the target stands for.

use mps_registers::watchdog::Watchdog;

/// How long an update on trial may take until it starts the watchdog itself.
const TRIAL_MILLISECONDS: u32 = 8_000;

#[cfg(board = "an500")]
pub use mps_registers::an500::BOARD;
#[cfg(board = "an547")]
pub use mps_registers::an547::BOARD;

/// Starts the watchdog.
pub fn watchdog() {
    // SAFETY: the board has its watchdog here, and the firmware that takes it over does not run yet.
    let mut watchdog = unsafe { Watchdog::new(BOARD.watchdog) };
    watchdog.start(TRIAL_MILLISECONDS * BOARD.watchdog_ticks_per_ms);
}
