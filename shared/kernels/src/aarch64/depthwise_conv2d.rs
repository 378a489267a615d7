//! Depthwise convolution: sixteen channels in parallel.
//!
//! Filters of 3x3 go along lines, see `columns`. Others go tap by tap, in pairs: `smull` and `smlal` add the products of two
//! taps in 16 bits, and `saddw` adds these to 32-bit sums. With a weight of -128 the sum of two products may not fit 16 bits;
//! then each tap is added by itself. Where a window reaches over the edge, the tap reads a pixel of padding, so the inner loop
//! has no branch. The last block is moved back, so that it ends at the last channel.

use core::arch::aarch64::*;
use core::cell::RefCell;
use std::vec::Vec;

use super::columns::{self, Dot, Paired, SIDE, WIDE, widened};
use super::{LANES, Stage};
use crate::{Convolution, Element, generic};

std::thread_local! {
    static SCRATCH: RefCell<Scratch> = const {
        RefCell::new(Scratch { padding: Vec::new(), stage: Stage::new() })
    };
}

/// Buffers that are reused between calls.
struct Scratch {
    /// A row outside the image.
    padding: Vec<i8>,
    stage: Stage,
}

/// See [`crate::depthwise_conv2d`].
pub fn depthwise_conv2d<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    let channels = conv.output.channels;
    if channels < WIDE {
        return generic::depthwise_conv2d(conv, input, output);
    }
    let paired = !conv.weights.contains(&i8::MIN);
    SCRATCH.with_borrow_mut(|Scratch { padding, stage }| {
        stage.set(&conv.stage);
        padding.clear();
        padding.resize(conv.input.width * channels, conv.input_zero);
        let lines = conv.window.kernel == [SIDE; 2];
        // SAFETY: the processor has the dot product instruction where it is used, and every 64-bit Arm processor with the
        // standard library has the others.
        unsafe {
            if lines && std::arch::is_aarch64_feature_detected!("dotprod") {
                by_dot_products(conv, stage, padding, input, output);
            } else if lines && paired {
                by_pairs(conv, stage, padding, input, output);
            } else if paired {
                by_taps::<O, true>(conv, stage, &padding[..channels], input, output);
            } else {
                by_taps::<O, false>(conv, stage, &padding[..channels], input, output);
            }
        }
    });
}

#[target_feature(enable = "neon,dotprod")]
fn by_dot_products<O: Element>(
    conv: &Convolution,
    stage: &Stage,
    outside: &[i8],
    input: &[i8],
    output: &mut [O],
) {
    // SAFETY: the caller's processor has the features.
    unsafe { columns::outputs::<O, Dot>(conv, stage, outside, input, output) }
}

#[target_feature(enable = "neon")]
fn by_pairs<O: Element>(conv: &Convolution, stage: &Stage, outside: &[i8], input: &[i8], output: &mut [O]) {
    // SAFETY: as above.
    unsafe { columns::outputs::<O, Paired>(conv, stage, outside, input, output) }
}

/// Computes all outputs tap by tap. `outside` is a pixel of padding.
#[target_feature(enable = "neon")]
fn by_taps<O: Element, const PAIRED: bool>(
    conv: &Convolution,
    stage: &Stage,
    outside: &[i8],
    input: &[i8],
    output: &mut [O],
) {
    let channels = conv.output.channels;
    let [rows, columns] = conv.window.kernel;
    let mut taps = Vec::with_capacity(rows * columns);
    for (at, out) in output.chunks_exact_mut(channels).enumerate().take(conv.output.pixels()) {
        let (y, x) = (at / conv.output.width, at % conv.output.width);
        taps.clear();
        for row in 0..rows {
            let row = conv.window.source(0, y, row, conv.input.height);
            taps.extend((0..columns).map(|column| {
                let column = conv.window.source(1, x, column, conv.input.width);
                match row.zip(column) {
                    Some((row, column)) => &input[(row * conv.input.width + column) * channels..][..channels],
                    None => outside,
                }
            }));
        }
        pixel::<O, PAIRED>(conv, &taps, stage, out);
    }
}

/// Computes all channels of an output pixel. Each tap has them all, too.
#[inline]
#[target_feature(enable = "neon")]
fn pixel<O: Element, const PAIRED: bool>(
    conv: &Convolution,
    taps: &[&[i8]],
    stage: &Stage,
    output: &mut [O],
) {
    let channels = output.len();
    let weights = &conv.weights[..taps.len() * channels];
    for first in (0..channels).step_by(WIDE) {
        let first = first.min(channels - WIDE);
        let tap = |number: usize| {
            // SAFETY: a tap has `channels` values, and so has each row of weights; `first` is WIDE before their end at
            // most.
            unsafe {
                let weights = weights.as_ptr().add(number * channels + first);
                (vld1q_s8(taps[number].as_ptr().add(first)), vld1q_s8(weights))
            }
        };
        let mut acc = core::array::from_fn(|part| stage.bias(first + part * LANES));
        let mut number = 0;
        while PAIRED && number + 2 <= taps.len() {
            let ((a, u), (b, v)) = (tap(number), tap(number + 1));
            let low = vmlal_s8(vmull_s8(vget_low_s8(a), vget_low_s8(u)), vget_low_s8(b), vget_low_s8(v));
            let high = vmlal_high_s8(vmull_high_s8(a, u), b, v);
            acc = widened(acc, low, high);
            number += 2;
        }
        while number < taps.len() {
            let (a, u) = tap(number);
            acc = widened(acc, vmull_s8(vget_low_s8(a), vget_low_s8(u)), vmull_high_s8(a, u));
            number += 1;
        }
        stage.finish_sixteen(first, acc, &mut output[first..first + WIDE]);
    }
}
