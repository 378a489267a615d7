//! What a board's description says.

use host_window::Layout;

use crate::mpu::Areas;

/// The clock of the UARTs on both boards.
pub const UART_CLOCK_HZ: u32 = 25_000_000;

/// One MPS board: addresses, interrupt lines and clocks.
#[derive(Debug)]
pub struct Board {
    /// Its name, as in `an547`.
    pub name: &'static str,
    /// The memory that it shares with its host.
    pub layout: Layout,
    /// CMSDK UARTs: to the host, for the log, to an access controller.
    pub uarts: [usize; 3],
    /// FPGAIO: LEDs and, on AN500, a counter.
    pub fpgaio: usize,
    /// The CMSDK watchdog.
    pub watchdog: usize,
    /// Ticks of the watchdog in a millisecond.
    pub watchdog_ticks_per_ms: u32,
    /// The interrupt lines.
    pub lines: Lines,
    /// What the firmware may do with the memory.
    pub memory: Areas,
    /// An address right below the firmware's stack: a stack that overflows faults there.
    pub stack_guard: u32,
}

/// Interrupt lines, by number.
#[derive(Debug)]
pub struct Lines {
    /// The clock's alarm.
    pub timer: u16,
    /// UART to the host: received, can send.
    pub host: [u16; 2],
    /// UART of the log: can send.
    pub log: u16,
    /// UART to an access controller: received, can send.
    pub bus: [u16; 2],
    /// A line that no peripheral uses, for the tasks that must not wait for a network to finish.
    pub urgent_tasks: u16,
    /// A line that no peripheral uses, for all other tasks.
    pub background_tasks: u16,
}
