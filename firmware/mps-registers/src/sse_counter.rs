//! The 64-bit system counter of the SSE-300 subsystem and one of its timers (AN547).

use crate::counter::Counter;
use crate::{Mmio, Register};

/// Offsets in the counter's control frame.
const CNTCR: usize = 0x00;
const CNTCR_ENABLE: u32 = 1;
/// Offsets in the counter's status frame.
const CNTCV_LOW: usize = 0x00;
const CNTCV_HIGH: usize = 0x04;
/// Offsets in a timer.
const CNTP_CVAL_LOW: usize = 0x20;
const CNTP_CVAL_HIGH: usize = 0x24;
const CNTP_CTL: usize = 0x2c;
const CNTP_CTL_ENABLE: u32 = 1 << 0;
const CNTP_CTL_MASK: u32 = 1 << 1;

/// The system counter at 32 MHz and a timer that compares with it.
pub struct SseCounter<R = Mmio> {
    control: R,
    low: R,
    high: R,
    compare_low: R,
    compare_high: R,
    timer: R,
}

impl SseCounter {
    /// Names the counter by the addresses of its control and status frames, and a timer.
    ///
    /// # Safety
    /// They are there, and nothing else uses them.
    pub const unsafe fn new(control: usize, status: usize, timer: usize) -> Self {
        // SAFETY: the caller says that the frames are there; the offsets are Arm's (SSE-300 TRM).
        unsafe {
            Self {
                control: Mmio::new(control + CNTCR),
                low: Mmio::new(status + CNTCV_LOW),
                high: Mmio::new(status + CNTCV_HIGH),
                compare_low: Mmio::new(timer + CNTP_CVAL_LOW),
                compare_high: Mmio::new(timer + CNTP_CVAL_HIGH),
                timer: Mmio::new(timer + CNTP_CTL),
            }
        }
    }
}

impl<R: Register> Counter for SseCounter<R> {
    const HZ: u64 = 32_000_000;

    fn start(&self) {
        self.control.write(CNTCR_ENABLE);
    }

    fn ticks(&self) -> u64 {
        // The low half may wrap between the two reads: then the high half has moved.
        loop {
            let high = self.high.read();
            let low = self.low.read();
            if self.high.read() == high {
                return u64::from(high) << 32 | u64::from(low);
            }
        }
    }

    fn set_alarm(&self, at: u64) {
        self.timer.write(CNTP_CTL_MASK);
        if at != u64::MAX {
            self.compare_low.write(at as u32);
            self.compare_high.write((at >> 32) as u32);
            self.timer.write(CNTP_CTL_ENABLE);
        }
    }

    fn acknowledge(&self) {
        // The line stays up while the compare value is reached; the mask takes it down.
        self.timer.write(CNTP_CTL_MASK);
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

    /// A counter that moves by `step` with each read, and a timer that notes what is written.
    struct Board {
        count: u64,
        step: u64,
        written: Vec<(usize, u32)>,
    }

    impl Device for Board {
        fn read(&mut self, offset: usize) -> u32 {
            self.count += self.step;
            match offset {
                CNTCV_LOW => self.count as u32,
                _ => (self.count >> 32) as u32,
            }
        }

        fn write(&mut self, offset: usize, value: u32) {
            self.written.push((offset, value));
        }
    }

    fn counter(count: u64, step: u64) -> (Rc<RefCell<Board>>, SseCounter<Fake<Board>>) {
        let board = Rc::new(RefCell::new(Board { count, step, written: Vec::new() }));
        let register = |offset| Fake::new(&board, offset);
        let counter = SseCounter {
            control: register(0x100),
            low: register(CNTCV_LOW),
            high: register(CNTCV_HIGH),
            compare_low: register(CNTP_CVAL_LOW),
            compare_high: register(CNTP_CVAL_HIGH),
            timer: register(CNTP_CTL),
        };
        (board, counter)
    }

    #[test]
    fn a_wrap_of_the_low_half_between_two_reads_is_noticed() {
        for before in 0..6 {
            let (board, counter) = counter(0x1_ffff_ffff - before, 1);
            let start = board.borrow().count;
            let ticks = counter.ticks();
            assert!((start..=board.borrow().count).contains(&ticks), "{before}: {ticks:#x}");
        }
    }

    #[test]
    fn an_alarm_is_compared_with_and_none_is_masked() {
        let (board, counter) = counter(0, 0);
        counter.set_alarm(0x2_0000_0007);
        let alarm = [(CNTP_CTL, 2), (CNTP_CVAL_LOW, 7), (CNTP_CVAL_HIGH, 2), (CNTP_CTL, 1)];
        assert_eq!(board.borrow().written, alarm);
        board.borrow_mut().written.clear();
        counter.set_alarm(u64::MAX);
        assert_eq!(board.borrow().written, [(CNTP_CTL, 2)]);
        counter.acknowledge();
        assert_eq!(board.borrow().written, [(CNTP_CTL, 2); 2]);
    }
}
