//! `Gemm` and `MatMul`.

use crate::{Axis, Constant, Node, Problem};

/// A fully connected layer.
pub struct FullyConnected<'a> {
    /// Number of outputs.
    pub outputs: usize,
    /// Number of inputs.
    pub inputs: usize,
    /// One an output.
    pub bias: Option<Vec<f32>>,
    weights: &'a Constant,
    /// Whether the weights lie output by output.
    transposed: bool,
}

impl FullyConnected<'_> {
    /// The weight of output `o` for input `i`.
    pub fn weight(&self, o: usize, i: usize) -> f32 {
        self.weights.values[if self.transposed { o * self.inputs + i } else { i * self.outputs + o }]
    }
}

impl<'a> Node<'a> {
    /// The node as a fully connected layer of `inputs` values.
    ///
    /// # Errors
    /// Weights or bias are computed or do not fit, or the node scales or transposes its input.
    pub fn fully_connected(&self, inputs: usize) -> Result<FullyConnected<'a>, Problem> {
        let plain = |name| self.float(name).is_none_or(|factor| factor == 1.0);
        if self.int("transA").unwrap_or(0) != 0 || !plain("alpha") || !plain("beta") {
            return Err(Problem::unsupported("alpha, beta or transA"));
        }
        let weights = self.weights(1)?;
        let transposed = self.int("transB").unwrap_or(0) != 0;
        let (outputs, expected) = match weights.dims[..] {
            [outputs, expected] if transposed => (outputs, expected),
            [expected, outputs] => (outputs, expected),
            _ => return Err(Problem::invalid("its weights do not have two dimensions")),
        };
        if expected != inputs || outputs == 0 {
            let reason = format!("its weights are for {expected} inputs, there are {inputs}");
            return Err(Problem::Invalid(reason));
        }
        // A bias has one row for all pictures.
        let bias = self.input(2).map(|_| self.per_channel(2, Axis::of_row(outputs))).transpose()?;
        Ok(FullyConnected { outputs, inputs, bias, weights, transposed })
    }
}
