//! PIN entry: from keys to a PIN.
//!
//! | digits so far | key | next | PIN |
//! |---|---|---|---|
//! | any | a digit | one more; more than 10 are no PIN | |
//! | any | `*` | none | |
//! | any | `#` | none | the digits, if there are 4 to 10 |
//! | any | none for [`PATIENCE`] | none | |

use embassy_time::{Duration, Instant};
use policy::{MAX_PIN, Pin};
use zeroize::Zeroizing;

/// The digits are cleared if the next key takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The digits typed so far.
pub(crate) struct PinEntry {
    /// One place more than the longest PIN, to detect too many digits.
    digits: Zeroizing<[u8; MAX_PIN + 1]>,
    length: usize,
    last: Instant,
}

impl PinEntry {
    /// Nothing was typed.
    pub(crate) fn new() -> Self {
        Self { digits: Zeroizing::new([0; MAX_PIN + 1]), length: 0, last: Instant::MIN }
    }

    /// Takes a key. Returns the PIN if the key ends one.
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
        let pin = match key {
            b'#' => self.digits.get(..self.length).and_then(Pin::new),
            b'*' => None,
            _ => return None,
        };
        *self.digits = [0; MAX_PIN + 1];
        self.length = 0;
        pin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(entry: &mut PinEntry, keys: &str) -> Option<Pin> {
        keys.bytes().fold(None, |_, key| entry.press(Instant::from_secs(20), key))
    }

    #[test]
    fn four_to_ten_digits_are_a_pin() {
        let mut entry = PinEntry::new();
        assert_eq!(typed(&mut entry, "1234#"), Pin::new(b"1234"));
        assert_eq!(typed(&mut entry, "0987654321#"), Pin::new(b"0987654321"));
        assert_eq!(typed(&mut entry, "99*1x234#"), Pin::new(b"1234"));
        for none in ["123#", "#", "12345678901#", "123456789012345#", "1234", "*#"] {
            assert_eq!(typed(&mut entry, none), None, "{none}");
            assert_eq!(typed(&mut entry, "*"), None);
        }
        assert_eq!(typed(&mut entry, "1234#"), Pin::new(b"1234"));
    }

    #[test]
    fn digits_are_cleared_after_a_pause() {
        let mut entry = PinEntry::new();
        for key in b"12" {
            entry.press(Instant::from_secs(20), *key);
        }
        for key in b"3456" {
            entry.press(Instant::from_secs(31), *key);
        }
        assert_eq!(entry.press(Instant::from_secs(31), b'#'), Pin::new(b"3456"));
    }
}
