//! Minimisation by L-BFGS: Liu and Nocedal, "On the limited memory BFGS method for large scale
//! optimization", 1989, with a line search for the strong Wolfe conditions (Nocedal and Wright,
//! "Numerical Optimization", algorithms 3.5 and 3.6).
//!
//! The first step has length 1 in the sum of its parts, later ones are tried at their full length,
//! which mostly suffices: an iteration costs little more than one evaluation. Directions that do not
//! curve upwards are not remembered, so the next one always leads down.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use crate::vector::{add_scaled, dot};

/// Least decrease that a step must bring, as a share of what its slope promises.
const DECREASE: f64 = 1e-4;

/// Most of the slope that may be left after a step.
const CURVATURE: f64 = 0.9;

/// Evaluations that a line search may take.
const SEARCH: usize = 20;

/// The function that is minimised: its value at a point, and its gradient.
pub type Function<'a> = dyn FnMut(&[f32], &mut [f32]) -> ControlFlow<(), f64> + 'a;

/// A minimisation by L-BFGS.
#[derive(Clone, Copy, Debug)]
pub struct Lbfgs {
    /// Steps that are remembered; each takes the memory of two points.
    pub history: usize,
    /// Evaluations after which it ends.
    pub evaluations: usize,
}

/// A remembered step and how the gradient changed over it.
struct Change {
    step: Vec<f32>,
    gradient: Vec<f32>,
    /// One by their product.
    rho: f64,
}

/// A point on the line of a search.
#[derive(Clone, Copy)]
struct Trial {
    length: f64,
    value: f64,
    slope: f64,
}

impl Lbfgs {
    /// Moves `point` to where `function` is least, as far as the evaluations reach.
    ///
    /// Ends early where no step leads down any more, or when `function` breaks off; `point` is then
    /// the best one there was.
    pub fn minimize(&self, point: &mut [f32], function: &mut Function) {
        let mut search = Search {
            function,
            left: self.evaluations,
            point: vec![0.0; point.len()],
            gradient: vec![0.0; point.len()],
        };
        search.point.copy_from_slice(point);
        let Some(mut value) = search.evaluate() else { return };
        let mut gradient = search.gradient.clone();
        let mut history: VecDeque<Change> = VecDeque::new();
        loop {
            let direction = direction(&gradient, &history);
            let slope = dot(&gradient, &direction);
            let first = 1.0 / gradient.iter().map(|g| f64::from(g.abs())).sum::<f64>().max(f64::MIN_POSITIVE);
            let length = if history.is_empty() { first.min(1.0) } else { 1.0 };
            if slope >= 0.0 || !slope.is_finite() {
                return;
            }
            let start = Trial { length: 0.0, value, slope };
            let found = search.along(point, &direction, start, length);
            // The last point of the search need not be its best.
            let Some(trial) = found else { return };
            if trial.value >= value {
                return;
            }
            let step: Vec<f32> =
                search.point.iter().zip(&*point).map(|(after, before)| after - before).collect();
            let change: Vec<f32> =
                search.gradient.iter().zip(&gradient).map(|(after, before)| after - before).collect();
            point.copy_from_slice(&search.point);
            gradient.copy_from_slice(&search.gradient);
            value = trial.value;
            let product = dot(&step, &change);
            if product > 1e-10 {
                if history.len() == self.history {
                    history.pop_front();
                }
                history.push_back(Change { step, gradient: change, rho: 1.0 / product });
            }
            if search.left == 0 {
                return;
            }
        }
    }
}

/// Where to go from a point with this gradient: the two-loop recursion.
fn direction(gradient: &[f32], history: &VecDeque<Change>) -> Vec<f32> {
    let mut direction: Vec<f32> = gradient.iter().map(|g| -g).collect();
    let mut factors = Vec::with_capacity(history.len());
    for change in history.iter().rev() {
        let factor = change.rho * dot(&change.step, &direction);
        add_scaled(&mut direction, -factor, &change.gradient);
        factors.push(factor);
    }
    if let Some(last) = history.back() {
        let scale = (1.0 / (last.rho * dot(&last.gradient, &last.gradient))) as f32;
        direction.iter_mut().for_each(|d| *d *= scale);
    }
    for (change, factor) in history.iter().zip(factors.iter().rev()) {
        let back = change.rho * dot(&change.gradient, &direction);
        add_scaled(&mut direction, factor - back, &change.step);
    }
    direction
}

