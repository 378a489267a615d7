//! Requantization of an accumulator to an activation: the only rounding rule of the engine.

/// Multiplies `acc` by the real number `multiplier * 2^(shift - 31)`, rounded half up.
///
/// The `shift`, in 0..=30, is applied first and is exact. Then the rounded high half of the doubled product
/// is taken. This is a single instruction: `SQRDMULH` on AArch64, `vqrdmulh` in Helium, and `smmulr` of the
/// DSP extension with twice the multiplier. The fixed-point multiplier of TFLite is normalised to 31
/// significant bits and followed by a right shift, which rounds a second time. Here the multiplier is not
/// normalised, and there is only one rounding. The missing low bits of the multiplier change the result by
/// less than 2^-32 of the accumulator, which was less than a hundredth of a step in every layer so far.
///
/// The caller ensures, with [`requantize_bound`], that the shifted accumulator fits, and that the magnitude
/// of the multiplier is below [`MULTIPLIER_BOUND`].
#[inline(always)]
pub fn requantize(acc: i32, multiplier: i32, shift: i32) -> i32 {
    let product = i64::from(acc << shift) * i64::from(multiplier);
    ((product + (1 << 30)) >> 31) as i32
}

/// Bound on the magnitude of a multiplier, so that twice a multiplier fits an `i32`.
pub const MULTIPLIER_BOUND: i32 = 1 << 30;

/// The largest magnitude of an accumulator for which [`requantize`] with this `shift` is valid.
pub fn requantize_bound(shift: i32) -> i64 {
    (1i64 << 30) >> shift.clamp(0, 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_round_up() {
        let half = 1 << 29;
        assert_eq!(requantize(1, half, 1), 1);
        assert_eq!(requantize(-1, half, 1), 0);
        assert_eq!(requantize(3, half, 1), 2);
        assert_eq!(requantize(-3, half, 1), -1);
        assert_eq!(requantize(100, half, 2), 100);
        assert_eq!(requantize(102, half >> 1, 1), 26);
    }

    #[test]
    fn negative_multipliers_give_negative_slopes() {
        assert_eq!(requantize(-100, -(1 << 29), 1), 50);
    }
}
