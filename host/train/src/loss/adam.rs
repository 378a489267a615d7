//! Adam (Kingma and Ba 2015) for the parameters that belong to a loss rather than to the encoder.

use std::io::{self, Read, Write};

const FIRST_DECAY: f64 = 0.9;
const SECOND_DECAY: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// Parameters with the optimiser's memory of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// The parameters.
    pub values: Vec<f64>,
    first: Vec<f64>,
    second: Vec<f64>,
    steps: u64,
}

impl Parameters {
    /// Starts from `values`.
    #[must_use]
    pub fn new(values: Vec<f64>) -> Self {
        Self { first: vec![0.0; values.len()], second: vec![0.0; values.len()], values, steps: 0 }
    }

    /// Moves against `gradient`.
    pub fn step(&mut self, gradient: &[f64], rate: f64) {
        self.steps += 1;
        let steps = i32::try_from(self.steps).unwrap_or(i32::MAX);
        let (first_bias, second_bias) = (1.0 - FIRST_DECAY.powi(steps), 1.0 - SECOND_DECAY.powi(steps));
        let memory = self.first.iter_mut().zip(&mut self.second);
        for ((value, g), (first, second)) in self.values.iter_mut().zip(gradient).zip(memory) {
            *first += (1.0 - FIRST_DECAY) * (g - *first);
            *second += (1.0 - SECOND_DECAY) * (g * g - *second);
            *value -= rate * (*first / first_bias) / ((*second / second_bias).sqrt() + EPSILON);
        }
    }

    /// Writes everything.
    pub(crate) fn save(&self, to: &mut dyn Write) -> io::Result<()> {
        to.write_all(&self.steps.to_le_bytes())?;
        for value in self.values.iter().chain(&self.first).chain(&self.second) {
            to.write_all(&value.to_le_bytes())?;
        }
        Ok(())
    }

    /// Takes over what [`Parameters::save`] wrote of as many.
    pub(crate) fn load(&mut self, from: &mut dyn Read) -> io::Result<()> {
        let mut word = [0; 8];
        from.read_exact(&mut word)?;
        self.steps = u64::from_le_bytes(word);
        for value in self.values.iter_mut().chain(&mut self.first).chain(&mut self.second) {
            from.read_exact(&mut word)?;
            *value = f64::from_le_bytes(word);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_is_of_the_rates_length_whatever_the_gradient() {
        let mut parameters = Parameters::new(vec![1.0, 1.0]);
        parameters.step(&[1000.0, -1e-3], 0.1);
        assert!((parameters.values[0] - 0.9).abs() < 1e-4 && (parameters.values[1] - 1.1).abs() < 1e-4);
    }

    #[test]
    fn what_was_saved_goes_on_to_the_same_bits() {
        let mut one = Parameters::new(vec![1.0, -2.0]);
        one.step(&[0.3, 0.7], 0.01);
        let mut bytes = Vec::new();
        one.save(&mut bytes).unwrap();
        let mut other = Parameters::new(vec![0.0; 2]);
        other.load(&mut &bytes[..]).unwrap();
        one.step(&[-0.1, 0.2], 0.01);
        other.step(&[-0.1, 0.2], 0.01);
        assert_eq!(one, other);
    }
}
