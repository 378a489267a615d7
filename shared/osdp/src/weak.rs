//! Keys that others can guess.

use subtle::ConstantTimeEq;

use crate::secure::KEY;

/// SCBK-D, the default key of the standard, which is public.
const DEFAULT: [u8; KEY] = *b"0123456789:;<=>?";

/// Bytes of the longest pattern that is looked for.
const PERIOD: usize = 8;

/// The key is the standard's default key, or a pattern of at most eight bytes that repeats: zeros, ones, and the like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeakKey;

impl core::fmt::Display for WeakKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the key is the default key of the standard, or a pattern that repeats")
    }
}

impl core::error::Error for WeakKey {}

/// Whether a device may have this key.
///
/// # Errors
/// [`WeakKey`].
pub fn refuse_weak(key: &[u8; KEY]) -> Result<(), WeakKey> {
    let repeats = |period: usize| key[..KEY - period].ct_eq(&key[period..]);
    let weak = (1..=PERIOD).fold(key.ct_eq(&DEFAULT), |weak, period| weak | repeats(period));
    if weak.into() { Err(WeakKey) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_key_and_patterns_are_refused() {
        for byte in 0..=255 {
            assert_eq!(refuse_weak(&[byte; KEY]), Err(WeakKey));
        }
        for period in 1..=PERIOD {
            let key = core::array::from_fn(|at| ((at % period) as u8).pow(2).wrapping_mul(31) + 5);
            assert_eq!(refuse_weak(&key), Err(WeakKey), "a pattern of {period} bytes");
        }
        assert_eq!(refuse_weak(b"0123456789:;<=>?"), Err(WeakKey));
        assert_eq!(refuse_weak(b"0123456789:;<=>@"), Ok(()));
        assert_eq!(refuse_weak(&core::array::from_fn(|at| at as u8)), Ok(()));
        let nine = core::array::from_fn(|at| ((at % 9) as u8).pow(2));
        assert_eq!(refuse_weak(&nine), Ok(()));
    }
}
