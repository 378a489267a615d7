//! Adam: Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015.
//!
//! ```text
//! m = b1 m + (1 - b1) g        w = w - rate m' / (sqrt(s') + epsilon)
//! s = b2 s + (1 - b2) g^2      m' = m / (1 - b1^t), s' = s / (1 - b2^t)
//! ```
//! The one rule is for two precisions: weights of networks and pixels are `f32`, the few parameters of losses
//! and of small models `f64`. [`Precision`] fixes how each of them rounds. A training that is resumed from a
//! checkpoint goes on to the same bits, so these roundings do not change.

/// The settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam<F = f32> {
    /// `b1`: share of the gradient's mean that a step keeps.
    pub mean: F,
    /// `b2`: share of the gradient's mean square that a step keeps.
    pub square: F,
    /// Keeps the divisor from zero.
    pub epsilon: F,
}

/// What Adam remembers of a vector.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moments<F> {
    /// `t`: steps that were made.
    pub steps: u64,
    /// `m`: the mean gradient.
    pub mean: Vec<F>,
    /// `s`: the mean square of the gradient.
    pub square: Vec<F>,
}

/// What a step multiplies and divides by; both means begin at zero, which this undoes.
#[derive(Clone, Copy, Debug)]
pub struct Correction<F> {
    rate: F,
    mean: F,
    square: F,
}

impl Default for Adam<f32> {
    fn default() -> Self {
        Self { mean: 0.9, square: 0.999, epsilon: 1e-8 }
    }
}

impl Default for Adam<f64> {
    fn default() -> Self {
        Self { mean: 0.9, square: 0.999, epsilon: 1e-8 }
    }
}

impl<F: Precision> Moments<F> {
    /// Of no steps, for `length` values.
    #[must_use]
    pub fn new(length: usize) -> Self {
        Self { steps: 0, mean: vec![F::ZERO; length], square: vec![F::ZERO; length] }
    }
}

impl<F: Precision> Adam<F> {
    /// Moves `values` against `gradient`.
    pub fn step(&self, values: &mut [F], gradient: &[F], moments: &mut Moments<F>, rate: F) {
        moments.steps += 1;
        let correction = F::correction(self, rate, moments.steps);
        self.advance(values, gradient, [&mut moments.mean, &mut moments.square], &correction, F::ONE);
    }

    /// Moves `values` against `gradient`, after multiplying them by `decay`.
    pub(super) fn advance(
        &self,
        values: &mut [F],
        gradient: &[F],
        [mean, square]: [&mut [F]; 2],
        correction: &Correction<F>,
        decay: F,
    ) {
        let moments = mean.iter_mut().zip(square);
        for ((value, &g), (m, s)) in values.iter_mut().zip(gradient).zip(moments) {
            *m = F::mean(*m, g, self.mean);
            *s = F::mean_square(*s, g, self.square);
            *value = F::moved(*value, decay, F::change(*m, *s, correction, self.epsilon));
        }
    }
}

/// How a precision rounds the rule.
pub trait Precision: Copy {
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// The correction of step number `steps`, which begins at 1.
    fn correction(adam: &Adam<Self>, rate: Self, steps: u64) -> Correction<Self>;
    /// The mean with the gradient `g`.
    fn mean(mean: Self, g: Self, keep: Self) -> Self;
    /// The mean square with the gradient `g`.
    fn mean_square(square: Self, g: Self, keep: Self) -> Self;
    /// What a value changes by.
    fn change(mean: Self, square: Self, correction: &Correction<Self>, epsilon: Self) -> Self;
    /// The value after the step.
    fn moved(value: Self, decay: Self, change: Self) -> Self;
}

/// Corrections are computed in double precision, so that a step costs one root and one division.
impl Precision for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    fn correction(adam: &Adam<Self>, rate: Self, steps: u64) -> Correction<Self> {
        let left = |keep: Self| 1.0 - f64::from(keep).powf(steps as f64);
        let rate = (f64::from(rate) / left(adam.mean)) as Self;
        Correction { rate, mean: 1.0, square: (1.0 / left(adam.square)) as Self }
    }

    fn mean(mean: Self, g: Self, keep: Self) -> Self {
        keep * mean + (1.0 - keep) * g
    }

    fn mean_square(square: Self, g: Self, keep: Self) -> Self {
        keep * square + (1.0 - keep) * g * g
    }

    fn change(mean: Self, square: Self, correction: &Correction<Self>, epsilon: Self) -> Self {
        correction.rate * mean / ((square * correction.square).sqrt() + epsilon)
    }

    fn moved(value: Self, decay: Self, change: Self) -> Self {
        value * decay - change
    }
}

impl Precision for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    fn correction(adam: &Adam<Self>, rate: Self, steps: u64) -> Correction<Self> {
        let steps = i32::try_from(steps).unwrap_or(i32::MAX);
        Correction { rate, mean: 1.0 - adam.mean.powi(steps), square: 1.0 - adam.square.powi(steps) }
    }

    fn mean(mean: Self, g: Self, keep: Self) -> Self {
        mean + (1.0 - keep) * (g - mean)
    }

    fn mean_square(square: Self, g: Self, keep: Self) -> Self {
        square + (1.0 - keep) * (g * g - square)
    }

    fn change(mean: Self, square: Self, correction: &Correction<Self>, epsilon: Self) -> Self {
        correction.rate * (mean / correction.mean) / ((square / correction.square).sqrt() + epsilon)
    }

    fn moved(value: Self, decay: Self, change: Self) -> Self {
        value * decay - change
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_has_the_length_of_the_rate_whatever_the_gradient() {
        let mut values = [1.0, 1.0];
        Adam::<f64>::default().step(&mut values, &[1000.0, -1e-3], &mut Moments::new(2), 0.1);
        assert!((values[0] - 0.9).abs() < 1e-4 && (values[1] - 1.1).abs() < 1e-4, "{values:?}");
        let mut values = [1.0f32, 1.0];
        Adam::<f32>::default().step(&mut values, &[1000.0, -1e-3], &mut Moments::new(2), 0.1);
        assert!((values[0] - 0.9).abs() < 1e-4 && (values[1] - 1.1).abs() < 1e-4, "{values:?}");
    }

    #[test]
    fn both_precisions_go_the_same_way() {
        let (mut single, mut double) = ([0.5f32, -2.0], [0.5, -2.0]);
        let (mut single_moments, mut double_moments) = (Moments::new(2), Moments::new(2));
        for _ in 0..200 {
            let gradient = double.map(|value| 2.0 * value);
            Adam::<f64>::default().step(&mut double, &gradient, &mut double_moments, 0.05);
            let gradient = single.map(|value| 2.0 * value);
            Adam::<f32>::default().step(&mut single, &gradient, &mut single_moments, 0.05);
        }
        for (single, double) in single.into_iter().zip(double) {
            assert!((f64::from(single) - double).abs() < 1e-3 && double.abs() < 0.1, "{single}, {double}");
        }
    }
}
