//! Splits a depthwise 3x3 convolution into parts with small planes.
//!
//! The backends copy one channel of a part of the input to a plane, with its padding. A plane has one row and
//! one column of padding on each side, and at most [`COLUMNS`] columns of the image between them. Larger
//! images are split into parts. The last part is moved back, so that all have the same size.

use crate::Convolution;

/// Most columns of the image in a plane.
pub const COLUMNS: usize = 56;
/// Values from one row of a plane to the next.
pub const PITCH: usize = COLUMNS + 2;
/// Most rows of a plane.
pub const ROWS: usize = 58;

/// A rectangle of the output, and its receptive field.
pub struct Part {
    /// First row of the output.
    top: usize,
    /// First column of the output.
    left: usize,
    /// Rows of the output.
    pub rows: usize,
    /// Columns of the output.
    pub columns: usize,
    /// Rows of the input.
    pub vertical: Span,
    /// Columns of the input.
    pub horizontal: Span,
}

/// A range of rows or columns of the input in the plane.
pub struct Span {
    /// The first row or column.
    first: usize,
    /// Number of rows or columns.
    pub count: usize,
    /// Padding before the first one.
    pub pad: usize,
}

/// Whether the window is 3x3 with stride 1 or 2, and needs no more padding than a plane has.
pub fn fit(conv: &Convolution) -> bool {
    let window = &conv.window;
    let padded = |output: usize, input: usize, axis: usize| {
        let end = (output - 1) * window.stride[axis] + 3;
        window.pad[axis] <= 1 && end <= input + window.pad[axis] + 1
    };
    window.kernel == [3, 3]
        && (window.stride == [1, 1] || window.stride == [2, 2])
        && padded(conv.output.height, conv.input.height, 0)
        && padded(conv.output.width, conv.input.width, 1)
}

/// Calls `run` with each part of a convolution that [`fit`]s.
pub fn each(conv: &Convolution, mut run: impl FnMut(Part)) {
    let stride = conv.window.stride[0];
    // As few parts as possible, all of the same size, which is a multiple of four if there are several.
    let most = |length: usize, room: usize| {
        let most = (room - 3) / stride + 1;
        let even = length.div_ceil(length.div_ceil(most));
        if even == length { even } else { even.next_multiple_of(4).min(most) }
    };
    // There is padding on both sides beside the copied columns only if the whole width fits.
    let room = if conv.input.width <= COLUMNS { PITCH } else { COLUMNS };
    let (height, width) = (conv.output.height, conv.output.width);
    let (rows, columns) = (most(height, ROWS), most(width, room));
    for top in (0..height).step_by(rows).map(|top| top.min(height - rows)) {
        for left in (0..width).step_by(columns).map(|left| left.min(width - columns)) {
            let vertical = Span::new(conv, 0, top, rows, conv.input.height);
            let horizontal = Span::new(conv, 1, left, columns, conv.input.width);
            run(Part { top, left, rows, columns, vertical, horizontal });
        }
    }
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
    /// Index of the first input value of the receptive field, in the first channel.
    pub fn first_input(&self, conv: &Convolution) -> usize {
        (self.vertical.first * conv.input.width + self.horizontal.first) * conv.input.channels
    }

    /// Index of the first output, in the first channel.
    pub fn first_output(&self, conv: &Convolution) -> usize {
        (self.top * conv.output.width + self.left) * conv.output.channels
    }
}
