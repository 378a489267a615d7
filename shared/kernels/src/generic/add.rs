//! Sum of two tensors.

use crate::Addition;

/// Adds `a` and `b` element by element, see [`Addition`].
pub fn add(sum: &Addition, a: &[i8], b: &[i8], output: &mut [i8]) {
    let round = 1 << (sum.shift - 1);
    for ((&a, &b), out) in a.iter().zip(b).zip(output) {
        let a = (i32::from(a) - sum.input_zero[0]) * sum.multiplier[0];
        let b = (i32::from(b) - sum.input_zero[1]) * sum.multiplier[1];
        let value = ((a + b + round) >> sum.shift) + sum.zero_point;
        *out = value.clamp(sum.min, sum.max) as i8;
    }
}
