//! Exponential, sigmoid and square root in fixed point.
//!
//! They convert raw detector heads to scores and sizes. Error bounds, tested against `f64`: [`exp_q`] has a
//! relative error below 2^-24 plus half a unit of the result; [`sigmoid_q15`] is within one unit (2^-15) and
//! monotonic.

/// One in Q15.
pub const Q15_ONE: u32 = 1 << 15;

/// Fraction bits of the arguments of [`exp_q`] and [`sigmoid_q15`].
pub(crate) const ARGUMENT_BITS: u32 = 24;

/// Fraction bits inside the exponential.
const BITS: u32 = 30;

// ln 2 and log2 e, in Q30.
const LN_2: i64 = 744_261_118;
const LOG2_E: i64 = 1_549_082_005;

/// `exp(argument / 2^24) * 2^frac_bits`, rounded to nearest and saturated to `i32::MAX`.
///
/// `frac_bits` above 30 count as 30.
pub fn exp_q(argument: i64, frac_bits: u32) -> i32 {
    let frac_bits = frac_bits.min(BITS);
    // Beyond +-64 the result is saturated or zero in every format. The clamp also keeps the following
    // products inside 64 bits.
    let x = argument.clamp(-64 << ARGUMENT_BITS, 64 << ARGUMENT_BITS) << (BITS - ARGUMENT_BITS);
    let power = ((((x >> 6) * (LOG2_E >> 6)) >> (2 * BITS - 12 - 1)) + 1) >> 1;
    // The remainder is at most ln(2) / 2, where eight terms of the Taylor series have an error of at most
    // 2^-27.
    let rest = x - power * LN_2;
    let mut sum = 1i64 << BITS;
    for term in (1..=8).rev() {
        sum = (1 << BITS) + ((sum * rest / term) >> BITS);
    }
    let shift = i64::from(BITS) - i64::from(frac_bits) - power;
    if shift <= 0 {
        if shift < -31 { i32::MAX } else { (sum << -shift).min(i64::from(i32::MAX)) as i32 }
    } else if shift > 60 {
        0
    } else {
        ((sum + (1 << (shift - 1))) >> shift).min(i64::from(i32::MAX)) as i32
    }
}

/// `1 / (1 + exp(-argument / 2^24))` in Q15, 0..=32768.
pub fn sigmoid_q15(argument: i64) -> u32 {
    let magnitude = argument.unsigned_abs().min(64 << ARGUMENT_BITS) as i64;
    let exponential = i64::from(exp_q(-magnitude, BITS));
    let divisor = (1i64 << BITS) + exponential;
    let upper = (((1i64 << (BITS + 15)) + divisor / 2) / divisor) as u32;
    if argument < 0 { Q15_ONE - upper } else { upper }
}

/// Converts a logit with `frac_bits` (at most 24) to an argument of the functions above.
pub(crate) fn argument(value: i32, frac_bits: u8) -> i64 {
    i64::from(value) << (ARGUMENT_BITS - u32::from(frac_bits).min(ARGUMENT_BITS))
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn exp_q_keeps_its_error_bound() {
        for step in -40_000..40_000i64 {
            let argument = step * 7_001; // -16.7..16.7 in uneven steps
            let exact = (argument as f64 / 16_777_216.0).exp();
            for frac_bits in [0, 10, 15, 24] {
                let want = exact * f64::from(1u32 << frac_bits);
                let got = f64::from(exp_q(argument, frac_bits));
                if want < f64::from(i32::MAX) {
                    assert!((got - want).abs() <= 0.5 + want / 16_777_216.0, "{argument} {frac_bits}");
                } else {
                    assert_eq!(got, f64::from(i32::MAX));
                }
            }
        }
    }

    #[test]
    fn extreme_arguments_saturate() {
        assert_eq!(exp_q(i64::MAX, 30), i32::MAX);
        assert_eq!(exp_q(i64::MIN, 30), 0);
        assert_eq!(exp_q(0, 99), 1 << 30);
        assert_eq!(sigmoid_q15(i64::MIN), 0);
        assert_eq!(sigmoid_q15(i64::MAX), Q15_ONE);
    }

    #[test]
    fn sigmoid_is_exact_to_a_unit_and_monotonic() {
        for frac_bits in [8, 11, 13] {
            let mut before = 0;
            for value in i32::from(i16::MIN)..=i32::from(i16::MAX) {
                let got = sigmoid_q15(argument(value, frac_bits));
                let exact = 1.0 / (1.0 + (-f64::from(value) / f64::from(1 << frac_bits)).exp());
                assert!((f64::from(got) - exact * 32768.0).abs() <= 1.0);
                assert!(got >= before);
                before = got;
            }
        }
    }
}
