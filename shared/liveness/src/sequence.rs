//! The sequence model: does a window of samples show a living head?
//!
//! A network with one hidden layer over the features of the window (`features`), with some hundred weights.
//! All arithmetic is integer:
//!
//! ```text
//! x = clamp((feature - mean) * scale >> 12)             Q8, within +-4
//! h = min(max(bias + sum(weight * x), 0) >> 8, limit)   Q8, HIDDEN of them
//! logit = (bias + sum(weight * h)) >> 8                 Q8
//! ```
//!
//! The logit is the logarithm of a likelihood ratio: of this window if the head lives, over that if it is an attack. It was
//! calibrated on people that the network was not trained on. So the door need not wait for a number of samples. After each one
//! it compares the ratio with two bounds, which follow from the two errors that the training was given (Wald, Sequential
//! tests of statistical hypotheses, 1945): [`Decision`].
//!
//! `postern train-liveness` trains mean, scale, weights and biases, and writes `weights.rs`.

use crate::features::FEATURES;

#[path = "weights.rs"]
mod weights;

pub use weights::SEQUENCE;

/// Units of the hidden layer.
pub const HIDDEN: usize = 12;

/// Fraction bits of inputs, hidden values and the logit.
pub const INPUT_BITS: u32 = 8;

/// Fraction bits of the weights.
pub const WEIGHT_BITS: u32 = 8;

/// The largest input, Q8: 4 standard deviations.
pub const INPUT_LIMIT: i32 = 4 << INPUT_BITS;

/// The largest hidden value, Q8.
const HIDDEN_LIMIT: i32 = 16 << INPUT_BITS;

/// Fraction bits of the scales.
const SCALE_BITS: u32 = 12;

/// What follows from a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is of a living head.
    Alive,
    /// It is of an attack.
    Attack,
    /// More samples are needed.
    Open,
}

/// A sequence model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// Mean of each feature over the training windows.
    pub means: [i32; FEATURES],
    /// Factor of each feature that scales its standard deviation to one in Q8; Q12.
    pub scales: [i32; FEATURES],
    /// Weights of the hidden layer, Q8.
    pub weights: [[i16; FEATURES]; HIDDEN],
    /// Biases of the hidden layer, Q16.
    pub biases: [i32; HIDDEN],
    /// Weights of the output, Q8.
    pub output: [i16; HIDDEN],
    /// Bias of the output, Q16.
    pub bias: i32,
    /// Least logit of a living head, Q8: the logarithm of (1 - b) / a, for a share of a attacks that are accepted and a share of
    /// b living heads that are refused.
    pub alive: i32,
    /// Largest logit of an attack, Q8: the logarithm of b / (1 - a).
    pub attack: i32,
}

impl Sequence {
    /// Decides about a window's features.
    pub fn decide(&self, features: &[i32; FEATURES]) -> Decision {
        match self.logit(features) {
            logit if logit >= self.alive => Decision::Alive,
            logit if logit <= self.attack => Decision::Attack,
            _ => Decision::Open,
        }
    }

    /// The logit of a window's features, Q8.
    pub fn logit(&self, features: &[i32; FEATURES]) -> i32 {
        let mut inputs = [0; FEATURES];
        for (number, input) in inputs.iter_mut().enumerate() {
            let off = i64::from(features[number]) - i64::from(self.means[number]);
            let scaled = (off * i64::from(self.scales[number])) >> SCALE_BITS;
            *input = scaled.clamp(-i64::from(INPUT_LIMIT), INPUT_LIMIT.into()) as i32;
        }
        let mut sum = i64::from(self.bias);
        for ((weights, &bias), &output) in self.weights.iter().zip(&self.biases).zip(&self.output) {
            let products =
                weights.iter().zip(&inputs).map(|(&weight, &input)| i64::from(weight) * i64::from(input));
            let hidden = (i64::from(bias) + products.sum::<i64>()) >> WEIGHT_BITS;
            sum += i64::from(output) * hidden.clamp(0, HIDDEN_LIMIT.into());
        }
        (sum >> WEIGHT_BITS).clamp(i32::MIN.into(), i32::MAX.into()) as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logit_follows_from_the_weights() {
        let mut model = Sequence {
            means: [100; FEATURES],
            scales: [1 << SCALE_BITS; FEATURES],
            weights: [[0; FEATURES]; HIDDEN],
            biases: [0; HIDDEN],
            output: [0; HIDDEN],
            bias: -(1 << 16),
            alive: 100,
            attack: -700,
        };
        let mut features = [100; FEATURES];
        assert_eq!((model.logit(&features), model.decide(&features)), (-256, Decision::Open));
        model.weights[2][3] = 512;
        model.output[2] = -256;
        features[3] = 356;
        assert_eq!((model.logit(&features), model.decide(&features)), (-256 - 512, Decision::Attack));
        model.output[2] = 256;
        assert_eq!((model.logit(&features), model.decide(&features)), (512 - 256, Decision::Alive));
        model.output[2] = -256;
        features[3] = i32::MAX;
        assert_eq!(model.logit(&features), -256 - 8 * 256, "inputs are limited");
        features[3] = i32::MIN;
        assert_eq!(model.logit(&features), -256, "negative hidden values are clamped to zero");
    }
}
