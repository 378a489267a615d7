//! Real scales as integers.

/// `real` as multiplier and shift of [`kernels::requantize`]: `multiplier * 2^(shift - 31)`.
///
/// The multiplier has 31 significant bits. A scale too small to matter becomes zero.
pub fn fixed_point(real: f64) -> (i32, i32) {
    if real == 0.0 || !real.is_finite() {
        return (0, 0);
    }
    let mut shift = real.abs().log2().floor() as i32 + 1;
    let mut multiplier = (real / 2f64.powi(shift) * (1u64 << 31) as f64).round() as i64;
    if multiplier.abs() == 1 << 31 {
        multiplier /= 2;
        shift += 1;
    }
    if shift < -30 { (0, 0) } else { (multiplier as i32, shift) }
}

/// Two ratios as factors with one common right shift, for [`kernels::Addition`].
pub fn sum_factors(ratios: [f64; 2]) -> ([i32; 2], u32) {
    let greatest = ratios[0].max(ratios[1]);
    let shift = ((f64::from(1 << 20) / greatest).log2().floor()).clamp(1.0, 30.0);
    (ratios.map(|ratio| (ratio * shift.exp2()).round() as i32), shift as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_point_is_exact_to_31_bits() {
        for real in [1.0, 0.5, 0.3, 1e-4, 1.999_999_999_9, 7.3, -0.25, -1e-3] {
            let (multiplier, shift) = fixed_point(real);
            let back = f64::from(multiplier) * 2f64.powi(shift - 31);
            assert!((back - real).abs() <= real.abs() * 2f64.powi(-31), "{real}: {multiplier}, {shift}");
        }
        assert_eq!(fixed_point(0.0), (0, 0));
    }

    #[test]
    fn sums_share_a_shift() {
        let ([a, b], shift) = sum_factors([0.75, 0.01]);
        let real = |factor: i32| f64::from(factor) / f64::from(shift).exp2();
        assert!((real(a) - 0.75).abs() < 1e-5 && (real(b) - 0.01).abs() < 1e-5);
        assert!(a < 1 << 21);
    }
}
