//! Depthwise convolution with AVX-512 VNNI: sixteen channels in parallel, tap by tap.
//!
//! `vpdpwssd` multiplies pairs of 16-bit values. The upper weight of each lane is zero, so it is sufficient
//! to sign-extend a pixel to 32 bits.

use core::arch::x86_64::*;
use core::cell::RefCell;
use core::ops::Range;
use std::vec::Vec;

use super::{LANES, Scales};
use crate::{Convolution, Element};

/// Buffers that are reused between calls.
struct Scratch {
    /// Weights in the lower halves of lanes, in the order tap, block of channels, channel.
    weights: Vec<[i32; LANES]>,
    scales: Scales,
}

std::thread_local! {
    static SCRATCH: RefCell<Scratch> =
        const { RefCell::new(Scratch { weights: Vec::new(), scales: Scales::new() }) };
}

/// See [`crate::depthwise_conv2d`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
pub fn depthwise_conv2d<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    let blocks = conv.output.channels.div_ceil(LANES);
    SCRATCH.with_borrow_mut(|scratch| {
        let Scratch { weights, scales } = scratch;
        widen(conv, blocks, weights);
        scales.set(&conv.stage, |_| 0);
        let width = conv.output.width;
        for block in 0..blocks {
            let column = Column { conv, input, weights, blocks, scales, block };
            for y in 0..conv.output.height {
                // Most windows are completely inside the image; they need no bounds checks.
                let inside = if conv.window.kernel == [3, 3] { column.inside(y) } else { 0..0 };
                for x in (0..inside.start).chain(inside.end.max(inside.start)..width) {
                    let acc = column.sum(y, x);
                    column.finish(y * width + x, acc, output);
                }
                column.row(y, inside, output);
            }
        }
    });
}

/// Sixteen channels of a convolution.
struct Column<'a> {
    conv: &'a Convolution<'a>,
    input: &'a [i8],
    weights: &'a [[i32; LANES]],
    blocks: usize,
    scales: &'a Scales,
    block: usize,
}

impl Column<'_> {
    /// Number of channels in this block.
    fn wide(&self) -> usize {
        LANES.min(self.conv.output.channels - self.block * LANES)
    }

    /// The output columns in row `y` whose windows are inside the image.
    fn inside(&self, y: usize) -> Range<usize> {
        let range = |axis: usize, input: usize, output: usize| {
            let (stride, pad) = (self.conv.window.stride[axis], self.conv.window.pad[axis]);
            let first = pad.div_ceil(stride);
            let end = (input + pad).checked_sub(3).map_or(0, |room| room / stride + 1).min(output);
            first.min(end)..end
        };
        let rows = range(0, self.conv.input.height, self.conv.output.height);
        let columns = range(1, self.conv.input.width, self.conv.output.width);
        if rows.contains(&y) { columns } else { 0..0 }
    }

    /// Computes the outputs of the columns `inside` of row `y`, whose 3x3 windows are inside the image.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
    fn row<O: Element>(&self, y: usize, inside: Range<usize>, output: &mut [O]) {
        let (channels, wide) = (self.conv.input.channels, self.wide());
        let mask = ((1u32 << wide) - 1) as u16;
        let pitch = self.conv.input.width * channels;
        let weights: [__m512i; 9] = core::array::from_fn(|tap| self.weight(tap.min(self.taps() - 1)));
        for x in inside {
            let window = &self.conv.window;
            let top = y * window.stride[0] - window.pad[0];
            let left = x * window.stride[1] - window.pad[1];
            let start = top * pitch + left * channels + self.block * LANES;
            let seen = &self.input[start..start + 2 * pitch + 2 * channels + wide];
            let mut acc = _mm512_setzero_si512();
            for (tap, weights) in weights.into_iter().enumerate() {
                // SAFETY: the offset is at most that of the last tap, and from there `seen` has as many bytes
                // as the mask lets the load read.
                let pixel = unsafe {
                    _mm_maskz_loadu_epi8(mask, seen.as_ptr().add(tap / 3 * pitch + tap % 3 * channels))
                };
                acc = _mm512_dpwssd_epi32(acc, _mm512_cvtepi8_epi32(pixel), weights);
            }
            self.finish(y * self.conv.output.width + x, acc, output);
        }
    }

    /// The sums of one pixel for any window, including padding.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
    fn sum(&self, y: usize, x: usize) -> __m512i {
        let Self { conv, input, .. } = *self;
        let (wide, columns) = (self.wide(), conv.window.kernel[1]);
        let mask = ((1u32 << wide) - 1) as u16;
        let mut acc = _mm512_setzero_si512();
        for tap in 0..self.taps() {
            let row = conv.window.source(0, y, tap / columns, conv.input.height);
            let column = conv.window.source(1, x, tap % columns, conv.input.width);
            let pixel = match (row, column) {
                (Some(row), Some(column)) => {
                    let start = (row * conv.input.width + column) * conv.input.channels + self.block * LANES;
                    let pixel = &input[start..start + wide];
                    // SAFETY: the mask lets the load read just what the slice has.
                    _mm512_cvtepi8_epi32(unsafe { _mm_maskz_loadu_epi8(mask, pixel.as_ptr()) })
                }
                _ => _mm512_set1_epi32(conv.input_zero.into()),
            };
            acc = _mm512_dpwssd_epi32(acc, pixel, self.weight(tap));
        }
        acc
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    fn finish<O: Element>(&self, at: usize, acc: __m512i, output: &mut [O]) {
        let first = at * self.conv.output.channels + self.block * LANES;
        self.scales.finish(self.block, acc, &mut output[first..first + self.wide()]);
    }

    fn taps(&self) -> usize {
        self.conv.window.kernel[0] * self.conv.window.kernel[1]
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn weight(&self, tap: usize) -> __m512i {
        let lanes = &self.weights[tap * self.blocks + self.block];
        // SAFETY: the array has the 64 bytes that the load reads.
        unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) }
    }
}

/// Weights as 32-bit lanes whose upper half is zero.
fn widen(conv: &Convolution, blocks: usize, weights: &mut Vec<[i32; LANES]>) {
    let channels = conv.output.channels;
    let taps = conv.window.kernel[0] * conv.window.kernel[1];
    weights.clear();
    weights.resize(taps * blocks, [0; LANES]);
    for (tap, row) in conv.weights.chunks_exact(channels).enumerate().take(taps) {
        for (channel, &weight) in row.iter().enumerate() {
            weights[tap * blocks + channel / LANES][channel % LANES] = i32::from(weight) & 0xFFFF;
        }
    }
}
