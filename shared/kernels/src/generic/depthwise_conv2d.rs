//! Depthwise convolution: one filter per channel.

use crate::{Convolution, Element};

/// Channels per block: their accumulators stay in registers or in the L1 cache.
const LANES: usize = 16;

/// See [`crate::depthwise_conv2d`].
#[inline(always)]
pub fn depthwise_conv2d<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    each_depthwise(conv, input, output.len(), |at, value| output[at] = O::narrow(value));
}

/// The same, with a callback for each of the `len` outputs: `put` is called once per output with its index
/// and value.
#[inline(always)]
pub fn each_depthwise(conv: &Convolution, input: &[i8], len: usize, mut put: impl FnMut(usize, i32)) {
    let channels = conv.output.channels;
    for at in 0..len / channels {
        let (y, x) = (at / conv.output.width, at % conv.output.width);
        for first in (0..channels).step_by(LANES) {
            let mut acc = [0i32; LANES];
            let acc = &mut acc[..LANES.min(channels - first)];
            taps(conv, input, (y, x), first, acc);
            for (channel, acc) in (first..).zip(acc) {
                put(at * channels + channel, conv.stage.apply(channel, *acc));
            }
        }
    }
}

/// Adds the products of every tap to the accumulators of the channels from `first` on.
#[inline(always)]
fn taps(conv: &Convolution, input: &[i8], (y, x): (usize, usize), first: usize, acc: &mut [i32]) {
    let channels = conv.output.channels;
    let [rows, columns] = conv.window.kernel;
    for ky in 0..rows {
        let row = conv.window.source(0, y, ky, conv.input.height);
        for kx in 0..columns {
            let column = conv.window.source(1, x, kx, conv.input.width);
            let weights = (ky * columns + kx) * channels + first;
            let weights = &conv.weights[weights..weights + acc.len()];
            match (row, column) {
                (Some(row), Some(column)) => {
                    let start = (row * conv.input.width + column) * channels + first;
                    let pixels = &input[start..start + acc.len()];
                    for ((acc, &x), &w) in acc.iter_mut().zip(pixels).zip(weights) {
                        *acc += i32::from(x) * i32::from(w);
                    }
                }
                _ => {
                    for (acc, &w) in acc.iter_mut().zip(weights) {
                        *acc += i32::from(conv.input_zero) * i32::from(w);
                    }
                }
            }
        }
    }
}
