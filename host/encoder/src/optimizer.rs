//! How a gradient moves the weights.

use rayon::prelude::*;

use crate::graph::{Parameter, Role};

/// Which rule, with its settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Optimizer {
    /// The rule.
    pub rule: Rule,
    /// What a step takes off a convolution's weights beside the gradient's part: this times the rate times
    /// the weight. Decoupled from the gradient's moments (Loshchilov and Hutter 2019, "AdamW").
    pub decay: f32,
}

/// The rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// Kingma and Ba 2015.
    Adam {
        /// Share of the gradient's mean that a step keeps.
        mean: f32,
        /// Share of the gradient's mean square that a step keeps.
        square: f32,
        /// Keeps the divisor from zero.
        epsilon: f32,
    },
    /// Gradient descent with a heavy ball.
    Momentum {
        /// Share of the velocity that a step keeps.
        keep: f32,
    },
}

impl Default for Optimizer {
    fn default() -> Self {
        Self { rule: Rule::Adam { mean: 0.9, square: 0.999, epsilon: 1e-8 }, decay: 0.0 }
    }
}

/// What the optimiser remembers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    /// Steps that were made.
    pub steps: u64,
    /// Mean gradient, or velocity, by parameter; empty until there was a gradient.
    pub mean: Vec<Vec<f32>>,
    /// Mean square of the gradient by parameter; empty with [`Rule::Momentum`].
    pub square: Vec<Vec<f32>>,
}

impl Memory {
    /// Of nothing, for `parameters`.
    #[must_use]
    pub fn new(parameters: usize) -> Self {
        Self { steps: 0, mean: vec![Vec::new(); parameters], square: vec![Vec::new(); parameters] }
    }
}

impl Optimizer {
    /// Moves `parameters` against their gradients.
    pub fn update(
        &self,
        parameters: &mut [Parameter],
        gradients: &[Option<Vec<f32>>],
        memory: &mut Memory,
        rate: f32,
    ) {
        memory.steps += 1;
        let steps = memory.steps as f64;
        let all = parameters.par_iter_mut().zip(gradients).zip(&mut memory.mean).zip(&mut memory.square);
        all.for_each(|(((parameter, gradient), mean), square)| {
            let Some(gradient) = gradient else { return };
            let decay = if parameter.role == Role::Weight { 1.0 - rate * self.decay } else { 1.0 };
            mean.resize(gradient.len(), 0.0);
            let weights = parameter.values.iter_mut().zip(gradient).zip(mean);
            match self.rule {
                Rule::Adam { mean: keep, square: keep_square, epsilon } => {
                    square.resize(gradient.len(), 0.0);
                    let step = f64::from(rate) / (1.0 - f64::from(keep).powf(steps));
                    let unbias = 1.0 / (1.0 - f64::from(keep_square).powf(steps));
                    let (step, unbias) = (step as f32, unbias as f32);
                    for (((w, g), m), s) in weights.zip(square) {
                        *m = keep * *m + (1.0 - keep) * g;
                        *s = keep_square * *s + (1.0 - keep_square) * g * g;
                        *w = *w * decay - step * *m / ((*s * unbias).sqrt() + epsilon);
                    }
                }
                Rule::Momentum { keep } => {
                    for ((w, g), m) in weights {
                        *m = keep * *m + g;
                        *w = *w * decay - rate * *m;
                    }
                }
            }
        });
    }
}
