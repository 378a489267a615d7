//! The sum of two tensors in the form of one NPU operator, with the same bytes.
//!
//! The engine computes `(a * fa + b * fb + half) >> s`. The NPU multiplies one operand by 32 bits, shifts and rounds, and
//! shifts the other one by 19 bits: `((a << 19) + ((b * f + half) >> 10) + bias) * m >> 49`. Both operands have 8 bits, so
//! there are 65,536 pairs, and all of them are tried: a form is taken only if not one pair differs.
//!
//! Where a sum is a half exactly, for a pair and for the pair with other signs, no multiplier gives both. Then the bias of one
//! does, at the price of an operator more.

/// A sum as the NPU computes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// Multipliers of both operands, with [`Form::SHIFT`]; one of them is 2^29, which is a shift by 19.
    pub factor: [i32; 2],
    /// Multiplier of the sum, with [`Form::SUM_SHIFT`].
    pub multiplier: i32,
    /// Added to the sum before.
    pub bias: i32,
}

impl Form {
    /// Right shift after the multiplication of an operand.
    pub const SHIFT: i8 = 10;
    /// Right shift after the multiplication of the sum.
    pub const SUM_SHIFT: i8 = 49;
    /// The multiplier that is a shift by 19 bits.
    const ONE: i32 = 1 << 29;

    /// What the NPU computes for two values without their zero points.
    pub fn apply(&self, a: i32, b: i32) -> i64 {
        let operand = |value: i32, factor: i32| {
            (i64::from(value) * i64::from(factor) + (1 << (Self::SHIFT - 1))) >> Self::SHIFT
        };
        let sum = operand(a, self.factor[0]) + operand(b, self.factor[1]) + i64::from(self.bias);
        (sum * i64::from(self.multiplier) + (1 << (Self::SUM_SHIFT - 1))) >> Self::SUM_SHIFT
    }
}

/// The form of a sum that gives the engine's value for each pair of operands, or `None` if none of those tried does.
pub fn form(addition: &kernels::Addition) -> Option<Form> {
    let kernels::Addition { multiplier: factors, shift, .. } = *addition;
    let (large, small) = if factors[0] >= factors[1] { (0, 1) } else { (1, 0) };
    if factors[small] <= 0 {
        return None;
    }
    let ratio = f64::from(factors[small]) / f64::from(factors[large]);
    let near = (ratio * f64::from(Form::ONE)).round() as i32;
    let multiplier = f64::from(factors[large]) / (1u64 << shift) as f64 * (1u64 << 30) as f64;
    let multiplier = multiplier.round();
    if !(1.0..f64::from(i32::MAX)).contains(&multiplier) {
        return None;
    }
    [0, 1].into_iter().find_map(|bias| {
        (-8..=8).map(|step: i32| if bias == 0 { step } else { 4 * step }).find_map(|away| {
            let mut form = Form { factor: [Form::ONE; 2], multiplier: multiplier as i32, bias };
            form.factor[small] = near + away;
            // Equal factors take another operator in Vela.
            (form.factor[0] != form.factor[1] && equals(&form, addition)).then_some(form)
        })
    })
}

/// Whether all pairs of operands give the same output.
fn equals(form: &Form, addition: &kernels::Addition) -> bool {
    let kernels::Addition { input_zero, multiplier, shift, zero_point, min, max } = *addition;
    let range = |zero: i32| -128 - zero..=127 - zero;
    let output = |value: i64| (value + i64::from(zero_point)).clamp(min.into(), max.into());
    range(input_zero[0]).all(|a| {
        range(input_zero[1]).all(|b| {
            let sum = i64::from(a) * i64::from(multiplier[0]) + i64::from(b) * i64::from(multiplier[1]);
            output((sum + (1 << (shift - 1))) >> shift) == output(form.apply(a, b))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addition(multiplier: [i32; 2], shift: u32) -> kernels::Addition {
        kernels::Addition { input_zero: [-3, 5], multiplier, shift, zero_point: 1, min: -128, max: 127 }
    }

    #[test]
    fn sums_of_the_networks_have_a_form_that_no_pair_of_operands_tells_apart() {
        for (factors, shift) in [([1_020_205, 894_259], 20), ([802_121, 961_881], 20)] {
            let form = form(&addition(factors, shift)).expect("a form");
            assert!(form.factor.contains(&Form::ONE) && form.bias == 0);
        }
    }

    #[test]
    fn sums_that_are_exactly_a_half_with_both_signs_need_a_bias() {
        // 33 and -59 give -10.5, and -33 and 59 give 10.5.
        let addition = addition([528_952, 389_160], 19);
        assert_eq!(form(&addition).expect("a form").bias, 1);
    }

    #[test]
    fn a_sum_without_such_a_form_is_told_apart() {
        assert_eq!(form(&addition([1 << 19, -(1 << 18)], 20)), None);
        let wrong = Form { factor: [Form::ONE, 1 << 27], multiplier: 1 << 29, bias: 0 };
        assert!(!equals(&wrong, &addition([1 << 19, 1 << 18], 20)));
    }
}
