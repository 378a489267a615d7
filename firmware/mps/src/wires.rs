//! A listener on Wiegand's wires of an emulated board. The host is too slow for pulses, so it reads messages.

use core::sync::atomic::{AtomicU32, Ordering};

use embassy_time::Instant;
use host_window::window::{WIRES_BITS, WIRES_PULSES};
use mps_registers::Register;
use mps_registers::wiegand::Message;

use crate::window::word;

/// When the last pulse came, in microseconds.
static LAST: AtomicU32 = AtomicU32::new(0);

/// A pulse came on the wire for zeros, or on that for ones.
pub(crate) fn pulse(one: bool) {
    let now = Instant::now().as_micros() as u32;
    let last = LAST.load(Ordering::Relaxed);
    LAST.store(now, Ordering::Relaxed);
    let (pulses, low, high) = (word(WIRES_PULSES), word(WIRES_BITS), word(WIRES_BITS + 4));
    let bits = u64::from(high.read()) << 32 | u64::from(low.read());
    let message = Message { count: pulses.read(), bits }.after(one, now, last);
    low.write(message.bits as u32);
    high.write((message.bits >> 32) as u32);
    pulses.write(message.count);
}
