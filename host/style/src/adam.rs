//! Minimisation by Adam: Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015.
//!
//! Needs more evaluations than L-BFGS and less memory: two vectors in place of two for each step that
//! is remembered.

use std::ops::ControlFlow;

use crate::lbfgs::Function;

const MEAN_DECAY: f64 = 0.9;
const SQUARE_DECAY: f64 = 0.999;
const EPSILON: f32 = 1e-8;

/// A minimisation by Adam.
#[derive(Clone, Copy, Debug)]
pub struct Adam {
    /// Length of a step in each value; here a value is a pixel's, 0 to 255.
    pub rate: f64,
    /// Evaluations after which it ends.
    pub evaluations: usize,
}

impl Adam {
    /// Moves `point` to where `function` is small; the best point that was evaluated is kept.
    ///
    /// Ends early when `function` breaks off.
    pub fn minimize(&self, point: &mut [f32], function: &mut Function) {
        let mut current = point.to_vec();
        let mut gradient = vec![0.0; point.len()];
        let (mut mean, mut square) = (vec![0.0f32; point.len()], vec![0.0f32; point.len()]);
        let mut least = f64::INFINITY;
        for step in 1..=self.evaluations {
            let ControlFlow::Continue(value) = function(&current, &mut gradient) else { return };
            if value < least {
                least = value;
                point.copy_from_slice(&current);
            }
            // Both averages begin at zero, which these undo.
            let mean_scale = 1.0 - MEAN_DECAY.powi(step as i32);
            let square_scale = (1.0 - SQUARE_DECAY.powi(step as i32)).sqrt();
            let rate = (self.rate / mean_scale * square_scale) as f32;
            let epsilon = EPSILON * square_scale as f32;
            let moments = mean.iter_mut().zip(&mut square);
            for ((value, &g), (mean, square)) in current.iter_mut().zip(&gradient).zip(moments) {
                *mean += (1.0 - MEAN_DECAY as f32) * (g - *mean);
                *square += (1.0 - SQUARE_DECAY as f32) * (g * g - *square);
                *value -= rate * *mean / (square.sqrt() + epsilon);
            }
        }
    }
}
