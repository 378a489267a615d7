//! Parameters of the operators: shapes, weights and scales.

use bytemuck::{Pod, Zeroable};

#[cfg(backend)]
use crate::weights::PIECE;
use crate::{Shape, Window, requantize};

/// The scaling of the accumulators of one channel; 16 bytes, so that one instruction loads it.
///
/// A fused PReLU is a second multiplier: slope and scale are one multiplication. This costs a selection, and
/// avoids a second rounding. Slopes may be negative or greater than one.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct Scale {
    /// Added to the accumulator; includes the contribution of the input's zero point.
    pub bias: i32,
    /// Fixed-point multiplier, see [`requantize`].
    pub multiplier: i32,
    /// The multiplier if the accumulator, including the bias, is negative.
    pub negative: i32,
    /// Left shift before the multiplication; zero unless the scale is at least one half.
    pub shift: i32,
}

/// The conversion of accumulators to outputs, per channel.
#[derive(Clone, Copy, Debug)]
pub struct OutputStage<'a> {
    /// One scale per channel.
    pub scales: &'a [Scale],
    /// Whether the two multipliers of a channel may differ: a fused PReLU.
    pub prelu: bool,
    /// Zero point of the output.
    pub zero_point: i32,
    /// Least output; the zero point for a fused ReLU.
    pub min: i32,
    /// Greatest output.
    pub max: i32,
}

impl OutputStage<'_> {
    /// The output for `acc`, the sum of products in `channel` without bias.
    #[inline(always)]
    pub fn apply(&self, channel: usize, acc: i32) -> i32 {
        let scale = &self.scales[channel];
        let acc = acc.wrapping_add(scale.bias);
        let multiplier = if self.prelu && acc < 0 { scale.negative } else { scale.multiplier };
        (requantize(acc, multiplier, scale.shift) + self.zero_point).clamp(self.min, self.max)
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
    /// Dense: packed as drawn in [`crate::weights`]. Depthwise: row, column, channel.
    pub weights: &'a [i8],
    /// Bias, scales and clamping.
    pub stage: OutputStage<'a>,
}

impl Convolution<'_> {
    /// A dense convolution from one channel to one, converted to the equivalent depthwise convolution.
    ///
    /// The whole filter is in the first piece, in the same order.
    #[cfg(backend)]
    pub(crate) fn of_one_channel(&self) -> Option<Self> {
        let taps = self.window.kernel[0] * self.window.kernel[1];
        let fits = self.input.channels == 1 && self.output.channels == 1 && taps <= PIECE;
        fits.then(|| Self { weights: &self.weights[..taps], ..*self })
    }
}

/// The sum of two tensors of the same shape.
///
/// `out = zero + (((a - a_zero) * a_multiplier + (b - b_zero) * b_multiplier + round) >> shift)`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addition {
    /// Zero points of the two inputs.
    pub input_zero: [i32; 2],
    /// Multipliers of the two inputs, with a magnitude below 2^21, so that the sum fits 31 bits.
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

/// Entries in the table of a gate: one for each value of a logit.
pub const GATE_STEPS: usize = 256;

/// Entries in the table of a function of one value: one for each `i8`.
pub const TABLE_STEPS: usize = 256;

/// A feature map multiplied by the sigmoid of a logit per channel.
///
/// `out = zero + requantize((x - x_zero) * table[logit + 128], multiplier, shift)`. The table holds the
/// sigmoids in Q15, so logits may have any scale, and the board computes no exponential.
#[derive(Clone, Copy, Debug)]
pub struct Gate<'a> {
    /// Sigmoid of each logit from -128 to 127, Q15, never negative.
    pub table: &'a [i16; GATE_STEPS],
    /// Zero point of the feature map.
    pub input_zero: i32,
    /// Fixed-point multiplier, see [`requantize`].
    pub multiplier: i32,
    /// Left shift before the multiplication.
    pub shift: i32,
    /// Zero point of the output.
    pub zero_point: i32,
}

/// A max pooling.
#[derive(Clone, Copy, Debug)]
pub struct Pooling {
    /// Shape of the input.
    pub input: Shape,
    /// Shape of the output.
    pub output: Shape,
    /// Kernel, stride and padding; padding is ignored by the maximum.
    pub window: Window,
}

impl Pooling {
    /// Whether it halves both sides without overlap, and the number of channels is a multiple of `lanes`.
    #[cfg(backend)]
    pub(crate) fn is_half(&self, lanes: usize) -> bool {
        let Self { input, output, window } = self;
        *window == Window { kernel: [2, 2], stride: [2, 2], pad: [0, 0] }
            && 2 * output.height <= input.height
            && 2 * output.width <= input.width
            && output.channels == input.channels
            && input.channels.is_multiple_of(lanes)
    }

    /// Calls `row` for each output row of such a pooling, with the two input rows that it covers.
    #[cfg(backend)]
    pub(crate) fn each_half(
        &self,
        input: &[i8],
        output: &mut [i8],
        mut row: impl FnMut([&[i8]; 2], &mut [i8]),
    ) {
        let from = self.input.width * self.input.channels;
        let to = self.output.width * self.output.channels;
        let rows = input.chunks_exact((2 * from).max(1));
        for (seen, out) in rows.zip(output.chunks_exact_mut(to.max(1))).take(self.output.height) {
            let (top, bottom) = seen.split_at(from);
            row([&top[..2 * to], &bottom[..2 * to]], out);
        }
    }
}
