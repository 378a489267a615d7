//! The free-running counter of FPGAIO, made 64 bits wide, and a CMSDK timer as its alarm (AN500).
//!
//! The counter has 32 bits at 25 MHz and wraps after 171 s. Each read of it notices a wrap, and the alarm is
//! never set further away than `LONGEST`, so that it is read in time.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::counter::{Counter, widened};
use crate::{Mmio, Register};

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
pub struct CmsdkTimer<R = Mmio> {
    counter: R,
    prescale: R,
    control: R,
    value: R,
    reload: R,
    interrupt: R,
    /// The count when it was last read, low and high half. Two halves are enough, as nobody reads while
    /// another one does: interrupts are off.
    last: [AtomicU32; 2],
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
                counter: Mmio::new(fpgaio + COUNTER),
                prescale: Mmio::new(fpgaio + PRESCALE),
                control: Mmio::new(timer + CTRL),
                value: Mmio::new(timer + VALUE),
                reload: Mmio::new(timer + RELOAD),
                interrupt: Mmio::new(timer + INTERRUPT),
                last: [const { AtomicU32::new(0) }; 2],
            }
        }
    }
}

impl<R: Register> Counter for CmsdkTimer<R> {
    const HZ: u64 = 25_000_000;

    fn start(&self) {
        self.prescale.write(0);
        self.counter.write(0);
        self.set_alarm(u64::MAX);
    }

    fn ticks(&self) -> u64 {
        let [low, high] = &self.last;
        let before = u64::from(high.load(Relaxed)) << 32 | u64::from(low.load(Relaxed));
        let now = widened(before, self.counter.read());
        low.store(now as u32, Relaxed);
        high.store((now >> 32) as u32, Relaxed);
        now
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

#[cfg(test)]
mod tests {
    extern crate std;
    use std::cell::RefCell;
    use std::rc::Rc;
    use std::vec::Vec;

    use super::*;
    use crate::fake::{Device, Fake};

    /// FPGAIO's counter, and a timer that notes what is written; the timer's registers are 0x100 further.
    #[derive(Default)]
    struct Board {
        counter: u32,
        timer: Vec<(usize, u32)>,
    }

    impl Device for Board {
        fn read(&mut self, offset: usize) -> u32 {
            assert_eq!(offset, COUNTER);
            self.counter
        }

        fn write(&mut self, offset: usize, value: u32) {
            match offset {
                COUNTER => self.counter = value,
                PRESCALE => assert_eq!(value, 0),
                _ => self.timer.push((offset - 0x100, value)),
            }
        }
    }

    fn timer() -> (Rc<RefCell<Board>>, CmsdkTimer<Fake<Board>>) {
        let board = Rc::new(RefCell::new(Board { counter: 77, ..Board::default() }));
        let register = |offset| Fake::new(&board, offset);
        let timer = CmsdkTimer {
            counter: register(COUNTER),
            prescale: register(PRESCALE),
            control: register(0x100 + CTRL),
            value: register(0x100 + VALUE),
            reload: register(0x100 + RELOAD),
            interrupt: register(0x100 + INTERRUPT),
            last: [const { AtomicU32::new(0) }; 2],
        };
        timer.start();
        (board, timer)
    }

    #[test]
    fn it_counts_from_zero_and_over_wraps() {
        let (board, timer) = timer();
        assert_eq!(timer.ticks(), 0);
        for (counter, ticks) in [
            (0xffff_fff0, 0xffff_fff0),
            (0x10, 0x1_0000_0010),
            (0x8000_0000, 0x1_8000_0000),
            (1, 0x2_0000_0001),
        ] {
            board.borrow_mut().counter = counter;
            assert_eq!(timer.ticks(), ticks);
        }
    }

    #[test]
    fn an_alarm_is_never_zero_nor_beyond_a_wrap() {
        let (board, timer) = timer();
        for (at, wait) in [(500, 400), (100, 1), (0, 1), (u64::MAX, 1 << 31), ((1 << 31) + 99, (1 << 31) - 1)]
        {
            board.borrow_mut().counter = 100;
            board.borrow_mut().timer.clear();
            timer.set_alarm(at);
            let expected = [(CTRL, 0), (INTERRUPT, 1), (RELOAD, wait), (VALUE, wait), (CTRL, 9)];
            assert_eq!(board.borrow().timer, expected, "alarm at {at}");
        }
    }
}
