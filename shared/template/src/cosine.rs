//! How alike two templates are: their cosine in Q15.

use core::fmt;

/// Cosine similarity in Q15: 32768 is 1.0, -32768 is -1.0.
///
/// Rounding to int8 and clipping make a template's length only nearly constant, so that a
/// template compared with itself gives a value near, not exactly, 1.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CosineScore(pub i32);

impl CosineScore {
    /// The cosine 1.0.
    pub const ONE: Self = Self(1 << 15);

    /// The score of two templates of `dimension` values with this dot product, rounded to nearest, half
    /// up. The dimension is a power of two from 64 to 512.
    pub const fn of_product(product: i32, dimension: usize) -> Self {
        // At most 512 * 128 * 128 * 32 = 2^28: no overflow.
        let shift = dimension.trailing_zeros();
        Self((product * 32 + (1 << (shift - 1))) >> shift)
    }

    /// In thousandths, rounded to nearest, as [`fmt::Display`] shows it.
    pub const fn thousandths(self) -> i32 {
        // 64 bits: the newtype is public, so any i32 may stand in it.
        (((self.0 as i64) * 1000 + (1 << 14)) >> 15) as i32
    }
}

impl fmt::Display for CosineScore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let thousandths = self.thousandths();
        let sign = if thousandths < 0 { "-" } else { "" };
        let magnitude = thousandths.unsigned_abs();
        write!(f, "{sign}{}.{:03}", magnitude / 1000, magnitude % 1000)
    }
}
