//! Layers that multiply each channel and add to it: `BatchNormalization`, and arithmetic with a constant.

use crate::{Node, Problem};

/// Keeps the variance from zero where a node does not say: ONNX's default.
const EPSILON: f32 = 1e-5;

/// Batch normalisation by channel: `(x - mean) / sqrt(variance + epsilon) * gain + offset`.
pub struct Normalization {
    /// Multiplied last.
    pub gain: Vec<f32>,
    /// Added last.
    pub offset: Vec<f32>,
    /// Running mean.
    pub mean: Vec<f32>,
    /// Running variance.
    pub variance: Vec<f32>,
    /// Keeps the variance from zero.
    pub epsilon: f32,
}

impl Normalization {
    /// The same as a factor and a summand a channel.
    pub fn scale_and_shift(&self) -> [Vec<f32>; 2] {
        let variances = self.gain.iter().zip(&self.variance);
        let scale: Vec<f32> = variances.map(|(g, v)| g / (v + self.epsilon).sqrt()).collect();
        let shift = self.offset.iter().zip(&self.mean).zip(&scale).map(|((o, m), s)| o - m * s).collect();
        [scale, shift]
    }
}

/// `Add`, `Sub`, `Mul` or `Div` with a constant, as a factor and a summand a channel.
pub struct Arithmetic {
    /// Multiplied first.
    pub scale: Vec<f32>,
    /// Added then.
    pub shift: Vec<f32>,
}

impl Arithmetic {
    /// Makes it part of the preparation of pixels, `(pixel - mean) * scale`; `false` where channels differ, and then
    /// nothing is changed.
    pub fn join_preparation(&self, mean: &mut f32, scale: &mut f32) -> bool {
        let uniform = |values: &[f32]| values.iter().all(|value| *value == values[0]);
        let joins = uniform(&self.scale) && uniform(&self.shift) && !self.scale.is_empty();
        if joins {
            *mean -= self.shift[0] / (self.scale[0] * *scale);
            *scale *= self.scale[0];
        }
        joins
    }
}

impl Node<'_> {
    /// The node as a batch normalisation of `channels`.
    ///
    /// # Errors
    /// Its parameters are computed, or not one a channel.
    pub fn normalization(&self, channels: usize) -> Result<Normalization, Problem> {
        let parameter = |index| self.per_channel(index, channels);
        Ok(Normalization {
            gain: parameter(1)?,
            offset: parameter(2)?,
            mean: parameter(3)?,
            variance: parameter(4)?,
            epsilon: self.float("epsilon").unwrap_or(EPSILON),
        })
    }

    /// Which input of an arithmetic node is computed, where the other one is constant: the first, or the second of a
    /// sum or product.
    pub fn computed_operand(&self) -> Option<usize> {
        let commutes = matches!(self.operator(), "Add" | "Mul");
        match [self.constant(0), self.constant(1)] {
            [_, Some(_)] => Some(0),
            [Some(_), None] if commutes => Some(1),
            _ => None,
        }
    }

    /// The node as arithmetic of a computed value of `channels` with a constant.
    ///
    /// # Errors
    /// Both inputs are computed, a difference or quotient has its constant first, or the constant is not one a channel.
    pub fn arithmetic(&self, channels: usize) -> Result<Arithmetic, Problem> {
        let computed =
            self.computed_operand().ok_or_else(|| Problem::unsupported("both inputs are computed"))?;
        let values = self.per_channel(1 - computed, channels)?;
        let (ones, zeros) = (vec![1.0; channels], vec![0.0; channels]);
        let (scale, shift) = match self.operator() {
            "Add" => (ones, values),
            "Sub" => (ones, values.iter().map(|value| -value).collect()),
            "Mul" => (values, zeros),
            _ => (values.iter().map(|value| 1.0 / value).collect(), zeros),
        };
        Ok(Arithmetic { scale, shift })
    }
}
