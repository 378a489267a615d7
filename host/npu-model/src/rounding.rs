//! The multiplication by a fixed-point number at the end of an operator.

use crate::Error;

/// How a product is rounded when it is shifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// As TFLite: twice for shifts above 31.
    Double,
    /// Towards zero.
    Truncate,
    /// Halves upwards, once: the rule of `kernels::requantize`.
    Natural,
}

impl Rounding {
    /// The rounding that the precision of a feature map says, in `register`.
    pub fn of(precision: u64, register: u16) -> Result<Self, Error> {
        match precision >> 14 & 3 {
            0 => Ok(Self::Double),
            1 => Ok(Self::Truncate),
            2 => Ok(Self::Natural),
            _ => Err(Error::Value(register, precision)),
        }
    }

    /// `value * scale * 2^-shift`.
    pub fn scaled(self, value: i64, scale: i64, shift: u32) -> i64 {
        let product = i128::from(value) * i128::from(scale);
        let half = if shift > 0 { 1i128 << (shift - 1) } else { 0 };
        let round = match self {
            Self::Natural => half,
            Self::Double if shift > 31 => half + if value >= 0 { 1 << 30 } else { -(1 << 30) },
            Self::Double => half,
            Self::Truncate if product >= 0 => 0,
            Self::Truncate => (1i128 << shift) - 1,
        };
        ((product + round) >> shift) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_rounded_upwards_towards_zero_or_twice() {
        assert_eq!([3, -3, 1, -1].map(|value| Rounding::Natural.scaled(value, 1, 1)), [2, -1, 1, 0]);
        assert_eq!([3, -3, 1, -1].map(|value| Rounding::Truncate.scaled(value, 1, 1)), [1, -1, 0, 0]);
        assert_eq!(Rounding::Double.scaled(-1, 1 << 31, 32), -1);
        assert_eq!(Rounding::Natural.scaled(-1, 1 << 31, 32), 0);
    }
}
