//! Depthwise convolution: eight channels in parallel, tap by tap, with 32-bit sums.

use core::arch::aarch64::*;
use core::cell::RefCell;
use std::vec::Vec;

use super::{LANES, Scales};
use crate::{Convolution, Element, generic};

/// Channels per block: the values of one widening load of eight bytes.
const WIDE: usize = 2 * LANES;

std::thread_local! {
    static SCRATCH: RefCell<Scratch> =
        const { RefCell::new(Scratch { taps: Vec::new(), scales: Scales::new() }) };
}

/// Buffers that are reused between calls.
struct Scratch {
    /// Offset of the input pixel of each tap, for one output pixel; `None` outside the image.
    taps: Vec<Option<usize>>,
    scales: Scales,
}

/// See [`crate::depthwise_conv2d`].
pub fn depthwise_conv2d<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    let channels = conv.output.channels;
    if !channels.is_multiple_of(WIDE) {
        return generic::depthwise_conv2d(conv, input, output);
    }
    let [rows, columns] = conv.window.kernel;
    SCRATCH.with_borrow_mut(|Scratch { taps, scales }| {
        scales.set(&conv.stage, |_| 0);
        for (at, out) in output.chunks_exact_mut(channels).enumerate().take(conv.output.pixels()) {
            let (y, x) = (at / conv.output.width, at % conv.output.width);
            taps.clear();
            taps.extend((0..rows * columns).map(|tap| {
                let row = conv.window.source(0, y, tap / columns, conv.input.height)?;
                let column = conv.window.source(1, x, tap % columns, conv.input.width)?;
                Some((row * conv.input.width + column) * channels)
            }));
            for (block, out) in out.chunks_exact_mut(WIDE).enumerate() {
                // SAFETY: every 64-bit Arm processor with the standard library supports the feature.
                unsafe { eight(conv, input, taps, scales, block, out) }
            }
        }
    });
}

/// Computes the outputs of eight channels of a pixel.
#[target_feature(enable = "neon")]
fn eight<O: Element>(
    conv: &Convolution,
    input: &[i8],
    taps: &[Option<usize>],
    scales: &Scales,
    block: usize,
    output: &mut [O],
) {
    let first = block * WIDE;
    let padding = vdupq_n_s16(conv.input_zero.into());
    let mut acc = [vdupq_n_s32(0); 2];
    for (tap, weights) in taps.iter().zip(conv.weights.chunks_exact(conv.output.channels)) {
        let weights = widen(&weights[first..]);
        let pixel = match tap {
            Some(start) => widen(&input[start + first..]),
            None => padding,
        };
        acc[0] = vmlal_s16(acc[0], vget_low_s16(pixel), vget_low_s16(weights));
        acc[1] = vmlal_high_s16(acc[1], pixel, weights);
    }
    for (half, (acc, out)) in acc.into_iter().zip(output.chunks_exact_mut(LANES)).enumerate() {
        scales.finish(2 * block + half, acc, out);
    }
}

/// The first eight values, sign-extended to 16 bits.
#[inline]
#[target_feature(enable = "neon")]
fn widen(values: &[i8]) -> int16x8_t {
    let values = &values[..WIDE];
    // SAFETY: the slice has the eight bytes that the load reads.
    vmovl_s8(unsafe { vld1_s8(values.as_ptr()) })
}
