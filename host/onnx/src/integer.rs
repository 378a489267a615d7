//! The integers of a file: their types, and arithmetic that wraps as theirs does.
//!
//! A value is kept in 64 bits. Of an unsigned type of 64 bits these are its bits; of all other types they are its value.

use crate::proto::DataType;

/// A type of integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Integer {
    /// Its width: 8, 16, 32 or 64.
    pub bits: u32,
    /// Whether it has negative numbers.
    pub signed: bool,
}

impl Integer {
    /// 8 bits without a sign.
    pub const BYTE: Self = Self { bits: 8, signed: false };
    /// 8 bits with a sign.
    pub const SIGNED_BYTE: Self = Self { bits: 8, signed: true };
    /// 64 bits with a sign, which shapes and axes have.
    pub const LONG: Self = Self { bits: 64, signed: true };

    /// The type `kind`, where it is one of integers. Truth values are none: nothing is computed with them.
    pub(crate) fn of(kind: DataType) -> Option<Self> {
        let (bits, signed) = match kind {
            DataType::Uint8 => (8, false),
            DataType::Int8 => (8, true),
            DataType::Uint16 => (16, false),
            DataType::Int16 => (16, true),
            DataType::Uint32 => (32, false),
            DataType::Int32 => (32, true),
            DataType::Uint64 => (64, false),
            DataType::Int64 => (64, true),
            _ => return None,
        };
        Some(Self { bits, signed })
    }

    /// The number of this type with the same last bits.
    pub(crate) fn wrap(self, value: i64) -> i64 {
        let unused = 64 - self.bits;
        match self.signed {
            true => value << unused >> unused,
            false => ((value as u64) << unused >> unused) as i64,
        }
    }

    /// The float that is nearest to `value`.
    pub(crate) fn float(self, value: i64) -> f32 {
        if self.signed { value as f32 } else { value as u64 as f32 }
    }

    /// The least and the greatest number.
    pub(crate) fn limits(self) -> [f32; 2] {
        match self.signed {
            true => [-((self.bits - 1) as f32).exp2(), ((self.bits - 1) as f32).exp2() - 1.0],
            false => [0.0, (self.bits as f32).exp2() - 1.0],
        }
    }

    /// The result of a sum, a difference, a product or a quotient (rounded to zero), wrapped; `None` where nothing can be
    /// divided, or there is no such operator.
    pub(crate) fn compute(self, operator: &str, a: i64, b: i64) -> Option<i64> {
        let value = match operator {
            "Add" => a.wrapping_add(b),
            "Sub" => a.wrapping_sub(b),
            "Mul" => a.wrapping_mul(b),
            "Div" if b == 0 => return None,
            "Div" if self.signed => a.wrapping_div(b),
            "Div" => (a as u64 / b as u64) as i64,
            "Mod" if b == 0 => return None,
            // The sign is that of the divisor.
            "Mod" if self.signed => {
                let rest = a.wrapping_rem(b);
                if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest }
            }
            "Mod" => (a as u64 % b as u64) as i64,
            _ => return None,
        };
        Some(self.wrap(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_wrap_as_those_of_the_type() {
        let kind = |kind| Integer::of(kind).expect("a type of integers");
        let (byte, int) = (Integer::BYTE, kind(DataType::Int32));
        assert_eq!(byte.compute("Sub", 1, 2), Some(255));
        assert_eq!(int.compute("Mul", 65536, 65536), Some(0));
        assert_eq!(int.compute("Div", -7, 2), Some(-3));
        assert_eq!(int.compute("Div", i32::MIN.into(), -1), Some(i32::MIN.into()));
        assert_eq!(int.compute("Div", 1, 0), None);
        assert_eq!(Integer::LONG.compute("Sub", 16_777_217, 16_777_216), Some(1));
        let long = kind(DataType::Uint64);
        assert_eq!(long.compute("Div", -1, 2), Some(i64::MAX));
        assert_eq!(long.float(-1), 64f32.exp2());
        assert_eq!((byte.limits(), Integer::SIGNED_BYTE.limits()), ([0.0, 255.0], [-128.0, 127.0]));
    }
}
