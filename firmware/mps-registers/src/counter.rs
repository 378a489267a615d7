//! A counter with an alarm, and the arithmetic of counters.

/// A counter that goes up from the start of the board, and an alarm on it.
///
/// A board has one, which is the emulator's virtual time. With `-icount shift=0` virtual time is the number of
/// executed instructions, one each nanosecond, so that a count of ticks gives a count of instructions that is
/// exact to one tick and the same in every run. Virtual time goes on while the processor sleeps.
pub trait Counter {
    /// Ticks a second.
    const HZ: u64;

    /// Starts counting.
    fn start(&self);

    /// Ticks since the start. Called with interrupts off.
    fn ticks(&self) -> u64;

    /// Sets the alarm: an interrupt once `ticks()` has reached `at`, or soon if it has already. It may come
    /// too early. Called with interrupts off.
    fn set_alarm(&self, at: u64);

    /// Ends the interrupt that is being handled. Called with interrupts off.
    fn acknowledge(&self);
}

/// Nanoseconds in a second, which `-icount shift=0` makes instructions.
const NANOSECONDS: u64 = 1_000_000_000;

/// A counter's rate in lowest terms: so many nanoseconds in so many ticks. With these, 64 bits are enough for a
/// century; 128 bits would be half a kilobyte of code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    nanoseconds: u64,
    ticks: u64,
}

impl Rate {
    /// The rate of a counter with so many ticks a second. To be computed when the program is compiled.
    pub const fn of(hz: u64) -> Self {
        let common = common_divisor(NANOSECONDS, hz);
        Self { nanoseconds: NANOSECONDS / common, ticks: hz / common }
    }

    /// Instructions in so many ticks, under `-icount shift=0`; otherwise nanoseconds.
    #[inline]
    pub const fn instructions(self, ticks: u64) -> u64 {
        ticks / self.ticks * self.nanoseconds + ticks % self.ticks * self.nanoseconds / self.ticks
    }
}

/// The greatest common divisor of two numbers that are not zero (Euclid).
const fn common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

/// A count of 64 bits, from the count before and the 32 bits that the hardware shows now. It is right if the
/// hardware has wrapped at most once in between.
pub const fn widened(before: u64, now: u32) -> u64 {
    before.wrapping_add(now.wrapping_sub(before as u32) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_goes_on_over_the_wrap_of_the_hardware() {
        assert_eq!(widened(0, 5), 5);
        assert_eq!(widened(5, 5), 5);
        assert_eq!(widened(0xffff_fff0, 0x10), 0x1_0000_0010);
        assert_eq!(widened(0x3_ffff_ffff, 0), 0x4_0000_0000);
        let mut count = 0;
        for step in 1..100u64 {
            let hardware = (step * 0x7000_0000) as u32;
            count = widened(count, hardware);
            assert_eq!(count, step * 0x7000_0000);
        }
    }

    #[test]
    fn ticks_are_so_many_instructions() {
        assert_eq!(Rate::of(25_000_000).instructions(1), 40);
        assert_eq!(Rate::of(32_000_000).instructions(32_000_000), 1_000_000_000);
        // 31 ns and a quarter, rounded down.
        assert_eq!(Rate::of(32_000_000).instructions(1), 31);
        assert_eq!(Rate::of(32_000_000).instructions(7), 218);
        // A century does not overflow.
        let century = 100 * 366 * 24 * 3_600;
        assert_eq!(Rate::of(25_000_000).instructions(century * 25_000_000), century * NANOSECONDS);
        assert_eq!(Rate::of(32_000_000).instructions(century * 32_000_000 + 4), century * NANOSECONDS + 125);
    }
}
