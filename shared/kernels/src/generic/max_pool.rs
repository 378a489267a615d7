//! Maximum over a window; the output has scale and zero point of the input.

use crate::Pooling;

/// See [`crate::max_pool`].
pub fn max_pool(pool: &Pooling, input: &[i8], output: &mut [i8]) {
    let channels = pool.output.channels;
    for (at, out) in output.chunks_exact_mut(channels).enumerate() {
        let (y, x) = (at / pool.output.width, at % pool.output.width);
        out.fill(i8::MIN);
        for ky in 0..pool.window.kernel[0] {
            for kx in 0..pool.window.kernel[1] {
                let row = pool.window.source(0, y, ky, pool.input.height);
                let column = pool.window.source(1, x, kx, pool.input.width);
                let (Some(row), Some(column)) = (row, column) else { continue };
                let start = (row * pool.input.width + column) * channels;
                for (out, &x) in out.iter_mut().zip(&input[start..start + channels]) {
                    *out = (*out).max(x);
                }
            }
        }
    }
}
