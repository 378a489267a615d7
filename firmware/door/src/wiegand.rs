//! The number of whoever is let in, to another controller: Wiegand with 26 or 34 bits on two wires (SIA AC-01).
//!
//! ```text
//! 26   even parity | facility, 8 bits | number, 16 bits | odd parity
//! 34   even parity | facility, 16 bits | number, 16 bits | odd parity
//! ```
//! The first parity is over the first half of what lies between, the second over the second half. Both wires are high;
//! a pulse on the first is a zero, on the second a one. Pulses begin 2 ms apart, reckoned from the first one, so that
//! a late pulse makes no other one late, and are 50 µs long.

use embassy_time::{Duration, Instant, Timer};
use embedded_hal::digital::OutputPin;
use protocol::Wiegand;

/// From the beginning of a pulse to that of the next.
const PERIOD: Duration = Duration::from_micros(2_000);
/// The length of a pulse.
const PULSE: Duration = Duration::from_micros(50);

/// The bits of a message, of which the last is the lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) bits: u64,
    pub(crate) length: u8,
}

impl Frame {
    /// The message of a person, of whose number the lower 16 bits go; none where nobody listens.
    pub(crate) fn new(wiegand: Wiegand, person: u32) -> Option<Self> {
        let number = u64::from(person as u16);
        let (data, half) = match wiegand {
            Wiegand::Bits26 { facility } => (u64::from(facility) << 16 | number, 12),
            Wiegand::Bits34 { facility } => (u64::from(facility) << 16 | number, 16),
            _ => return None,
        };
        let (first, second) = (data >> half, data & ((1 << half) - 1));
        let (even, odd) = (u64::from(first.count_ones() % 2), u64::from(second.count_ones() % 2 == 0));
        let bits = even << (2 * half + 1) | data << 1 | odd;
        Some(Self { bits, length: 2 * half + 2 })
    }
}

/// Puts a message on the wires; high is how they rest.
pub(crate) async fn send<P: OutputPin>(wires: &mut [P; 2], frame: Frame) {
    let mut begin = Instant::now() + PERIOD;
    for bit in (0..frame.length).rev() {
        let [zero, one] = &mut *wires;
        let wire = if frame.bits >> bit & 1 == 1 { one } else { zero };
        Timer::at(begin).await;
        // A wire that fails is found by who listens: the parity or the length is wrong.
        let _ = wire.set_low();
        Timer::at(begin + PULSE).await;
        let _ = wire.set_high();
        begin += PERIOD;
    }
    // The pause that tells one message from the next.
    Timer::at(begin + 10 * PERIOD).await;
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use core::{
        cell::RefCell,
        pin::pin,
        task::{Context, Poll, Waker},
    };
    use embassy_time::MockDriver;
    use embedded_hal::digital::ErrorType;
    use std::{rc::Rc, vec::Vec};

    #[test]
    fn messages_have_their_bits_and_parities() {
        let bits = |wiegand, person| Frame::new(wiegand, person).map(|frame| (frame.length, frame.bits));
        // Facility 1, number 1: 1 | 0000 0001 0000 | 0000 0000 0001 | 0.
        let one = bits(Wiegand::Bits26 { facility: 1 }, 1);
        assert_eq!(one, Some((26, 0b10_0000_0010_0000_0000_0000_0010)));
        assert_eq!(bits(Wiegand::Bits26 { facility: 0 }, 0), Some((26, 1)));
        assert_eq!(bits(Wiegand::Bits26 { facility: 255 }, 0xffff), Some((26, (1 << 25) - 1)));
        let long = bits(Wiegand::Bits34 { facility: 0x8001 }, 0x1_0003);
        assert_eq!(long, Some((34, 0x8001_0003 << 1 | 1)), "of the number the lower 16 bits go");
        assert_eq!(bits(Wiegand::Off, 1), None);
    }

    /// A wire that notes when it changes.
    struct Wire(u8, Rc<RefCell<Vec<(u64, u8, bool)>>>);

    impl ErrorType for Wire {
        type Error = core::convert::Infallible;
    }

    impl OutputPin for Wire {
        fn set_low(&mut self) -> Result<(), Self::Error> {
            self.1.borrow_mut().push((Instant::now().as_micros(), self.0, false));
            Ok(())
        }

        fn set_high(&mut self) -> Result<(), Self::Error> {
            self.1.borrow_mut().push((Instant::now().as_micros(), self.0, true));
            Ok(())
        }
    }

    /// Microsecond by microsecond, on the wires.
    #[test]
    fn pulses_are_fifty_microseconds_every_two_milliseconds() {
        let notes = Rc::new(RefCell::new(Vec::new()));
        let mut wires = [Wire(0, notes.clone()), Wire(1, notes.clone())];
        let frame = Frame::new(Wiegand::Bits26 { facility: 0xa5 }, 0x1234).unwrap();
        let started = Instant::now().as_micros();
        {
            let mut sending = pin!(send(&mut wires, frame));
            let mut context = Context::from_waker(Waker::noop());
            while sending.as_mut().poll(&mut context) == Poll::Pending {
                MockDriver::get().advance(Duration::from_micros(1));
            }
        }
        assert_eq!(Instant::now().as_micros() - started, 37 * 2_000, "26 bits between two pauses");
        let notes = notes.borrow();
        assert_eq!(notes.len(), 52);
        let mut bits = 0u64;
        for (pulse, edges) in (0u64..).zip(notes.chunks(2)) {
            let [(down, wire, false), (up, same, true)] = *edges else { panic!("{edges:?}") };
            assert_eq!((down - started, up - down, wire), ((pulse + 1) * 2_000, 50, same));
            bits = bits << 1 | u64::from(wire);
        }
        assert_eq!(bits, frame.bits);
    }
}
