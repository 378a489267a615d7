//! The 64-bit system counter of the SSE-300 subsystem and one of its timers (AN547).

use crate::clock::Counter;
use crate::register::Register;

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
pub struct SseCounter {
    control: Register,
    low: Register,
    high: Register,
    compare_low: Register,
    compare_high: Register,
    timer: Register,
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
                control: Register::new(control + CNTCR),
                low: Register::new(status + CNTCV_LOW),
                high: Register::new(status + CNTCV_HIGH),
                compare_low: Register::new(timer + CNTP_CVAL_LOW),
                compare_high: Register::new(timer + CNTP_CVAL_HIGH),
                timer: Register::new(timer + CNTP_CTL),
            }
        }
    }

    /// Starts counting.
    pub fn start(&self) {
        self.control.write(CNTCR_ENABLE);
    }
}

impl Counter for SseCounter {
    const HZ: u64 = 32_000_000;

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
        // The line stays up while the compare value is reached: masking it takes it down.
        self.timer.write(CNTP_CTL_MASK);
    }
}
