//! Layers that multiply each channel and add to it: `BatchNormalization`, and arithmetic with a constant.

use crate::{Axis, Node, Problem};

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
    /// Makes it part of the preparation of pixels, `(pixel - mean) * scale`; `false` where channels differ, where no pixel
    /// would become zero, which padding needs, or where the factor is not positive. Then nothing is changed.
    ///
    /// The preparation is done with the numbers of the pixels: an operator that reads them compares pixels in place of
    /// values, so greater pixels must be greater values.
    pub fn join_preparation(&self, mean: &mut f32, scale: &mut f32) -> bool {
        let uniform = |values: &[f32]| values.iter().all(|value| *value == values[0]);
        if self.scale.is_empty() || !uniform(&self.scale) || !uniform(&self.shift) {
            return false;
        }
        let joined = *mean - self.shift[0] / (self.scale[0] * *scale);
        let joins = self.scale[0] > 0.0 && (0.0..=255.0).contains(&joined);
        if joins {
            *mean = joined;
            *scale *= self.scale[0];
        }
        joins
    }
}

impl Node<'_> {
    /// The node as a batch normalisation of `channels`.
    ///
    /// # Errors
    /// Its parameters are computed, not one a channel, or make a factor that is not finite.
    pub fn normalization(&self, channels: usize) -> Result<Normalization, Problem> {
        // Only training looks at it.
        self.ignore(&["momentum"]);
        if self.int("spatial").unwrap_or(1) != 1 || self.int("training_mode").unwrap_or(0) != 0 {
            return Err(Problem::unsupported("normalisation by value, or for training"));
        }
        let parameter = |index| {
            let missing = || Problem::invalid(format!("input {index} is missing"));
            self.vector(index, channels)?.ok_or_else(missing)
        };
        let norm = Normalization {
            gain: parameter(1)?,
            offset: parameter(2)?,
            mean: parameter(3)?,
            variance: parameter(4)?,
            epsilon: self.float("epsilon").unwrap_or(EPSILON),
        };
        self.finite(norm.scale_and_shift())?;
        Ok(norm)
    }

    /// Which input of an arithmetic node is computed, where the other one is constant: the first, or the second, except of
    /// a quotient.
    pub fn computed_operand(&self) -> Option<usize> {
        match [self.is_constant(0), self.is_constant(1)] {
            [_, true] => Some(0),
            [true, false] if matches!(self.operator(), "Add" | "Sub" | "Mul") => Some(1),
            _ => None,
        }
    }

    /// The node as arithmetic of a computed value, whose channels lie along `axis`, with a constant.
    ///
    /// # Errors
    /// Both inputs are computed, a quotient has its constant first, or the constant is not one a channel.
    pub fn arithmetic(&self, axis: Axis) -> Result<Arithmetic, Problem> {
        let computed =
            self.computed_operand().ok_or_else(|| Problem::unsupported("both inputs are computed"))?;
        self.input(computed);
        let values = self.per_channel(1 - computed, axis)?;
        let (ones, zeros) = (vec![1.0; axis.length], vec![0.0; axis.length]);
        let negative = |values: &[f32]| values.iter().map(|value| -value).collect();
        let (scale, shift) = match (self.operator(), computed) {
            ("Add", _) => (ones, values),
            ("Sub", 0) => (ones, negative(&values)),
            ("Sub", _) => (negative(&ones), values),
            ("Mul", _) => (values, zeros),
            _ => (values.iter().map(|value| 1.0 / value).collect(), zeros),
        };
        self.finite([scale, shift]).map(|[scale, shift]| Arithmetic { scale, shift })
    }

    fn finite(&self, numbers: [Vec<f32>; 2]) -> Result<[Vec<f32>; 2], Problem> {
        let sound = numbers.iter().flatten().all(|number| number.is_finite());
        sound.then_some(numbers).ok_or_else(|| Problem::invalid("a factor or summand is not finite"))
    }
}
