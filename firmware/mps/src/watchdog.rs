//! The CMSDK watchdog: resets a board that hangs.
//!
//! It counts down twice. The first time it raises the NMI, whose handler locks the door, notes
//! the cause and resets; should even that hang, the second time resets the board by wire.

use crate::register::Register;

/// Offsets in the watchdog (ARM DDI 0479).
const LOAD: usize = 0x00;
const CONTROL: usize = 0x08;
const CLEAR: usize = 0x0c;
const LOCK: usize = 0xc00;
/// Writing this to `LOCK` opens the other registers, anything else closes them.
const KEY: u32 = 0x1acc_e551;
const CONTROL_INTERRUPT: u32 = 1 << 0;
const CONTROL_RESET: u32 = 1 << 1;

/// A watchdog.
#[derive(Debug)]
pub struct Watchdog {
    load: Register,
    control: Register,
    clear: Register,
    lock: Register,
}

impl Watchdog {
    /// Names the watchdog at `base`.
    ///
    /// # Safety
    /// It is there, and this is the only value that names it.
    pub const unsafe fn new(base: usize) -> Self {
        // SAFETY: the caller says that a watchdog is there.
        unsafe {
            Self {
                load: Register::new(base + LOAD),
                control: Register::new(base + CONTROL),
                clear: Register::new(base + CLEAR),
                lock: Register::new(base + LOCK),
            }
        }
    }

    /// Starts it: from here on, it wants to be fed within `ticks` of its clock.
    pub fn start(&mut self, ticks: u32) {
        self.lock.write(KEY);
        self.load.write(ticks);
        self.control.write(CONTROL_INTERRUPT | CONTROL_RESET);
        self.lock.write(0);
    }
}

impl board_api::Watchdog for Watchdog {
    fn feed(&mut self) {
        self.lock.write(KEY);
        self.clear.write(1);
        self.lock.write(0);
    }
}
