//! A listener on Wiegand's wires: pulses in, a message out.

/// A pause of this length ends a message, in microseconds.
const PAUSE: u32 = 10_000;

/// A message, as far as it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Message {
    /// How many bits.
    pub count: u32,
    /// The bits, the last one lowest.
    pub bits: u64,
}

impl Message {
    /// The message with one more bit; a new message if the pause before it was long enough. `now` and `last`
    /// are the times of this pulse and of the one before, in microseconds that wrap.
    #[must_use]
    pub const fn after(self, one: bool, now: u32, last: u32) -> Self {
        let pause = now.wrapping_sub(last) > PAUSE;
        let before = if pause { Self { count: 0, bits: 0 } } else { self };
        Self { count: before.count.wrapping_add(1), bits: before.bits << 1 | one as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_ends_with_a_pause_even_over_the_wrap_of_time() {
        let mut message = Message::default();
        let mut last = u32::MAX - 3_000;
        for (at, one) in [true, false, true].into_iter().enumerate() {
            let now = (u32::MAX - 1_500).wrapping_add(2_000 * at as u32);
            message = message.after(one, now, last);
            last = now;
        }
        assert_eq!(message, Message { count: 3, bits: 0b101 });
        assert_eq!(message.after(true, last.wrapping_add(PAUSE), last), Message { count: 4, bits: 0b1011 });
        assert_eq!(message.after(true, last.wrapping_add(PAUSE + 1), last), Message { count: 1, bits: 1 });
    }

    #[test]
    fn the_oldest_of_more_than_64_bits_go() {
        let message = (0..70).fold(Message::default(), |message, at| message.after(at < 6, at, at));
        assert_eq!(message, Message { count: 70, bits: 0 });
    }
}
