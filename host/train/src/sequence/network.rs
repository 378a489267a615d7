//! The network in floating point, and how its weights are found.
//!
//! The loss is logistic. Living heads and attacks have the same weight in it, and so has each attack type among the
//! attacks. Adam goes over all windows at once, with decay of the weights.

use autodiff::optimizer::{Adam, Moments};
use fastrand::Rng;
use liveness::{FEATURES, HIDDEN};

/// All weights in a row: hidden weights, hidden biases, output weights, output bias.
const WEIGHTS: usize = HIDDEN * FEATURES + HIDDEN + HIDDEN + 1;

/// The largest input and the largest hidden value, as in integers.
const LIMITS: [f64; 2] = [4.0, 16.0];

/// A window, normalised.
#[derive(Clone, Debug)]
pub struct Example {
    pub inputs: [f64; FEATURES],
    pub alive: bool,
    pub weight: f64,
}

/// The network.
#[derive(Clone, Debug)]
pub struct Network {
    weights: Vec<f64>,
}

impl Network {
    /// Finds the weights in so many steps.
    pub fn train(examples: &[Example], steps: usize, decay: f64, seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        let scale = (2.0 / FEATURES as f64).sqrt();
        let mut network =
            Self { weights: (0..WEIGHTS).map(|_| scale * (2.0 * random.f64() - 1.0)).collect() };
        let mut moments = Moments::new(WEIGHTS);
        for step in 1..=steps {
            let gradient = network.gradient(examples, decay);
            // The rate falls to nothing, so that the last steps settle.
            let rate = 0.02 * (1.0 - (step - 1) as f64 / steps as f64);
            Adam::<f64>::default().step(&mut network.weights, &gradient, &mut moments, rate);
        }
        network
    }

    /// Weights and bias of a hidden unit, and its weight in the output.
    pub fn unit(&self, unit: usize) -> (&[f64], f64, f64) {
        let weights = &self.weights[unit * FEATURES..][..FEATURES];
        let [bias, output] = [0, HIDDEN].map(|at| self.weights[HIDDEN * FEATURES + at + unit]);
        (weights, bias, output)
    }

    /// Bias of the output.
    pub fn bias(&self) -> f64 {
        self.weights[WEIGHTS - 1]
    }

    /// The logit of an input.
    pub fn logit(&self, inputs: &[f64; FEATURES]) -> f64 {
        self.out(&self.hidden(inputs))
    }

    /// The logit of hidden values.
    fn out(&self, hidden: &[f64; HIDDEN]) -> f64 {
        self.bias() + (0..HIDDEN).map(|unit| self.unit(unit).2 * hidden[unit]).sum::<f64>()
    }

    fn hidden(&self, inputs: &[f64; FEATURES]) -> [f64; HIDDEN] {
        std::array::from_fn(|unit| {
            let (weights, bias, _) = self.unit(unit);
            let sum: f64 = weights.iter().zip(inputs).map(|(weight, input)| weight * input).sum();
            (bias + sum).clamp(0.0, LIMITS[1])
        })
    }

    /// Slope of the mean loss along every weight.
    fn gradient(&self, examples: &[Example], decay: f64) -> Vec<f64> {
        let mut gradient: Vec<f64> = self.weights.iter().map(|weight| decay * weight).collect();
        for Example { inputs, alive, weight } in examples {
            let hidden = self.hidden(inputs);
            let logit = self.out(&hidden);
            let target = if *alive { 1.0 } else { 0.0 };
            let slope = weight * (1.0 / (1.0 + (-logit).exp()) - target);
            for unit in 0..HIDDEN {
                gradient[HIDDEN * FEATURES + HIDDEN + unit] += slope * hidden[unit];
                if hidden[unit] > 0.0 && hidden[unit] < LIMITS[1] {
                    let back = slope * self.unit(unit).2;
                    gradient[HIDDEN * FEATURES + unit] += back;
                    let row = &mut gradient[unit * FEATURES..][..FEATURES];
                    row.iter_mut().zip(inputs).for_each(|(sum, input)| *sum += back * input);
                }
            }
            gradient[WEIGHTS - 1] += slope;
        }
        gradient
    }
}

/// The inputs that the network is given for features of this mean and this deviation.
pub fn normalise(
    features: &[i32; FEATURES],
    means: &[f64; FEATURES],
    deviations: &[f64; FEATURES],
) -> [f64; FEATURES] {
    std::array::from_fn(|at| {
        ((f64::from(features[at]) - means[at]) / deviations[at]).clamp(-LIMITS[0], LIMITS[0])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_those_of_the_loss() {
        let mut random = Rng::with_seed(3);
        let examples: Vec<Example> = (0..5)
            .map(|number| Example {
                inputs: std::array::from_fn(|_| 2.0 * random.f64() - 1.0),
                alive: number % 2 == 0,
                weight: 0.2,
            })
            .collect();
        let network = Network::train(&examples, 1, 0.01, 5);
        let loss = |network: &Network| {
            let of = |example: &Example| {
                let logit = network.logit(&example.inputs);
                example.weight * (1.0 + if example.alive { -logit } else { logit }.exp()).ln()
            };
            let decay: f64 = network.weights.iter().map(|weight| 0.005 * weight * weight).sum();
            examples.iter().map(of).sum::<f64>() + decay
        };
        for (at, slope) in network.gradient(&examples, 0.01).into_iter().enumerate() {
            let [mut more, mut less] = [network.clone(), network.clone()];
            more.weights[at] += 1e-6;
            less.weights[at] -= 1e-6;
            let found = (loss(&more) - loss(&less)) / 2e-6;
            assert!((found - slope).abs() < 1e-6, "{at}: {found} is not {slope}");
        }
    }
}
