//! Nodes decoded as layers: the meaning of the operators, once for every reader.
//!
//! A layer keeps the constants in the order of ONNX and gives access to them by place; each reader lays
//! them out as its own kernels want them.

mod affine;
mod convolution;
mod fully_connected;

pub use affine::{Arithmetic, Normalization};
pub use convolution::Convolution;
pub use fully_connected::FullyConnected;

use crate::{Node, Problem};

impl Node<'_> {
    /// Input `index` as one constant a channel.
    ///
    /// # Errors
    /// It is computed, or does not have one value or `channels`.
    pub fn per_channel(&self, index: usize, channels: usize) -> Result<Vec<f32>, Problem> {
        let constant = self.constant(index);
        constant
            .ok_or_else(|| Problem::invalid(format!("input {index} is not constant")))?
            .per_channel(channels)
    }

    /// The bias, input 2, where there is one.
    fn bias(&self, outputs: usize) -> Result<Option<Vec<f32>>, Problem> {
        self.input(2).map(|_| self.per_channel(2, outputs)).transpose()
    }

    /// Slopes below zero of `PRelu` and `LeakyRelu`, one a channel; `None` for `Relu`.
    ///
    /// # Errors
    /// The slopes of `PRelu` are not constant, or not one a channel.
    pub fn slopes(&self, channels: usize) -> Result<Option<Vec<f32>>, Problem> {
        match self.operator() {
            "PRelu" => self.per_channel(1, channels).map(Some),
            "LeakyRelu" => Ok(Some(vec![self.float("alpha").unwrap_or(0.01); channels])),
            _ => Ok(None),
        }
    }

    /// Whether a `Resize` or `Upsample` repeats every pixel twice in both directions.
    ///
    /// With a factor of two, asymmetric rounding down is repetition, and so is what ONNX does where
    /// nothing is said (half_pixel, round_prefer_floor); any other choice may shift.
    pub fn is_doubling(&self) -> bool {
        let scales = (1..4).filter_map(|index| self.constant(index)).find(|c| c.values.len() == 4);
        let is = |attribute: &str, word: &str| self.string(attribute).is_none_or(|found| found == word);
        scales.is_some_and(|scales| scales.values == [1.0, 1.0, 2.0, 2.0])
            && is("mode", "nearest")
            && is("nearest_mode", "floor")
            && is("coordinate_transformation_mode", "asymmetric")
    }
}
