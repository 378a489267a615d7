//! Depthwise 3x3 convolution, channel by channel.
//!
//! A byte gather fetches a patch of a channel's plane, see [`super::plane`], and a dot product of the
//! 16 lanes with the filter, placed at one of several positions in the patch and zero elsewhere, is
//! an output. With stride 1 a patch of 4x4 pixels holds 2x2 outputs, with stride 2 one of 3x5 pixels
//! holds two: 5 instructions for 36 products, or 3 for 18. Bias and multipliers are scalars for a
//! whole plane. Outputs are computed in tiles of two rows and four columns, the last tile of a row
//! and the last pair of rows moved back. Other kernels are left to `generic`.

use super::column::{column, is_column};
use super::filter::{Filter, Plane, offsets, run};
use super::in_vectors;
use super::plane::{self, COLUMNS, Columns};
use crate::{Convolution, Element, generic};

/// Most rows of a plane: 56 outputs and the rows around them.
const ROWS: usize = 58;
/// Bytes from a row of a plane to the next: a column of padding on either side.
const PITCH: usize = COLUMNS + 2;

/// See [`crate::depthwise_conv2d`].
pub fn depthwise_conv2d<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    if is_column(conv) {
        return column(conv, input, output);
    }
    if !is_ours(conv, size_of::<O>()) {
        return generic::depthwise_conv2d(conv, input, output);
    }
    assert!(input.len() >= conv.input.len() && output.len() >= conv.output.len());
    let stride = conv.window.stride[0];
    let mut plane = [0; ROWS * PITCH];
    // Outputs in a part of the image whose plane fits; the last part is moved back.
    let most = |length: usize, room: usize| length.min((room - 3) / stride + 1);
    let (height, width) = (conv.output.height, conv.output.width);
    // Only where the whole width fits is there padding on both sides, beside what is copied.
    let room = if conv.input.width <= COLUMNS { PITCH } else { COLUMNS };
    let (rows, columns) = (most(height, ROWS), most(width, room));
    for top in (0..height).step_by(rows).map(|top| top.min(height - rows)) {
        for left in (0..width).step_by(columns).map(|left| left.min(width - columns)) {
            let part = Part { top, left, rows, columns };
            part.run(conv, input, output, &mut plane);
        }
    }
}

/// Whether the asm has this window and this stage.
fn is_ours(conv: &Convolution, bytes: usize) -> bool {
    let (window, channels) = (&conv.window, conv.output.channels);
    // One row and column of padding at most on each side, since the plane has no more.
    let padded = |output: usize, input: usize, axis: usize| {
        window.pad[axis] <= 1
            && (output - 1) * window.stride[axis] + window.kernel[axis] <= input + window.pad[axis] + 1
    };
    window.kernel == [3, 3]
        && (window.stride == [1, 1] || window.stride == [2, 2])
        && conv.output.height >= 2
        && conv.output.width >= 4
        && padded(conv.output.height, conv.input.height, 0)
        && padded(conv.output.width, conv.input.width, 1)
        && Columns::fits(conv.input.width.min(COLUMNS), channels)
        && (conv.output.width + 4) * channels <= 1 << 16
        && in_vectors(&conv.stage, bytes)
}

/// A rectangle of the output.
struct Part {
    top: usize,
    left: usize,
    rows: usize,
    columns: usize,
}

/// Where a part of an axis of the input lies in the plane.
struct Span {
    /// First row or column in the input.
    first: usize,
    /// How many there are.
    count: usize,
    /// Padding before it.
    pad: usize,
}

impl Span {
    fn new(conv: &Convolution, axis: usize, start: usize, count: usize, length: usize) -> Self {
        let (stride, pad) = (conv.window.stride[axis], conv.window.pad[axis]);
        let first = (start * stride).saturating_sub(pad);
        let end = ((start + count - 1) * stride + 3 - pad).min(length);
        Self { first, count: end - first, pad: pad.saturating_sub(start * stride) }
    }
}

impl Part {
    fn run<O: Element>(&self, conv: &Convolution, input: &[i8], output: &mut [O], plane: &mut [i8]) {
        let (channels, stride) = (conv.output.channels, conv.window.stride[0]);
        let vertical = Span::new(conv, 0, self.top, self.rows, conv.input.height);
        let horizontal = Span::new(conv, 1, self.left, self.columns, conv.input.width);
        let columns = Columns {
            columns: horizontal.count,
            rows: vertical.count,
            channels,
            row: conv.input.width * channels,
            pitch: PITCH,
        };
        let from = (vertical.first * conv.input.width + horizontal.first) * channels;
        let to = vertical.pad * PITCH + horizontal.pad;
        let at = (self.top * conv.output.width + self.left) * channels;
        // What the copies below leave untouched is padding, the same for every channel.
        plane.fill(conv.input_zero);
        let filter = Filter {
            plane: Plane { rows: self.rows, columns: self.columns, pitch: PITCH, stride },
            offsets: offsets(stride, PITCH),
            output_width: conv.output.width,
            channels,
            zero_point: conv.stage.zero_point,
            min: conv.stage.min as i8,
            prelu: conv.stage.prelu,
        };
        for channel in 0..channels {
            plane::copy(&columns, &input[from + channel..], &mut plane[to..]);
            let weights = &conv.weights[channel..];
            run(&filter, plane, weights, &conv.stage.scales[channel], &mut output[at + channel..]);
        }
    }
}
