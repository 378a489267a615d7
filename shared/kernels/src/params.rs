//! What an operator is told besides its input: shapes, weights and scales.

use crate::{Shape, Window, requantize};

/// Scales for negative accumulators: the PReLU that follows a convolution, fused into it.
///
/// Slope and scale are one multiplication, so a fused PReLU costs a selection and loses nothing to
/// a second rounding. Slopes may be negative or greater than one.
#[derive(Clone, Copy, Debug)]
pub struct NegativeSide<'a> {
    /// A multiplier a channel, signed.
    pub multiplier: &'a [i32],
    /// A shift a channel.
    pub shift: &'a [i32],
}

/// How accumulators become outputs, a channel at a time.
#[derive(Clone, Copy, Debug)]
pub struct OutputStage<'a> {
    /// Added to the accumulator; it includes what the input's zero point contributes.
    pub bias: &'a [i32],
    /// Fixed-point multiplier of each channel, see [`requantize`].
    pub multiplier: &'a [i32],
    /// Shift of each channel.
    pub shift: &'a [i32],
    /// Other scales where the accumulator is negative.
    pub negative: Option<NegativeSide<'a>>,
    /// Zero point of the output.
    pub zero_point: i32,
    /// Least output; the zero point, for a fused ReLU.
    pub min: i32,
    /// Greatest output.
    pub max: i32,
}

impl OutputStage<'_> {
    /// The output for the sum `acc` of products in `channel`, without the bias.
    #[inline(always)]
    pub fn apply(&self, channel: usize, acc: i32) -> i32 {
        let acc = acc.wrapping_add(self.bias[channel]);
        let (multiplier, shift) = match &self.negative {
            Some(side) if acc < 0 => (side.multiplier[channel], side.shift[channel]),
            _ => (self.multiplier[channel], self.shift[channel]),
        };
        (requantize(acc, multiplier, shift) + self.zero_point).clamp(self.min, self.max)
    }
}

/// A convolution, dense or depthwise.
#[derive(Clone, Copy, Debug)]
pub struct Convolution<'a> {
    /// Shape of the input.
    pub input: Shape,
    /// Shape of the output.
    pub output: Shape,
    /// Kernel, stride and padding.
    pub window: Window,
    /// Zero point of the input, which is also the value of the padding.
    pub input_zero: i8,
    /// Dense: output channel, row, column, input channel. Depthwise: row, column, channel.
    pub weights: &'a [i8],
    /// Bias, scales and clamping.
    pub stage: OutputStage<'a>,
}

/// The sum of two tensors of one shape.
///
/// `out = zero + (((a - a_zero) * a_multiplier + (b - b_zero) * b_multiplier + round) >> shift)`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addition {
    /// Zero points of the two inputs.
    pub input_zero: [i32; 2],
    /// Multipliers of the two inputs, magnitude below 2^21 so that the sum fits 31 bits.
    pub multiplier: [i32; 2],
    /// Right shift with rounding half up, 1..=30.
    pub shift: u32,
    /// Zero point of the output.
    pub zero_point: i32,
    /// Least output.
    pub min: i32,
    /// Greatest output.
    pub max: i32,
}

/// A pooling window, and for the average its scale.
#[derive(Clone, Copy, Debug)]
pub struct Pooling {
    /// Shape of the input.
    pub input: Shape,
    /// Shape of the output.
    pub output: Shape,
    /// Kernel, stride and padding; padding never wins a maximum.
    pub window: Window,
}
