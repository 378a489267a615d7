//! Depthwise 3x3 convolution, channel by channel.
//!
//! A plane holds a channel, see [`super::plane`] and, for four channels at once, [`super::planes`]. Four rows of it are interleaved, so that a patch of 4x4 pixels is one
//! load, see [`super::strip`]. An output is the dot product of the 16 lanes with a vector that holds the filter at one of
//! several positions in the patch, and zeros elsewhere. With stride 1 a patch gives 2x2 outputs (5 instructions for 36
//! products); with stride 2 it gives one. Bias and multipliers are scalars for a whole plane. Outputs are computed in tiles
//! of two rows and four columns; the last tile of a row and the last pair of rows are moved back. `generic` computes other
//! kernels.

use super::column::{column, is_column};
use super::filter::{self, Filter, Finish, Plane};
use super::plane::{self, Columns};
use super::planes::{self, PLANES};
use super::strip::{SLACK, Strips};
use super::{has_shift, in_vectors, in_wide_vectors};
use crate::element::Outputs;
use crate::parts::{self, PITCH, Part};
use crate::weights::PIECE;
use crate::{Convolution, Element, generic};

/// See [`crate::depthwise_conv2d`].
pub fn depthwise_conv2d<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    if is_column(conv) {
        return column(conv, input, O::outputs(output));
    }
    let (height, width, channels) = (conv.output.height, conv.output.width, conv.output.channels);
    let ours = parts::fit(conv)
        && height >= 2
        && width >= 4
        && Columns::fits(conv.input.width.min(parts::COLUMNS), channels)
        && (width + 4) * channels * size_of::<O>() <= 1 << 16
        && (in_vectors(&conv.stage, size_of::<O>()) && !has_shift(&conv.stage)
            || in_wide_vectors(&conv.stage, size_of::<O>()));
    if !ours {
        return generic::depthwise_conv2d_stored(conv, input, O::outputs(output));
    }
    by_parts(conv, input, O::outputs(output));
}

/// Values from one plane to the next.
const PLANE: usize = (parts::ROWS * parts::PITCH + SLACK).next_multiple_of(PIECE);

/// The planes of four channels, and strips of one.
struct Memory {
    planes: [i8; PLANES * PLANE],
    strips: Strips,
}

fn by_parts(conv: &Convolution, input: &[i8], mut output: Outputs) {
    assert!(input.len() >= conv.input.len() && output.len() >= conv.output.len());
    let mut memory = Memory { planes: [0; PLANES * PLANE], strips: Strips::new() };
    parts::each(conv, |part| run(&part, conv, input, &mut output, &mut memory));
}

fn run(part: &Part, conv: &Convolution, input: &[i8], output: &mut Outputs, memory: &mut Memory) {
    let (channels, stride) = (conv.output.channels, conv.window.stride[0]);
    let columns = Columns {
        columns: part.horizontal.count,
        rows: part.vertical.count,
        channels,
        row: conv.input.width * channels,
        pitch: PITCH,
    };
    let to = part.vertical.pad * PITCH + part.horizontal.pad;
    let first_output = part.first_output(conv);
    let input = &input[part.first_input(conv)..];
    let filter = Filter {
        plane: Plane { rows: part.rows, columns: part.columns, pitch: PITCH, stride },
        output_width: conv.output.width,
        channels,
        zero_point: conv.stage.zero_point,
        min: conv.stage.min as i8,
        finish: match (output.size(), conv.stage.prelu) {
            (2, _) => Finish::Wide,
            (_, true) => Finish::Prelu,
            (_, false) => Finish::Clamp,
        },
    };
    let at_once = if planes::fits(&columns, input) { PLANES } else { 1 };
    // The copies below do not touch the padding, which is the same for every channel.
    memory.planes[..at_once * PLANE].fill(conv.input_zero);
    for first in (0..channels).step_by(at_once) {
        if at_once == PLANES {
            planes::copy(&columns, &input[first..], &mut memory.planes[to..], PLANE);
        } else {
            plane::copy(&columns, &input[first..], &mut memory.planes[to..]);
        }
        for (plane, channel) in memory.planes.chunks_exact(PLANE).zip(first..first + at_once) {
            let scale = &conv.stage.scales[channel];
            let weights = &conv.weights[channel..];
            filter::run(&filter, (plane, &mut memory.strips), weights, scale, output, first_output + channel);
        }
    }
}
