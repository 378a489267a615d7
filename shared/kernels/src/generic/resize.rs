//! Nearest-neighbour upsampling by two.

use crate::Shape;

/// Repeats every pixel of `input` twice in both directions (ONNX `Resize`, nearest, asymmetric).
pub fn resize_nearest_2x(shape: Shape, input: &[i8], output: &mut [i8]) {
    let row = shape.width * shape.channels;
    for (from, to) in input.chunks_exact(row).zip(output.chunks_exact_mut(4 * row)) {
        let (upper, lower) = to.split_at_mut(2 * row);
        let pixels = from.chunks_exact(shape.channels);
        for (pixel, twice) in pixels.zip(upper.chunks_exact_mut(2 * shape.channels)) {
            let (left, right) = twice.split_at_mut(shape.channels);
            left.copy_from_slice(pixel);
            right.copy_from_slice(pixel);
        }
        lower.copy_from_slice(upper);
    }
}
