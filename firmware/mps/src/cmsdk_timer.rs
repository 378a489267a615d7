//! The free-running counter of FPGAIO, made 64 bits wide, and a CMSDK timer as its alarm (AN500).
//!
//! The counter has 32 bits at 25 MHz and wraps after 171 s. Whoever reads it notices a wrap, and
//! the alarm is never set further away than [`LONGEST`], so that somebody does.

use core::cell::Cell;

use critical_section::Mutex;

use crate::clock::Counter;
use crate::register::Register;

/// Offsets in FPGAIO.
const COUNTER: usize = 0x18;
const PRESCALE: usize = 0x1c;
/// Offsets in a CMSDK timer (ARM DDI 0479).
const CTRL: usize = 0x00;
const VALUE: usize = 0x04;
const RELOAD: usize = 0x08;
const INTERRUPT: usize = 0x0c;
const CTRL_ENABLE: u32 = 1 << 0;
const CTRL_INTERRUPT: u32 = 1 << 3;

/// Ticks to the furthest alarm, 86 s.
const LONGEST: u64 = 1 << 31;

/// FPGAIO's counter and a CMSDK timer, both at 25 MHz.
pub struct CmsdkTimer {
    counter: Register,
    prescale: Register,
    control: Register,
    value: Register,
    reload: Register,
    interrupt: Register,
    /// What the counter was when last read, with the wraps above.
    last: Mutex<Cell<u64>>,
}

impl CmsdkTimer {
    /// Names FPGAIO and a CMSDK timer by their addresses.
    ///
    /// # Safety
    /// They are there, and nothing else uses FPGAIO's counter and the timer.
    pub const unsafe fn new(fpgaio: usize, timer: usize) -> Self {
        // SAFETY: the caller says that both are there; the offsets are Arm's.
        unsafe {
            Self {
                counter: Register::new(fpgaio + COUNTER),
                prescale: Register::new(fpgaio + PRESCALE),
                control: Register::new(timer + CTRL),
                value: Register::new(timer + VALUE),
                reload: Register::new(timer + RELOAD),
                interrupt: Register::new(timer + INTERRUPT),
                last: Mutex::new(Cell::new(0)),
            }
        }
    }

    /// Starts counting.
    pub fn start(&self) {
        self.prescale.write(0);
        self.counter.write(0);
        critical_section::with(|_| self.set_alarm(u64::MAX));
    }
}

impl Counter for CmsdkTimer {
    const HZ: u64 = 25_000_000;

    fn ticks(&self) -> u64 {
        critical_section::with(|token| {
            let last = self.last.borrow(token);
            let passed = self.counter.read().wrapping_sub(last.get() as u32);
            last.set(last.get() + u64::from(passed));
            last.get()
        })
    }

    fn set_alarm(&self, at: u64) {
        // Zero would stop the timer.
        let wait = at.saturating_sub(self.ticks()).clamp(1, LONGEST) as u32;
        self.control.write(0);
        self.interrupt.write(1);
        self.reload.write(wait);
        self.value.write(wait);
        self.control.write(CTRL_ENABLE | CTRL_INTERRUPT);
    }

    fn acknowledge(&self) {
        self.control.write(0);
        self.interrupt.write(1);
    }
}
