//! Arm MPS2 AN500: Cortex-M7.

use host_window::AN500;
use partitions::MEMORY_BASE;

use crate::mpu::{Area, Areas, Rights};
use crate::{Board, Lines, cmsdk_timer::CmsdkTimer};

/// The board.
pub const BOARD: Board = Board {
    name: "an500",
    layout: AN500,
    uarts: [0x4000_4000, 0x4000_5000, 0x4000_6000],
    fpgaio: 0x4002_8000,
    watchdog: 0x4000_8000,
    watchdog_ticks_per_ms: 25_000,
    lines: Lines { timer: 8, host: [0, 1], log: 3, bus: [4, 5], urgent_tasks: 31, background_tasks: 30 },
    memory: Areas::V7(MEMORY),
    stack_guard: STACK - 4,
};

const FUSES: u32 = AN500.fuses as u32;
const STACK: u32 = 0x2030_0000;
const EXTERNAL: u32 = MEMORY_BASE as u32;
const BOOT: partitions::Region = AN500.partitions.boot;

/// As the firmware's `memory.x` uses the memory.
const MEMORY: &[Area] = &[
    Area::new(FUSES, FUSES + 0x1000, Rights::Data),
    // The arena, and over its first quarter the code.
    Area::new(0, 0x0040_0000, Rights::Data),
    Area::new(0, AN500.partitions.code_len, Rights::Code),
    Area::new(0x2000_0000, 0x2020_0000, Rights::Data),
    Area::new(STACK, 0x2038_0000, Rights::Data),
    Area::new(0x4000_0000, 0x4004_0000, Rights::Device),
    Area::new(EXTERNAL, EXTERNAL + AN500.file_len as u32, Rights::Data),
    Area::new(EXTERNAL + BOOT.offset, EXTERNAL + BOOT.end(), Rights::None),
];

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
