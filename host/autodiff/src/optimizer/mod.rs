//! How a gradient moves the parameters of a network.

pub mod adam;

mod parameter;

pub use adam::{Adam, Moments};
pub use parameter::{Parameter, Role};

use adam::Precision;
use rayon::prelude::*;

/// Which rule, with its settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Optimizer {
    /// The rule.
    pub rule: Rule,
    /// What a step takes off weights beside the gradient's part: this times the rate times the weight.
    /// Decoupled from the gradient's moments (Loshchilov and Hutter 2019, "AdamW").
    pub decay: f32,
}

/// The rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// Kingma and Ba 2015.
    Adam(Adam),
    /// Gradient descent with a heavy ball.
    Momentum {
        /// Share of the velocity that a step keeps.
        keep: f32,
    },
}

impl Default for Optimizer {
    fn default() -> Self {
        Self { rule: Rule::Adam(Adam::default()), decay: 0.0 }
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
    /// Of no steps, for `parameters`.
    #[must_use]
    pub fn new(parameters: usize) -> Self {
        Self { steps: 0, mean: vec![Vec::new(); parameters], square: vec![Vec::new(); parameters] }
    }
}

impl Optimizer {
    /// Moves `parameters` against their gradients; those without one stay.
    pub fn update(
        &self,
        parameters: &mut [Parameter],
        gradients: &[Option<Vec<f32>>],
        memory: &mut Memory,
        rate: f32,
    ) {
        memory.steps += 1;
        let steps = memory.steps;
        let all = parameters.par_iter_mut().zip(gradients).zip(&mut memory.mean).zip(&mut memory.square);
        all.for_each(|(((parameter, gradient), mean), square)| {
            let Some(gradient) = gradient else { return };
            let decay = if parameter.role == Role::Weight { 1.0 - rate * self.decay } else { 1.0 };
            mean.resize(gradient.len(), 0.0);
            match self.rule {
                Rule::Adam(adam) => {
                    square.resize(gradient.len(), 0.0);
                    let correction = f32::correction(&adam, rate, steps);
                    adam.advance(&mut parameter.values, gradient, [mean, square], &correction, decay);
                }
                Rule::Momentum { keep } => {
                    for ((w, g), m) in parameter.values.iter_mut().zip(gradient).zip(mean) {
                        *m = keep * *m + g;
                        *w = *w * decay - rate * *m;
                    }
                }
            }
        });
    }
}
