//! A PIN that is typed on a keypad.

use serde::{Deserialize, Serialize};
use subtle::{Choice, ConstantTimeEq};

/// Most digits of a PIN.
pub const MAX_PIN: usize = 10;
/// Fewest digits of a PIN.
const MIN_PIN: usize = 4;

/// A PIN of 4 to 10 digits, as typed.
///
/// Comparison takes constant time. `Debug` does not print the digits.
#[derive(Clone, Copy, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// Digits, then zeros.
    digits: [u8; MAX_PIN],
    length: u8,
}

impl Pin {
    /// The PIN of these digits; `None` unless they are 4 to 10 ASCII digits.
    #[must_use]
    pub fn new(digits: &[u8]) -> Option<Self> {
        let mut pin = Self { digits: [0; MAX_PIN], length: u8::try_from(digits.len()).ok()? };
        let room = pin.digits.get_mut(..digits.len())?;
        room.copy_from_slice(digits);
        pin.is_valid().then_some(pin)
    }

    /// Whether it holds 4 to 10 digits. Call this after deserialization.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let length = usize::from(self.length);
        let (digits, rest) = self.digits.split_at(length.min(MAX_PIN));
        (MIN_PIN..=MAX_PIN).contains(&length)
            && digits.iter().all(u8::is_ascii_digit)
            && rest.iter().all(|byte| *byte == 0)
    }
}

impl PartialEq for Pin {
    fn eq(&self, other: &Self) -> bool {
        bool::from(self.ct_eq(other))
    }
}

impl ConstantTimeEq for Pin {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.digits.ct_eq(&other.digits) & self.length.ct_eq(&other.length)
    }
}

impl core::fmt::Debug for Pin {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("Pin(…)")
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Pin {
    fn format(&self, formatter: defmt::Formatter<'_>) {
        defmt::write!(formatter, "Pin(…)");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_4_to_10_ascii_digits() {
        for bad in ["", "123", "12345678901", "12a4", "12 4", "١٢٣٤"] {
            assert!(Pin::new(bad.as_bytes()).is_none(), "{bad}");
        }
        assert!(Pin::new(b"1234567890").is_some());
    }

    #[test]
    fn pins_are_equal_only_if_all_digits_are() {
        let pin = Pin::new(b"1230").unwrap();
        assert_eq!(pin, Pin::new(b"1230").unwrap());
        for other in ["1231", "12300", "0123"] {
            assert_ne!(pin, Pin::new(other.as_bytes()).unwrap(), "{other}");
        }
    }
}
