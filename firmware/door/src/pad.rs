//! The keypad's keys, up to a code.
//!
//! | digits so far | key | next | code |
//! |---|---|---|---|
//! | any | a digit | one more; too many are no code any more | |
//! | any | `*` | none | |
//! | any | `#` | none | of the digits, if there are 4 to 10 |
//! | any | none for [`PATIENCE`] | none | |

use embassy_time::{Duration, Instant};
use policy::{MAX_PIN, Pin};
use zeroize::Zeroizing;

/// How long digits wait for the next key.
const PATIENCE: Duration = Duration::from_secs(10);

/// Digits typed.
pub(crate) struct Pad {
    /// One place more than a code has, which tells that there were too many.
    digits: Zeroizing<[u8; MAX_PIN + 1]>,
    length: usize,
    last: Instant,
}

impl Pad {
    /// Nothing was typed.
    pub(crate) fn new() -> Self {
        Self { digits: Zeroizing::new([0; MAX_PIN + 1]), length: 0, last: Instant::MIN }
    }

    /// Takes a key; the code that it ends, if it does.
    pub(crate) fn press(&mut self, now: Instant, key: u8) -> Option<Pin> {
        if now.saturating_duration_since(self.last) > PATIENCE {
            self.length = 0;
        }
        self.last = now;
        if let (b'0'..=b'9', Some(place)) = (key, self.digits.get_mut(self.length)) {
            *place = key;
            self.length += 1;
            return None;
        }
        let code = match key {
            b'#' => self.digits.get(..self.length).and_then(Pin::new),
            b'*' => None,
            _ => return None,
        };
        *self.digits = [0; MAX_PIN + 1];
        self.length = 0;
        code
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(pad: &mut Pad, keys: &str) -> Option<Pin> {
        keys.bytes().fold(None, |_, key| pad.press(Instant::from_secs(20), key))
    }

    #[test]
    fn four_to_ten_digits_are_a_code() {
        let mut pad = Pad::new();
        assert_eq!(typed(&mut pad, "1234#"), Pin::new(b"1234"));
        assert_eq!(typed(&mut pad, "0987654321#"), Pin::new(b"0987654321"));
        assert_eq!(typed(&mut pad, "99*1x234#"), Pin::new(b"1234"));
        for none in ["123#", "#", "12345678901#", "123456789012345#", "1234", "*#"] {
            assert_eq!(typed(&mut pad, none), None, "{none}");
            assert_eq!(typed(&mut pad, "*"), None);
        }
        assert_eq!(typed(&mut pad, "1234#"), Pin::new(b"1234"));
    }

    #[test]
    fn digits_that_are_left_are_forgotten() {
        let mut pad = Pad::new();
        for key in b"12" {
            pad.press(Instant::from_secs(20), *key);
        }
        for key in b"3456" {
            pad.press(Instant::from_secs(31), *key);
        }
        assert_eq!(pad.press(Instant::from_secs(31), b'#'), Pin::new(b"3456"));
    }
}
