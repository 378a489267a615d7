//! `Conv`.

use crate::{Constant, Node, Problem, Window};

/// A convolution, dense or depthwise.
pub struct Convolution<'a> {
    /// Kernel, stride and padding.
    pub window: Window,
    /// One filter a channel; else every filter reads all channels.
    pub depthwise: bool,
    /// Number of filters.
    pub outputs: usize,
    /// Channels that a filter reads: 1 where it is depthwise.
    pub depth: usize,
    /// Output, input, row, column.
    pub weights: &'a Constant,
    /// One an output.
    pub bias: Option<Vec<f32>>,
}

impl Convolution<'_> {
    /// The weight of output `o` for input `i` at row `y` and column `x` of the window.
    pub fn weight(&self, o: usize, i: usize, [y, x]: [usize; 2]) -> f32 {
        let [rows, columns] = self.window.kernel;
        self.weights.values[((o * self.depth + i) * rows + y) * columns + x]
    }
}

impl<'a> Node<'a> {
    /// The node as a convolution of an input of `channels`.
    ///
    /// A depthwise convolution of a single channel is dense as well, and is decoded as dense.
    ///
    /// # Errors
    /// Weights or bias are computed or do not fit, or the convolution has groups and is not depthwise.
    pub fn convolution(&self, channels: usize) -> Result<Convolution<'a>, Problem> {
        let weights = self.constant(1).ok_or_else(|| Problem::invalid("its weights are not constant"))?;
        let [outputs, depth, rows, columns] = weights.dims[..] else {
            return Err(Problem::invalid("its weights do not have four dimensions"));
        };
        if weights.dims.contains(&0) {
            return Err(Problem::invalid("its weights have an empty dimension"));
        }
        let group = usize::try_from(self.int("group").unwrap_or(1)).unwrap_or(0);
        let depthwise = group > 1 && group == outputs && depth == 1 && outputs == channels;
        if !depthwise && (group != 1 || depth != channels) {
            let reason = format!("{group} groups for {channels} channels and {outputs} filters");
            return Err(Problem::Unsupported(reason));
        }
        let window = self.window([rows, columns])?;
        Ok(Convolution { window, depthwise, outputs, depth, weights, bias: self.bias(outputs)? })
    }
}
