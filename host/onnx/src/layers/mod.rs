//! Nodes decoded as layers: the meaning of the operators, once for every reader.
//!
//! A layer keeps the constants in the order of ONNX and gives access to them by place; each reader lays
//! them out as its own kernels want them.

mod affine;
mod convolution;
mod fully_connected;
mod resize;

pub use affine::{Arithmetic, Normalization};
pub use convolution::Convolution;
pub use fully_connected::FullyConnected;

use crate::{Axis, Node, Problem};

impl Node<'_> {
    /// Input `index` as one constant a channel of a value whose channels lie along `axis`.
    ///
    /// # Errors
    /// It is computed or not finite, or [`Constant::along`](crate::Constant::along) refuses it.
    pub fn per_channel(&self, index: usize, axis: Axis) -> Result<Vec<f32>, Problem> {
        self.weights(index)?.along(axis)
    }

    /// Input `index`, where there is one, as a list of `length` constants.
    fn vector(&self, index: usize, length: usize) -> Result<Option<Vec<f32>>, Problem> {
        if self.input(index).is_none() {
            return Ok(None);
        }
        let list = self.weights(index)?;
        match list.dims == [length] {
            true => Ok(Some(list.values.clone())),
            false => Err(Problem::Invalid(format!(
                "input {index} has the dimensions {:?}, not {length}",
                list.dims
            ))),
        }
    }

    /// Slopes below zero of `PRelu` and `LeakyRelu`, one a channel; `None` for `Relu`.
    ///
    /// # Errors
    /// The slopes of `PRelu` are not constant, or not one a channel.
    pub fn slopes(&self, axis: Axis) -> Result<Option<Vec<f32>>, Problem> {
        match self.operator() {
            "PRelu" => self.per_channel(1, axis).map(Some),
            "LeakyRelu" => Ok(Some(vec![self.float("alpha").unwrap_or(0.01); axis.length])),
            _ => Ok(None),
        }
    }

    /// Says that an `Identity` or a `Dropout` computes nothing.
    ///
    /// # Errors
    /// The dropout is one for training.
    pub fn passes_on(&self) -> Result<(), Problem> {
        self.ignore(&["ratio", "seed", "is_test"]);
        self.input(1);
        let training = self.constant(2).map(|constant| constant.values.iter().any(|&value| value != 0.0));
        match (self.input(2), training) {
            (None, _) | (_, Some(false)) => Ok(()),
            _ => Err(Problem::unsupported("dropout for training")),
        }
    }
}
