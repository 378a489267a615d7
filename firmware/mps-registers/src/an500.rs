//! Arm MPS2 AN500: Cortex-M7.

use crate::{Board, Lines, cmsdk_timer::CmsdkTimer};

/// The board.
pub const BOARD: Board = Board {
    name: "an500",
    layout: host_window::AN500,
    uarts: [0x4000_4000, 0x4000_5000, 0x4000_6000],
    fpgaio: 0x4002_8000,
    watchdog: 0x4000_8000,
    watchdog_ticks_per_ms: 25_000,
    lines: Lines { timer: 8, host: [0, 1], log: 3, bus: [4, 5], urgent_tasks: 31, background_tasks: 30 },
};

/// Entries of the vector table for interrupt lines.
pub const LINES: usize = 32;

/// The counter with an alarm.
pub type Counter = CmsdkTimer;

/// Names the counter: FPGAIO's, and timer 0.
///
/// # Safety
/// This runs on the board, and nothing else uses them.
pub const unsafe fn counter() -> Counter {
    // SAFETY: they are there on this board; the caller says that nothing else uses them.
    unsafe { CmsdkTimer::new(BOARD.fpgaio, 0x4000_0000) }
}
