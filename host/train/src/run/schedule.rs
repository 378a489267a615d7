//! The learning rate over a training: a warm-up, then half a cosine (Loshchilov and Hutter 2017).

use serde::{Deserialize, Serialize};

/// Share of the rate that is left at the end.
const LEAST_SHARE: f64 = 0.01;

/// How the learning rate goes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// The highest rate.
    pub rate: f64,
    /// Share of the training, 0 to 1, in which the rate rises to it from nothing.
    pub warm_up: f64,
}

impl Schedule {
    /// The rate where `done`, 0 to 1, of the training is done.
    #[must_use]
    pub fn at(&self, done: f64) -> f64 {
        if done < self.warm_up {
            // Not zero: the first step should do something.
            return self.rate * (done / self.warm_up).max(LEAST_SHARE);
        }
        let cooling = (done - self.warm_up) / (1.0 - self.warm_up).max(f64::MIN_POSITIVE);
        let cosine = 0.5 * (1.0 + (std::f64::consts::PI * cooling.min(1.0)).cos());
        self.rate * (LEAST_SHARE + (1.0 - LEAST_SHARE) * cosine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rises_then_falls_to_a_hundredth() {
        let schedule = Schedule { rate: 2.0, warm_up: 0.1 };
        assert!((schedule.at(0.05) - 1.0).abs() < 1e-12);
        assert!((schedule.at(0.1) - 2.0).abs() < 1e-12);
        assert!((schedule.at(0.55) - 1.01).abs() < 1e-12);
        assert!((schedule.at(1.0) - 0.02).abs() < 1e-12);
        assert!(schedule.at(0.0) > 0.0);
    }

    #[test]
    fn without_a_warm_up_it_begins_at_the_top() {
        assert_eq!(Schedule { rate: 0.5, warm_up: 0.0 }.at(0.0), 0.5);
    }
}
