//! The parameters that belong to a loss rather than to the encoder, and their state in a checkpoint.
//!
//! ```text
//! steps               8 bytes
//! values              8 bytes each
//! mean gradients      8 bytes each
//! mean squares        8 bytes each
//! ```
//! Numbers are little-endian, `f64` but for the steps.

use std::io::{self, Read, Write};

use autodiff::optimizer::{Adam, Moments};

/// Parameters with the optimiser's memory of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// The parameters.
    pub values: Vec<f64>,
    moments: Moments<f64>,
}

impl Parameters {
    /// Starts from `values`.
    #[must_use]
    pub fn new(values: Vec<f64>) -> Self {
        Self { moments: Moments::new(values.len()), values }
    }

    /// Moves against `gradient`.
    pub fn step(&mut self, gradient: &[f64], rate: f64) {
        Adam::default().step(&mut self.values, gradient, &mut self.moments, rate);
    }

    /// Writes everything.
    pub(crate) fn save(&self, to: &mut dyn Write) -> io::Result<()> {
        let Moments { steps, mean, square } = &self.moments;
        to.write_all(&steps.to_le_bytes())?;
        for value in self.values.iter().chain(mean).chain(square) {
            to.write_all(&value.to_le_bytes())?;
        }
        Ok(())
    }

    /// Takes over what [`Parameters::save`] wrote of as many.
    pub(crate) fn load(&mut self, from: &mut dyn Read) -> io::Result<()> {
        let mut word = [0; 8];
        from.read_exact(&mut word)?;
        let Moments { steps, mean, square } = &mut self.moments;
        *steps = u64::from_le_bytes(word);
        for value in self.values.iter_mut().chain(mean).chain(square) {
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
