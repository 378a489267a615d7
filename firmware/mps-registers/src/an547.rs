//! Arm MPS3 AN547: Cortex-M55 in an SSE-300 subsystem.

use host_window::AN547;
use partitions::MEMORY_BASE;

use crate::mpu::{Area, Areas, Rights};
use crate::{Board, Lines, sse_counter::SseCounter};

/// The board.
pub const BOARD: Board = Board {
    name: "an547",
    layout: AN547,
    uarts: [0x5930_3000, 0x5930_4000, 0x5930_5000],
    fpgaio: 0x5930_2000,
    i2c: 0x5920_6000,
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
    memory: Areas::V8(MEMORY),
    stack_guard: STACK - 4,
};

const FUSES: u32 = AN547.fuses as u32;
const STACK: u32 = 0x2000_0000;
const EXTERNAL: u32 = MEMORY_BASE as u32;
const BOOT: partitions::Region = AN547.partitions.boot;
const NPU: partitions::Region = AN547.npu.unwrap();
const FURTHER: partitions::Region = AN547.partitions.further;

/// As the firmware's `memory.x` uses the memory. The boot record is in no area.
const MEMORY: &[Area] = &[
    Area::new(FUSES, FUSES + 0x1000, Rights::Data),
    Area::new(0, AN547.partitions.code_len, Rights::Code),
    Area::new(0x0100_0000, 0x0120_0000, Rights::Data),
    Area::new(STACK, 0x2008_0000, Rights::Data),
    Area::new(0x2100_0000, FUSES, Rights::Data),
    Area::new(0x5800_0000, 0x5940_0000, Rights::Device),
    Area::new(EXTERNAL, EXTERNAL + BOOT.offset, Rights::Data),
    Area::new(EXTERNAL + BOOT.end(), EXTERNAL + AN547.partitions.nor.end(), Rights::Data),
    Area::new(EXTERNAL + NPU.offset, EXTERNAL + NPU.end(), Rights::Data),
    Area::new(EXTERNAL + FURTHER.offset, EXTERNAL + FURTHER.end(), Rights::Data),
];

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
