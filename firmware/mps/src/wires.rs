//! Who listens on Wiegand's wires of an emulated board: the host is too slow for pulses, and reads messages.

use core::sync::atomic::{AtomicU32, Ordering};

use embassy_time::Instant;
use emulation::window::{WIRES_BITS, WIRES_PULSES};

use crate::window::word;

/// A pause of this length ends a message, in microseconds.
const PAUSE: u32 = 10_000;

/// When the last pulse came, in microseconds.
static LAST: AtomicU32 = AtomicU32::new(0);

/// A pulse came on the wire for zeros, or that for ones.
pub(crate) fn pulse(one: bool) {
    let now = Instant::now().as_micros() as u32;
    let pause = now.wrapping_sub(LAST.load(Ordering::Relaxed)) > PAUSE;
    LAST.store(now, Ordering::Relaxed);
    let (pulses, low, high) = (word(WIRES_PULSES), word(WIRES_BITS), word(WIRES_BITS + 4));
    let (count, bits) = if pause { (0, (0, 0)) } else { (pulses.read(), (low.read(), high.read())) };
    low.write(bits.0 << 1 | u32::from(one));
    high.write(bits.1 << 1 | bits.0 >> 31);
    pulses.write(count.wrapping_add(1));
}
