//! Minimisation of a function by Adam ([`autodiff::optimizer::Adam`]).
//!
//! It needs more evaluations than L-BFGS and less memory: two vectors in place of two for each step that
//! is remembered.

use std::ops::ControlFlow;

use autodiff::optimizer::{self, Moments};

use crate::lbfgs::Function;

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
        let rule = optimizer::Adam::<f32>::default();
        let mut moments = Moments::new(point.len());
        let mut least = f64::INFINITY;
        for _ in 0..self.evaluations {
            let ControlFlow::Continue(value) = function(&current, &mut gradient) else { return };
            if value < least {
                least = value;
                point.copy_from_slice(&current);
            }
            rule.step(&mut current, &gradient, &mut moments, self.rate as f32);
        }
    }
}
