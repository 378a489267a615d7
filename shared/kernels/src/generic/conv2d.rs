//! Dense two-dimensional convolution.

use super::dot;
use crate::patch::piece;
use crate::weights::{PIECE, row_len};
use crate::{Convolution, Element};

/// Filters per block: their accumulators stay in the L1 cache.
const BLOCK: usize = 32;

/// See [`crate::conv2d`].
#[inline(always)]
pub fn conv2d<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    each_conv2d(conv, input, output.len(), |at, value| output[at] = O::narrow(value));
}

/// The same, with a callback for each of the `len` outputs: `put` is called once per output with its index
/// and value.
#[inline(always)]
pub fn each_conv2d(conv: &Convolution, input: &[i8], len: usize, mut put: impl FnMut(usize, i32)) {
    let channels = conv.output.channels;
    let row = row_len(channels);
    for at in 0..len / channels {
        for first in (0..channels).step_by(BLOCK) {
            let mut acc = [0i32; BLOCK];
            let acc = &mut acc[..BLOCK.min(channels - first)];
            for (number, filters) in conv.weights.chunks_exact(row).enumerate() {
                let pixels = piece(conv, input, at, number);
                let filters = filters[first * PIECE..].chunks_exact(PIECE);
                for (acc, filter) in acc.iter_mut().zip(filters) {
                    *acc += dot(&pixels, filter);
                }
            }
            for (channel, acc) in (first..).zip(acc) {
                put(at * channels + channel, conv.stage.apply(channel, *acc));
            }
        }
    }
}
