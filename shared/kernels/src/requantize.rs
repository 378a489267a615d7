//! From an accumulator to an activation: the one rounding rule of the engine.

/// Multiplies `acc` by the real number `multiplier * 2^(shift - 31)`, rounded half up.
///
/// The `shift`, in 0..=30, is applied first, exactly; then the high half of the doubled product is
/// taken: `SQRDMULH` of Arm, `vqrdmulh` of Helium, and `smmulr` of the DSP extension for twice the
/// multiplier, a single instruction each. The fixed-point multiplier of TFLite is normalised to 31
/// significant bits and shifts right afterwards, with a second rounding; here the multiplier is small
/// instead and there is one rounding. What its missing low bits weigh is below 2^-32 of the
/// accumulator, less than a hundredth of a step for every layer seen.
///
/// The caller sees to it, with [`requantize_bound`], that the shifted accumulator fits, and that
/// the multiplier's magnitude is below [`MULTIPLIER_BOUND`].
#[inline(always)]
pub fn requantize(acc: i32, multiplier: i32, shift: i32) -> i32 {
    let product = i64::from(acc << shift) * i64::from(multiplier);
    ((product + (1 << 30)) >> 31) as i32
}

/// Multipliers are smaller than this, so that twice a multiplier is an `i32` too.
pub const MULTIPLIER_BOUND: i32 = 1 << 30;

/// The largest magnitude of an accumulator that [`requantize`] takes with this `shift`.
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
    fn negative_multipliers_are_slopes_of_prelu() {
        assert_eq!(requantize(-100, -(1 << 29), 1), 50);
    }
}
