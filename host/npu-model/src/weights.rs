//! The order of decoded weights: blocks of output channels, of input channels, of the kernel.

use npu_section::register as r;

use crate::map::limited;
use crate::state::Machine;
use crate::{Error, codec};

/// Input and output channels of the smallest block, of a U55-128 and of a U55-256.
const UNIT: usize = 8;

/// What a convolution is made of.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    /// Whether there is one filter a channel.
    pub depthwise: bool,
    /// Rows and columns.
    pub kernel: [usize; 2],
    /// Whether the kernel is walked through before the channels.
    pub kernel_first: bool,
    /// Channels of input and output.
    pub channels: [usize; 2],
    /// Bytes of an input value.
    pub bytes: usize,
}

impl Machine<'_> {
    /// The weights of a convolution in the order row, column, input, output.
    pub(crate) fn weights(&self, filter: &Filter) -> Result<Vec<i64>, Error> {
        let memory = self.memory(r::WEIGHT_REGION)?;
        let [start, length] = [self.get(r::WEIGHT_BASE)? as usize, self.get(r::WEIGHT_LENGTH)? as usize];
        let flat = codec::decode(memory.get(start..start + length).ok_or(Error::Outside)?)?;
        let Filter { depthwise, kernel: [rows, columns], kernel_first, channels: [from, to], bytes } =
            *filter;
        let block = self.get(r::OFM_BLK_DEPTH_M1)? as usize + 1;
        let depth = if depthwise { 1 } else { from };
        let wide = bytes == 2;
        let input_block = if kernel_first || wide { 16 } else { 32 };
        let round = match (depthwise, kernel_first) {
            (true, _) => 4,
            (false, true) => {
                if wide {
                    2
                } else {
                    4
                }
            }
            (false, false) => 1,
        };
        let mut values = flat.into_iter();
        let mut weights = vec![0; limited(&[rows, columns, depth, to])?];
        for output in (0..to).step_by(block) {
            let outputs = block.min(to - output);
            for input in (0..depth).step_by(input_block) {
                let inputs = match (depthwise, kernel_first) {
                    (true, _) => UNIT,
                    (false, true) => input_block.min(from - input),
                    (false, false) => input_block,
                };
                for top in (0..rows).step_by(8) {
                    let height = (rows - top).min(8);
                    for left in (0..columns).step_by(8) {
                        let width = (columns - left).min(8);
                        let elements = (height * width).next_multiple_of(round);
                        let (outer, inner) =
                            if kernel_first && !depthwise { (inputs, 1) } else { (1, inputs) };
                        for outer in (0..outer).step_by(UNIT) {
                            for unit in (0..outputs).step_by(UNIT) {
                                for element in 0..elements {
                                    let (x, y) = (element % width, element / width);
                                    for inner in (0..inner).step_by(UNIT) {
                                        for o in 0..UNIT {
                                            for i in 0..if depthwise { 1 } else { UNIT } {
                                                let weight = values
                                                    .next()
                                                    .ok_or(Error::Weights("there are too few"))?;
                                                let o = output + unit + o;
                                                let i = input + inner + outer + i;
                                                if y < height && o < to && i < depth {
                                                    let place = ((top + y) * columns + left + x) * depth + i;
                                                    weights[place * to + o] = i64::from(weight);
                                                }
                                            }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        Ok(weights)
    }

    /// Bias, scale and shift of each output channel, ten bytes each.
    pub(crate) fn scales(&self, channels: usize) -> Result<Vec<(i64, i64, u32)>, Error> {
        let memory = self.memory(r::SCALE_REGION)?;
        let start = self.get(r::SCALE_BASE)? as usize;
        let bytes = memory.get(start..start + 10 * channels).ok_or(Error::Outside)?;
        let number =
            |bytes: &[u8]| bytes.iter().rev().fold(0i64, |value, &byte| value << 8 | i64::from(byte));
        let scale = |bytes: &[u8]| {
            // The bias has 40 bits with sign.
            let bias = number(&bytes[..5]) << 24 >> 24;
            (bias, number(&bytes[5..9]), u32::from(bytes[9] & 63))
        };
        Ok(bytes.chunks_exact(10).map(scale).collect())
    }
}
