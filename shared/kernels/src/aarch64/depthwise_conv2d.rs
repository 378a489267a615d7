//! Depthwise convolution: sixteen channels in parallel, tap by tap.
//!
//! Taps are taken in pairs. `smull` and `smlal` add the products of two taps in 16 bits, and `saddw` adds these
//! to 32-bit sums. With a weight of -128 the sum of two products may not fit 16 bits; then each tap is added by
//! itself. Where a window reaches over the edge, the tap reads a pixel of padding, so the inner loop has no
//! branch. The last block is moved back, so that it ends at the last channel.

use core::arch::aarch64::*;
use core::cell::RefCell;
use std::vec::Vec;

use super::Scales;
use crate::{Convolution, Element, generic};

/// Channels per block: the values of one load.
const WIDE: usize = 16;

/// Taps of the kernel that most networks have; their loop is unrolled.
const USUAL: usize = 9;

std::thread_local! {
    static SCRATCH: RefCell<Scratch> = const {
        RefCell::new(Scratch { padding: Vec::new(), scales: Scales::new() })
    };
}

/// Buffers that are reused between calls.
struct Scratch {
    /// A pixel outside the image.
    padding: Vec<i8>,
    scales: Scales,
}

/// See [`crate::depthwise_conv2d`].
pub fn depthwise_conv2d<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    let channels = conv.output.channels;
    if channels < WIDE {
        return generic::depthwise_conv2d(conv, input, output);
    }
    let [rows, columns] = conv.window.kernel;
    let paired = !conv.weights.contains(&i8::MIN);
    SCRATCH.with_borrow_mut(|Scratch { padding, scales }| {
        scales.set(&conv.stage, |_| 0);
        padding.clear();
        padding.resize(channels, conv.input_zero);
        let mut taps = Vec::with_capacity(rows * columns);
        for (at, out) in output.chunks_exact_mut(channels).enumerate().take(conv.output.pixels()) {
            let (y, x) = (at / conv.output.width, at % conv.output.width);
            taps.clear();
            for row in 0..rows {
                let row = conv.window.source(0, y, row, conv.input.height);
                taps.extend((0..columns).map(|column| {
                    let column = conv.window.source(1, x, column, conv.input.width);
                    match row.zip(column) {
                        Some((row, column)) => {
                            &input[(row * conv.input.width + column) * channels..][..channels]
                        }
                        None => &padding[..],
                    }
                }));
            }
            // SAFETY: every 64-bit Arm processor with the standard library supports the feature.
            match <&[&[i8]; USUAL]>::try_from(&taps[..]) {
                Ok(taps) if paired => unsafe { pixel::<O, true>(conv, taps, scales, out) },
                _ if paired => unsafe { pixel::<O, true>(conv, &taps, scales, out) },
                _ => unsafe { pixel::<O, false>(conv, &taps, scales, out) },
            }
        }
    });
}

/// Computes all channels of an output pixel. Each tap has them all, too.
#[inline]
#[target_feature(enable = "neon")]
fn pixel<O: Element, const PAIRED: bool>(
    conv: &Convolution,
    taps: &[&[i8]],
    scales: &Scales,
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
        let mut acc = [vdupq_n_s32(0); 4];
        let mut number = 0;
        while PAIRED && number + 2 <= taps.len() {
            let ((a, u), (b, v)) = (tap(number), tap(number + 1));
            let low = vmlal_s8(vmull_s8(vget_low_s8(a), vget_low_s8(u)), vget_low_s8(b), vget_low_s8(v));
            let high = vmlal_high_s8(vmull_high_s8(a, u), b, v);
            acc = add(acc, low, high);
            number += 2;
        }
        while number < taps.len() {
            let (a, u) = tap(number);
            acc = add(acc, vmull_s8(vget_low_s8(a), vget_low_s8(u)), vmull_high_s8(a, u));
            number += 1;
        }
        scales.finish_sixteen(first, acc, &mut output[first..first + WIDE]);
    }
}

/// Adds sixteen sums of 16 bits.
#[inline]
#[target_feature(enable = "neon")]
fn add([a, b, c, d]: [int32x4_t; 4], low: int16x8_t, high: int16x8_t) -> [int32x4_t; 4] {
    [
        vaddw_s16(a, vget_low_s16(low)),
        vaddw_high_s16(b, low),
        vaddw_s16(c, vget_low_s16(high)),
        vaddw_high_s16(d, high),
    ]
}