/// The function with the point it was last evaluated at.
struct Search<'a, 'b> {
    function: &'a mut Function<'b>,
    left: usize,
    point: Vec<f32>,
    gradient: Vec<f32>,
}

impl Search<'_, '_> {
    fn evaluate(&mut self) -> Option<f64> {
        self.left = self.left.checked_sub(1)?;
        match (self.function)(&self.point, &mut self.gradient) {
            ControlFlow::Continue(value) => Some(value),
            ControlFlow::Break(()) => None,
        }
    }

    fn at(&mut self, from: &[f32], direction: &[f32], length: f64) -> Option<Trial> {
        self.point.copy_from_slice(from);
        add_scaled(&mut self.point, length, direction);
        let value = self.evaluate()?;
        Some(Trial { length, value, slope: dot(&self.gradient, direction) })
    }

    /// Finds a step for the strong Wolfe conditions; point and gradient are then those after it.
    ///
    /// None where it broke off or evaluations ran out before any step led down.
    fn along(&mut self, from: &[f32], direction: &[f32], start: Trial, length: f64) -> Option<Trial> {
        let enough = |t: &Trial| t.value <= start.value + DECREASE * t.length * start.slope;
        let flat = |t: &Trial| t.slope.abs() <= -CURVATURE * start.slope;
        let mut before = start;
        let mut best: Option<(Trial, Vec<f32>, Vec<f32>)> = None;
        let mut bracket: Option<[Trial; 2]> = None;
        let mut length = length;
        for _ in 0..SEARCH {
            let Some(trial) = self.at(from, direction, length) else { break };
            if enough(&trial) && flat(&trial) {
                return Some(trial);
            }
            if trial.value < best.as_ref().map_or(start.value, |(best, ..)| best.value) {
                best = Some((trial, self.point.clone(), self.gradient.clone()));
            }
            bracket = match bracket {
                None if !enough(&trial) || (before.length > 0.0 && trial.value >= before.value) => {
                    Some([before, trial])
                }
                None if trial.slope >= 0.0 => Some([trial, before]),
                None => None,
                Some([low, _]) if !enough(&trial) || trial.value >= low.value => Some([low, trial]),
                Some([low, high]) => {
                    let past = trial.slope * (high.length - low.length) >= 0.0;
                    Some([trial, if past { low } else { high }])
                }
            };
            length = match bracket {
                None => {
                    let next = cubic(before, trial).clamp(1.5 * length, 10.0 * length);
                    before = trial;
                    next
                }
                Some([low, high]) => {
                    let (left, right) = (low.length.min(high.length), low.length.max(high.length));
                    if right - left < 1e-9 * right {
                        break;
                    }
                    let margin = 0.1 * (right - left);
                    cubic(low, high).clamp(left + margin, right - margin)
                }
            };
        }
        let (trial, point, gradient) = best?;
        (self.point, self.gradient) = (point, gradient);
        Some(trial)
    }
}

/// Where the cubic through two points with their slopes is least; their middle where it is nowhere.
fn cubic(a: Trial, b: Trial) -> f64 {
    let d1 = a.slope + b.slope - 3.0 * (a.value - b.value) / (a.length - b.length);
    let d2 = (d1 * d1 - a.slope * b.slope).max(0.0).sqrt() * (b.length - a.length).signum();
    let least = b.length - (b.length - a.length) * (b.slope + d2 - d1) / (b.slope - a.slope + 2.0 * d2);
    if least.is_finite() { least } else { (a.length + b.length) / 2.0 }
}
