//! Arm MPS3 AN547: Cortex-M55 in an SSE-300 subsystem.

use crate::{Board, Lines, sse_counter::SseCounter};

/// The board.
pub const BOARD: Board = Board {
    name: "an547",
    layout: host_window::AN547,
    uarts: [0x5930_3000, 0x5930_4000, 0x5930_5000],
    fpgaio: 0x5930_2000,
    watchdog: 0x5802_e000,
    watchdog_ticks_per_ms: 32,
    lines: Lines {
        timer: 3,
        host: [33, 34],
        log: 36,
        bus: [37, 38],
        urgent_tasks: 127,
        background_tasks: 126,
    },
};

/// Entries of the vector table for interrupt lines.
pub const LINES: usize = 128;

/// The counter with an alarm.
pub type Counter = SseCounter;

/// Names the counter: the system counter's two frames, and timer 0.
///
/// # Safety
/// This runs on the board, and nothing else uses them.
pub const unsafe fn counter() -> Counter {
    // SAFETY: they are there on this board; the caller says that nothing else uses them.
    unsafe { SseCounter::new(0x5810_0000, 0x5810_1000, 0x5800_0000) }
}
