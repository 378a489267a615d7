//! Interrupt lines by number.

use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::NVIC;

/// An external interrupt line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line(pub u16);

// SAFETY: the number is passed on unchanged and a `Line` never changes it.
unsafe impl InterruptNumber for Line {
    fn number(self) -> u16 {
        self.0
    }
}

/// How urgent a line is. Three bits of priority are what every Cortex-M of this class has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Priority {
    /// Serial bytes and the alarm of the clock: handlers of a few instructions.
    Device = 0x20,
    /// The executor of the tasks that must not wait for a network to finish.
    Urgent = 0x60,
    /// The executor of all other tasks. Thread mode is left for sleeping: there `wfi` cannot miss a task that
    /// an interrupt has just woken, and the emulator does not sleep in `wfe`.
    Background = 0xe0,
}

/// Sets the priority of `line`; call this before the line is enabled.
pub fn set_priority(line: Line, priority: Priority) {
    // SAFETY: only the priority register of `line` is touched, and no critical section of this
    // program is built on priorities.
    unsafe {
        let mut nvic = cortex_m::Peripherals::steal().NVIC;
        nvic.set_priority(line, priority as u8);
    }
}

/// Lets `line` interrupt at `priority`.
///
/// # Safety
/// The handler in the vector table is ready to run.
pub unsafe fn enable(line: Line, priority: Priority) {
    set_priority(line, priority);
    // SAFETY: the caller says that the handler is ready.
    unsafe { NVIC::unmask(line) };
}
