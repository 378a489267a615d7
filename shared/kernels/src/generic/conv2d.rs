//! Dense two-dimensional convolution.

use super::dot;
use crate::{Convolution, Element};

/// See [`crate::conv2d`].
#[inline(always)]
pub fn conv2d<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    if conv.window.is_point() { point(conv, input, output) } else { window(conv, input, output) }
}

/// A 1x1 kernel: every output is the dot product of a pixel and a row of weights.
#[inline(always)]
fn point<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    let depth = conv.input.channels;
    let pixels = input.chunks_exact(depth);
    for (pixel, out) in pixels.zip(output.chunks_exact_mut(conv.output.channels)) {
        for (c, (filter, out)) in conv.weights.chunks_exact(depth).zip(out).enumerate() {
            *out = O::narrow(conv.stage.apply(c, dot(pixel, filter)));
        }
    }
}

/// Any kernel. A row of the kernel is contiguous in NHWC, so inside the image the product of a
/// kernel row and the pixels below it is one dot product.
#[inline(always)]
fn window<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    let depth = conv.input.channels;
    let [rows, columns] = conv.window.kernel;
    let (filter_row, filter_len) = (columns * depth, rows * columns * depth);
    for (at, out) in output.chunks_exact_mut(conv.output.channels).enumerate() {
        let (y, x) = (at / conv.output.width, at % conv.output.width);
        // The columns of the kernel that lie inside the image, which are the same for all rows.
        let left = x * conv.window.stride[1];
        let first = conv.window.pad[1].saturating_sub(left).min(columns);
        let last = (conv.input.width + conv.window.pad[1]).saturating_sub(left).clamp(first, columns);
        for (c, (filter, out)) in conv.weights.chunks_exact(filter_len).zip(out).enumerate() {
            let mut acc = 0;
            for (ky, filter) in filter.chunks_exact(filter_row).enumerate() {
                let Some(row) = conv.window.source(0, y, ky, conv.input.height) else {
                    acc += padding(conv.input_zero, filter);
                    continue;
                };
                let (outside, inside) = filter.split_at(first * depth);
                let (inside, outside_right) = inside.split_at((last - first) * depth);
                acc += padding(conv.input_zero, outside);
                acc += padding(conv.input_zero, outside_right);
                if last > first {
                    let column = left + first - conv.window.pad[1];
                    let start = (row * conv.input.width + column) * depth;
                    acc += dot(&input[start..start + inside.len()], inside);
                }
            }
            *out = O::narrow(conv.stage.apply(c, acc));
        }
    }
}

/// What weights over the padding contribute: the padding holds the input's zero point.
fn padding(zero: i8, weights: &[i8]) -> i32 {
    weights.iter().map(|&w| i32::from(w)).sum::<i32>() * i32::from(zero)
}
