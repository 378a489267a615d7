//! The CMSDK watchdog: resets a board that hangs.
//!
//! It counts down twice. The first time it raises the NMI, whose handler locks the door, notes the cause and
//! resets. If even that hangs, the second time resets the board by wire.

use crate::{Mmio, Register};

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
pub struct Watchdog<R = Mmio> {
    load: R,
    control: R,
    clear: R,
    lock: R,
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
                load: Mmio::new(base + LOAD),
                control: Mmio::new(base + CONTROL),
                clear: Mmio::new(base + CLEAR),
                lock: Mmio::new(base + LOCK),
            }
        }
    }
}

impl<R: Register> Watchdog<R> {
    /// Starts it: from here on, it must be fed within `ticks` of its clock.
    pub fn start(&mut self, ticks: u32) {
        self.lock.write(KEY);
        self.load.write(ticks);
        self.control.write(CONTROL_INTERRUPT | CONTROL_RESET);
        self.lock.write(0);
    }

    /// Restarts its time.
    pub fn feed(&mut self) {
        self.lock.write(KEY);
        self.clear.write(1);
        self.lock.write(0);
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;
    use crate::fake::{Fake, Notes};

    #[test]
    fn its_registers_are_open_only_while_they_are_written() {
        let notes = Rc::new(RefCell::new(Notes::default()));
        let register = |offset| Fake::new(&notes, offset);
        let mut watchdog = Watchdog {
            load: register(LOAD),
            control: register(CONTROL),
            clear: register(CLEAR),
            lock: register(LOCK),
        };
        watchdog.start(256_000);
        assert_eq!(notes.take().0, [(LOCK, KEY), (LOAD, 256_000), (CONTROL, 3), (LOCK, 0)]);
        watchdog.feed();
        assert_eq!(notes.take().0, [(LOCK, KEY), (CLEAR, 1), (LOCK, 0)]);
    }
}
