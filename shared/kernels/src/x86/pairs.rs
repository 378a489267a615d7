//! Depthwise convolution with AVX2, for processors without VNNI: sixteen channels in parallel, two taps at a time.
//!
//! The values of two taps are interleaved, channel by channel, and widened to 16 bits; `vpmaddwd` then gives the sum of
//! both products of each channel in 32 bits. Where a window reaches over the edge, the tap reads a pixel of padding, so
//! the inner loop has no branch.

use core::arch::x86_64::*;
use core::cell::RefCell;
use std::vec::Vec;

use super::avx2::finish;
use crate::lanes::Scales;
use crate::weights::FILTERS;
use crate::{Convolution, Element};

/// Channels per block: the values of one load.
const WIDE: usize = 16;

std::thread_local! {
    static SCRATCH: RefCell<Scratch> = const {
        RefCell::new(Scratch { weights: Vec::new(), pixels: Vec::new(), scales: Scales::new() })
    };
}

/// Buffers that are reused between calls.
struct Scratch {
    /// Weights of two taps, interleaved, in the order block of channels, pair of taps, channel. A missing tap is zero.
    weights: Vec<[[i16; 2]; WIDE]>,
    /// The input with whole blocks in each pixel, and a pixel of padding behind it.
    pixels: Vec<i8>,
    scales: Scales<FILTERS>,
}

/// See [`crate::depthwise_conv2d`].
#[target_feature(enable = "avx2")]
pub fn depthwise_conv2d<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    let channels = conv.output.channels;
    let pitch = channels.next_multiple_of(WIDE);
    SCRATCH.with_borrow_mut(|Scratch { weights, pixels, scales }| {
        interleave(conv, weights);
        scales.set(&conv.stage, |_| 0);
        let input = whole_blocks(conv, input, pitch, pixels);
        let outside = input.len() - pitch;
        let [rows, columns] = conv.window.kernel;
        // One more tap where their number is odd: its weight is zero.
        let mut taps = std::vec![outside; (rows * columns).next_multiple_of(2)];
        for (at, out) in output.chunks_exact_mut(channels).enumerate().take(conv.output.pixels()) {
            let (y, x) = (at / conv.output.width, at % conv.output.width);
            for (tap, from) in taps.iter_mut().enumerate().take(rows * columns) {
                let row = conv.window.source(0, y, tap / columns, conv.input.height);
                let column = conv.window.source(1, x, tap % columns, conv.input.width);
                *from = row
                    .zip(column)
                    .map_or(outside, |(row, column)| (row * conv.input.width + column) * pitch);
            }
            let pairs = weights.chunks_exact(taps.len() / 2);
            for ((block, weights), out) in pairs.enumerate().zip(out.chunks_mut(WIDE)) {
                let sums = sums(&input[block * WIDE..], &taps, weights);
                let first = block * (WIDE / FILTERS);
                for ((quarter, sums), out) in sums.into_iter().enumerate().zip(out.chunks_mut(FILTERS)) {
                    finish(scales, first + quarter, sums, out);
                }
            }
        }
    });
}

/// The sums of sixteen channels of one pixel. `taps` are the places of its taps in `input`.
#[inline]
#[target_feature(enable = "avx2")]
fn sums(input: &[i8], taps: &[usize], weights: &[[[i16; 2]; WIDE]]) -> [__m128i; WIDE / FILTERS] {
    let (mut low, mut high) = (_mm256_setzero_si256(), _mm256_setzero_si256());
    for (pair, weights) in taps.chunks_exact(2).zip(weights) {
        let (a, b) = (load(&input[pair[0]..]), load(&input[pair[1]..]));
        // SAFETY: the array has the 64 bytes that the loads read.
        let (u, v) = unsafe {
            let weights: *const __m256i = weights.as_ptr().cast();
            (_mm256_loadu_si256(weights), _mm256_loadu_si256(weights.add(1)))
        };
        let near = _mm256_cvtepi8_epi16(_mm_unpacklo_epi8(a, b));
        let far = _mm256_cvtepi8_epi16(_mm_unpackhi_epi8(a, b));
        low = _mm256_add_epi32(low, _mm256_madd_epi16(near, u));
        high = _mm256_add_epi32(high, _mm256_madd_epi16(far, v));
    }
    [
        _mm256_castsi256_si128(low),
        _mm256_extracti128_si256::<1>(low),
        _mm256_castsi256_si128(high),
        _mm256_extracti128_si256::<1>(high),
    ]
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(values: &[i8]) -> __m128i {
    let values = &values[..WIDE];
    // SAFETY: the slice has the sixteen bytes that the load reads.
    unsafe { _mm_loadu_si128(values.as_ptr().cast()) }
}

/// Fills `weights`, see [`Scratch`].
fn interleave(conv: &Convolution, weights: &mut Vec<[[i16; 2]; WIDE]>) {
    let channels = conv.output.channels;
    let taps = conv.window.kernel[0] * conv.window.kernel[1];
    let pairs = taps.div_ceil(2);
    weights.clear();
    weights.resize(pairs * channels.div_ceil(WIDE), [[0; 2]; WIDE]);
    for (tap, row) in conv.weights.chunks_exact(channels).enumerate().take(taps) {
        for (channel, &weight) in row.iter().enumerate() {
            weights[channel / WIDE * pairs + tap / 2][channel % WIDE][tap % 2] = weight.into();
        }
    }
}

/// Copies the input to `pixels`, `pitch` bytes each, with a pixel of padding behind them.
fn whole_blocks<'a>(conv: &Convolution, input: &[i8], pitch: usize, pixels: &'a mut Vec<i8>) -> &'a [i8] {
    let channels = conv.input.channels;
    pixels.clear();
    if pitch == channels {
        pixels.extend_from_slice(input);
    } else {
        for pixel in input.chunks_exact(channels) {
            pixels.extend_from_slice(pixel);
            pixels.resize(pixels.len() + pitch - channels, 0);
        }
    }
    pixels.resize(pixels.len() + pitch, conv.input_zero);
    pixels
}
