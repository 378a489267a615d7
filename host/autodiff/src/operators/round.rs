//! The rounding of the board's integers, while training: applied forwards, passed straight backwards.
//!
//! Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
//! Inference", CVPR 2018. Scales and zero points are the compiler's: a tensor has 256 steps over a range
//! that holds zero; a filter's greatest weight is 127 steps. Values are rounded half up, as
//! `kernels::requantize` does, weights half away from zero, as the compiler does.

use rayon::prelude::*;

use super::PART;
use crate::vector::{Kernel, vectorized};

/// The 256 steps of a tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steps {
    /// Real value of one step.
    pub scale: f32,
    /// The least value, and the greatest.
    pub bounds: [f32; 2],
}

impl Steps {
    /// The steps that cover `[low, high]`, as `compiler::quantize::QuantizedTensor::activation` has them.
    #[must_use]
    pub fn of([low, high]: [f32; 2]) -> Self {
        let scale = ((high - low) / 255.0).max(1e-9);
        let zero = (-128.0 - low / scale).round().clamp(-128.0, 127.0);
        Self { scale, bounds: [(-128.0 - zero) * scale, (127.0 - zero) * scale] }
    }

    /// Moves every value to a step.
    pub fn forward(&self, x: &[f32], out: &mut [f32]) {
        out.par_chunks_mut(PART).zip(x.par_chunks(PART)).for_each(|(out, x)| {
            vectorized(Round { steps: *self, x, out });
        });
    }

    /// Stops the gradient of values outside the range.
    pub fn backward(&self, x: &[f32], gradient: &mut [f32]) {
        // Half a step outside is still rounded to the last one.
        let [low, high] = [self.bounds[0] - self.scale / 2.0, self.bounds[1] + self.scale / 2.0];
        gradient.par_chunks_mut(PART).zip(x.par_chunks(PART)).for_each(|(gradient, x)| {
            for (g, x) in gradient.iter_mut().zip(x) {
                *g = if (low..=high).contains(x) { *g } else { 0.0 };
            }
        });
    }
}

/// [`Steps::forward`] of a part.
struct Round<'a> {
    steps: Steps,
    x: &'a [f32],
    out: &'a mut [f32],
}

impl Kernel for Round<'_> {
    #[inline(always)]
    fn run(self) {
        let Steps { scale, bounds: [low, high] } = self.steps;
        for (out, x) in self.out.iter_mut().zip(self.x) {
            *out = ((x / scale + 0.5).floor() * scale).clamp(low, high);
        }
    }
}

/// The least and the greatest value, and zero.
#[must_use]
pub fn range(x: &[f32]) -> [f32; 2] {
    let part = |x: &[f32]| x.iter().fold([0f32; 2], |[low, high], x| [low.min(*x), high.max(*x)]);
    x.par_chunks(PART).map(part).reduce(|| [0.0; 2], |a, b| [a[0].min(b[0]), a[1].max(b[1])])
}

/// One step of the weights of each filter, which lie in rows of `outputs`.
fn scales(weights: &[f32], outputs: usize) -> Vec<f32> {
    let mut scales = vec![f32::MIN_POSITIVE; outputs];
    for row in weights.chunks_exact(outputs) {
        scales.iter_mut().zip(row).for_each(|(scale, weight)| *scale = scale.max(weight.abs() / 127.0));
    }
    scales
}

/// Weights in rows of `outputs`, each filter moved to its steps.
#[must_use]
pub fn weights(values: &[f32], outputs: usize) -> Vec<f32> {
    let scales = scales(values, outputs);
    let step = |(n, weight): (usize, &f32)| (weight / scales[n % outputs]).round() * scales[n % outputs];
    values.iter().enumerate().map(step).collect()
}

/// A bias moved to the steps of its filter's sums: those of the weights times `input`, one step of the input.
#[must_use]
pub fn bias(values: &[f32], weights: &[f32], input: f32) -> Vec<f32> {
    let step = |(bias, scale): (&f32, f32)| {
        let step = f64::from(scale) * f64::from(input);
        ((f64::from(*bias) / step).round() * step) as f32
    };
    values.iter().zip(scales(weights, values.len())).map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_up_and_what_is_outside_to_the_last_step() {
        let steps = Steps::of([-1.0, 1.55]);
        assert!((steps.scale - 0.01).abs() < 1e-8);
        let x = [-0.994, -1.2, 9.0, 0.125, -0.125, 0.0];
        let mut out = [0.0; 6];
        steps.forward(&x, &mut out);
        for (found, expected) in out.iter().zip([-0.99, -1.0, 1.55, 0.13, -0.12, 0.0]) {
            assert!((found - expected).abs() < 1e-6, "{out:?}");
        }
        let mut gradient = [1.0; 6];
        steps.backward(&x, &mut gradient);
        assert_eq!(gradient, [1.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
        assert_eq!(range(&x), [-1.2, 9.0]);
    }

    #[test]
    fn the_greatest_weight_of_a_filter_keeps_its_value() {
        let rounded = weights(&[1.27, 0.2, 0.504, -2.54, -0.006, 0.011], 2);
        for (found, expected) in rounded.iter().zip([1.27, 0.2, 0.5, -2.54, -0.01, 0.02]) {
            assert!((found - expected).abs() < 1e-6, "{rounded:?}");
        }
    }
}
