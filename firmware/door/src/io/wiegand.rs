//! Wiegand output: the card number of an admitted person, on two wires to another access controller (SIA AC-01).
//!
//! Both wires rest high. A pulse on the first wire is a zero, a pulse on the second a one. Pulses are 50 µs long and begin
//! 2 ms apart. Each start is computed from the first one, so a late pulse delays no other.

use embassy_time::{Duration, Instant, Timer};
use embedded_hal::digital::OutputPin;

use crate::link::CardFrame;

/// From the beginning of a pulse to that of the next.
const PERIOD: Duration = Duration::from_micros(2_000);
/// The length of a pulse.
const PULSE: Duration = Duration::from_micros(50);

/// Sends a frame, and then waits for the pause between two frames.
pub(crate) async fn send<P: OutputPin>(wires: &mut [P; 2], frame: CardFrame) {
    let mut begin = Instant::now() + PERIOD;
    for bit in (0..frame.length).rev() {
        let [zero, one] = &mut *wires;
        let wire = if frame.bits >> bit & 1 == 1 { one } else { zero };
        Timer::at(begin).await;
        // The controller detects a wire that fails: parity or length are wrong.
        let _ = wire.set_low();
        Timer::at(begin + PULSE).await;
        let _ = wire.set_high();
        begin += PERIOD;
    }
    // The pause between two frames.
    Timer::at(begin + 10 * PERIOD).await;
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::link::CardFormat;
    use core::{
        cell::RefCell,
        pin::pin,
        task::{Context, Poll, Waker},
    };
    use embedded_hal::digital::ErrorType;
    use std::{rc::Rc, vec::Vec};

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
        let frame = CardFrame::new(CardFormat::Bits26 { facility: 0xa5 }, 0x1234);
        let started = Instant::now().as_micros();
        {
            let mut sending = pin!(send(&mut wires, frame));
            let mut context = Context::from_waker(Waker::noop());
            while sending.as_mut().poll(&mut context) == Poll::Pending {
                mock_time::advance(Duration::from_micros(1));
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
