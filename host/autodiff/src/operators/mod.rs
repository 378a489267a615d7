//! Layers of a batch, with the gradients by their inputs and by their weights.
//!
//! A batch is rows of pixels, picture after picture, so that a convolution of one pixel is a product of
//! matrices and every other loop runs over channels. Where an operator is of one picture and reads no weights
//! that change, [`network`](crate::network) has its own: it shares out rows, these share out pictures.

pub mod convolution;
pub mod depthwise;
pub mod normalize;
pub mod pointwise;
pub mod pool;
pub mod round;

use std::ops::Range;

use crate::{Shape, Window};

/// Floats of a part that goes through the cache of one core.
const PART: usize = 1 << 15;

/// A window that goes over a batch.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// Kernel, stride and padding.
    pub window: Window,
    /// Shape of its input.
    pub input: Shape,
    /// Shape of its output.
    pub output: Shape,
}

impl Sweep {
    /// Which rows (axis 0) or columns (axis 1) of the kernel lie inside the picture at `place` of the
    /// output, and where the first of them lies in the input.
    #[inline(always)]
    fn inside(&self, axis: usize, place: usize) -> (Range<usize>, usize) {
        let side = [self.input.height, self.input.width][axis];
        let (kernel, pad) = (self.window.kernel[axis], self.window.pads[axis]);
        let start = place * self.window.stride[axis];
        let first = pad.saturating_sub(start).min(kernel);
        let last = (side + pad).saturating_sub(start).min(kernel).max(first);
        (first..last, (start + first).saturating_sub(pad))
    }

    /// Calls `visit` with the number of each tap inside the picture and where its pixel begins.
    #[inline(always)]
    fn taps(&self, y: usize, x: usize, mut visit: impl FnMut(usize, usize)) {
        let (rows, top) = self.inside(0, y);
        let (columns, left) = self.inside(1, x);
        for (i, row) in rows.zip(top..) {
            for (j, column) in columns.clone().zip(left..) {
                let pixel = row * self.input.width + column;
                visit(i * self.window.kernel[1] + j, pixel * self.input.channels);
            }
        }
    }

    /// Whether the windows are the rows of the input as they lie.
    fn is_direct(&self) -> bool {
        let Window { kernel, stride, pads } = &self.window;
        let point = *kernel == [1, 1] && *stride == [1, 1];
        let whole = *kernel == [self.input.height, self.input.width];
        *pads == [0; 4] && (point || whole)
    }
}

/// Rows of `columns` floats that a part takes.
fn part(columns: usize) -> usize {
    (PART / columns.max(1)).max(1)
}
