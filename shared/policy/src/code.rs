//! A code that is typed on a pad, or the number of a card.

use serde::{Deserialize, Serialize};
use subtle::{Choice, ConstantTimeEq};

/// Most digits of a code.
pub const MAX_CODE: usize = 10;
/// Fewest digits.
const MIN_CODE: usize = 4;

/// 4 to 10 digits, as typed.
///
/// Comparison takes the same time whatever is different. Digits are not shown by `Debug`.
#[derive(Clone, Copy, Eq, Serialize, Deserialize)]
pub struct Code {
    /// Digits, then zeros.
    digits: [u8; MAX_CODE],
    length: u8,
}

impl Code {
    /// The code of these digits; none unless they are 4 to 10 ASCII digits.
    #[must_use]
    pub fn new(digits: &str) -> Option<Self> {
        let digits = digits.as_bytes();
        let mut code = Self { digits: [0; MAX_CODE], length: u8::try_from(digits.len()).ok()? };
        let room = code.digits.get_mut(..digits.len())?;
        room.copy_from_slice(digits);
        (digits.len() >= MIN_CODE && digits.iter().all(u8::is_ascii_digit)).then_some(code)
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        bool::from(self.ct_eq(other))
    }
}

impl ConstantTimeEq for Code {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.digits.ct_eq(&other.digits) & self.length.ct_eq(&other.length)
    }
}

impl core::fmt::Debug for Code {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("Code(…)")
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Code {
    fn format(&self, formatter: defmt::Formatter<'_>) {
        defmt::write!(formatter, "Code(…)");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_nothing_else() {
        for bad in ["", "123", "12345678901", "12a4", "12 4", "١٢٣٤"] {
            assert!(Code::new(bad).is_none(), "{bad}");
        }
        assert!(Code::new("1234567890").is_some());
    }

    #[test]
    fn only_the_same_is_the_same() {
        let code = Code::new("1230").unwrap();
        assert_eq!(code, Code::new("1230").unwrap());
        for other in ["1231", "12300", "0123"] {
            assert_ne!(code, Code::new(other).unwrap(), "{other}");
        }
    }
}
