//! From an accumulator to an activation: the one rounding rule of the engine.

/// Multiplies `acc` by the real number `multiplier * 2^(shift - 31)`.
///
/// `shift` in -30..=30. A positive shift is applied first, exactly; then the high half of the
/// doubled product is taken, rounded half up (`SQRDMULH` of Arm, `vqrdmulh` of Helium); then a
/// negative shift, rounded half up again (`SRSHL`, `vrshl`). This is what CMSIS-NN does on Helium;
/// gemmlowp differs from it only in how it rounds the halves of negative numbers.
///
/// The caller sees to it, with [`requantize_bound`], that the shifted accumulator fits.
#[inline(always)]
pub fn requantize(acc: i32, multiplier: i32, shift: i32) -> i32 {
    let left = shift.max(0) as u32;
    let right = (-shift).max(0) as u32;
    let product = i64::from(acc << left) * i64::from(multiplier);
    let high = ((product + (1 << 30)) >> 31) as i32;
    high.wrapping_add((1 << right) >> 1) >> right
}

/// The largest magnitude of an accumulator that [`requantize`] takes with this `shift`.
///
/// One bit is kept free, so that neither the rounding nor the sum after it can overflow.
pub fn requantize_bound(shift: i32) -> i64 {
    (1i64 << 30) >> shift.clamp(0, 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_round_up() {
        let half = 1 << 30;
        assert_eq!(requantize(1, half, 0), 1);
        assert_eq!(requantize(-1, half, 0), 0);
        assert_eq!(requantize(3, half, 0), 2);
        assert_eq!(requantize(-3, half, 0), -1);
        assert_eq!(requantize(100, half, 1), 100);
        assert_eq!(requantize(102, half, -1), 26);
    }

    #[test]
    fn negative_multipliers_are_slopes_of_prelu() {
        assert_eq!(requantize(-100, -(1 << 30), 0), 50);
    }
}
