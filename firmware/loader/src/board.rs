//! The board that the target stands for.

use mps::watchdog::Watchdog;

/// How long an update on trial may take until it starts the watchdog itself.
const TRIAL_MILLISECONDS: u32 = 8_000;

#[cfg(board = "an547")]
mod names {
    pub const MAP: emulation::Map = emulation::AN547;
    pub const WATCHDOG: usize = 0x5802_e000;
    /// It counts at 32 kHz.
    pub const TICKS_A_MILLISECOND: u32 = 32;
}

#[cfg(board = "an500")]
mod names {
    pub const MAP: emulation::Map = emulation::AN500;
    pub const WATCHDOG: usize = 0x4000_8000;
    /// It counts at 25 MHz.
    pub const TICKS_A_MILLISECOND: u32 = 25_000;
}

pub use names::MAP;

/// Starts the watchdog.
pub fn watchdog() {
    // SAFETY: the board has its watchdog here, and the firmware that takes it over does not run yet.
    let mut watchdog = unsafe { Watchdog::new(names::WATCHDOG) };
    watchdog.start(TRIAL_MILLISECONDS * names::TICKS_A_MILLISECOND);
}
