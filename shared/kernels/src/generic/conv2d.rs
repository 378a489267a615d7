//! Dense two-dimensional convolution.

use super::dot;
use crate::patch::piece;
use crate::weights::{PIECE, row_len};
use crate::{Convolution, Element};

/// Filters that are summed together: their accumulators stay in the first cache.
const BLOCK: usize = 32;

/// See [`crate::conv2d`].
#[inline(always)]
pub fn conv2d<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    let row = row_len(conv.output.channels);
    for (at, out) in output.chunks_exact_mut(conv.output.channels).enumerate() {
        for (block, out) in out.chunks_mut(BLOCK).enumerate() {
            let first = block * BLOCK;
            let mut acc = [0i32; BLOCK];
            for (number, filters) in conv.weights.chunks_exact(row).enumerate() {
                let pixels = piece(conv, input, at, number);
                let filters = filters[first * PIECE..].chunks_exact(PIECE);
                for (acc, filter) in acc.iter_mut().take(out.len()).zip(filters) {
                    *acc += dot(&pixels, filter);
                }
            }
            for (lane, (out, acc)) in out.iter_mut().zip(acc).enumerate() {
                *out = O::narrow(conv.stage.apply(first + lane, acc));
            }
        }
    }
}
