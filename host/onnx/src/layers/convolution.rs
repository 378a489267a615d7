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
    /// Channels that a filter reads: 1 where it is depthwise, else all of them. A filter of a group has zeros for the
    /// channels of the other groups.
    pub depth: usize,
    /// Output, input of the group, row, column.
    weights: &'a Constant,
    /// One an output.
    pub bias: Option<Vec<f32>>,
    /// Channels of a group, and filters of a group.
    group: [usize; 2],
}

impl Convolution<'_> {
    /// All weights in the order output, input, row, column, where a filter has as many inputs as [`depth`](Self::depth).
    pub fn filters(&self) -> Vec<f32> {
        if self.group[0] == self.depth {
            return self.weights.values.clone();
        }
        let [rows, columns] = self.window.kernel;
        let places = || (0..rows).flat_map(move |y| (0..columns).map(move |x| [y, x]));
        let inputs = |o: usize| (0..self.depth).flat_map(move |i| places().map(move |at| (o, i, at)));
        (0..self.outputs).flat_map(inputs).map(|(o, i, at)| self.weight(o, i, at)).collect()
    }

    /// The weight of output `o` for input `i` at row `y` and column `x` of the window.
    pub fn weight(&self, o: usize, i: usize, [y, x]: [usize; 2]) -> f32 {
        let [rows, columns] = self.window.kernel;
        let [channels, filters] = self.group;
        match i.checked_sub(o / filters * channels) {
            _ if self.depthwise => self.weights.values[(o * rows + y) * columns + x],
            Some(i) if i < channels => self.weights.values[((o * channels + i) * rows + y) * columns + x],
            _ => 0.0,
        }
    }
}

impl<'a> Node<'a> {
    /// The node as a convolution of an input of `channels`, of height and width `size` where that is known.
    ///
    /// A depthwise convolution of a single channel is dense as well, and is decoded as dense. So is one of groups: its
    /// filters have zeros for the channels of other groups.
    ///
    /// # Errors
    /// Weights or bias are computed or do not fit, or the groups do not divide channels and filters.
    pub fn convolution(&self, channels: usize, size: Option<[usize; 2]>) -> Result<Convolution<'a>, Problem> {
        let weights = self.weights(1)?;
        let [outputs, depth, rows, columns] = weights.dims[..] else {
            return Err(Problem::invalid("its weights do not have four dimensions"));
        };
        if weights.dims.contains(&0) {
            return Err(Problem::invalid("its weights have an empty dimension"));
        }
        let group = usize::try_from(self.int("group").unwrap_or(1)).unwrap_or(0);
        let depthwise = group > 1 && group == outputs && depth == 1 && outputs == channels;
        if group == 0 || !outputs.is_multiple_of(group) || Some(channels) != depth.checked_mul(group) {
            let reason = format!("{group} groups of {depth} channels, of {channels}, for {outputs} filters");
            return Err(Problem::Invalid(reason));
        }
        if self.sizes("kernel_shape")?.is_some_and(|sides| sides != [rows, columns]) {
            return Err(Problem::invalid(format!(
                "its kernel_shape is not that of its weights, {rows}x{columns}"
            )));
        }
        let window = self.window([rows, columns], size)?;
        let (group, depth) = ([depth, outputs / group], if depthwise { 1 } else { channels });
        Ok(Convolution { window, depthwise, outputs, depth, weights, bias: self.vector(2, outputs)?, group })
    }
}
