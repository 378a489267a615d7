//! Real scales as integers.

use kernels::{MULTIPLIER_BOUND, Scale};

/// The scale of a channel: `real` for sums from zero up, `negative` for those below.
///
/// Both share one left shift, which is zero unless one of them is a half or more. A scale too
/// small to matter becomes zero.
pub fn channel(bias: i32, real: f64, negative: f64) -> Scale {
    let multiplier = |real: f64, shift: i32| (real * 2f64.powi(31 - shift)).round() as i64;
    let fits = |shift: &i32| {
        [real, negative].iter().all(|&real| multiplier(real, *shift).abs() < MULTIPLIER_BOUND.into())
    };
    // No shift fits an infinite scale, which the image's checks then refuse.
    let shift = (0..=31).find(fits).unwrap_or(31);
    let narrow = |real: f64| multiplier(real, shift) as i32;
    Scale { bias, multiplier: narrow(real), negative: narrow(negative), shift }
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
    fn scales_are_exact_to_half_a_step() {
        for (real, negative) in [(0.3, 0.0), (1.0, -0.25), (7.3, 1e-3), (1e-4, 0.5), (0.49999999999, -2.0)] {
            let scale = channel(5, real, negative);
            let step = 2f64.powi(scale.shift - 31);
            for (real, multiplier) in [(real, scale.multiplier), (negative, scale.negative)] {
                assert!((f64::from(multiplier) * step - real).abs() <= step / 2.0, "{real}: {scale:?}");
                assert!(multiplier.abs() < MULTIPLIER_BOUND);
            }
            assert_eq!(scale.shift == 0, real.max(negative.abs()) < 0.4999, "{scale:?}");
        }
    }

    #[test]
    fn sums_share_a_shift() {
        let ([a, b], shift) = sum_factors([0.75, 0.01]);
        let real = |factor: i32| f64::from(factor) / f64::from(shift).exp2();
        assert!((real(a) - 0.75).abs() < 1e-5 && (real(b) - 0.01).abs() < 1e-5);
        assert!(a < 1 << 21);
    }
}
