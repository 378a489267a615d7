//! Dense convolution as a matrix product with the dot product instruction.
//!
//! `sdot` adds four products of bytes to each 32-bit lane. So a piece of a filter, in the layout of
//! [`crate::weights`], and the same piece of a pixel are multiplied by one instruction. The accumulators of
//! four filters and [`TILE`] pixels stay in registers in the loop over the pieces; the four lanes of each are
//! added at the end.

use core::arch::aarch64::*;
use core::arch::asm;
use core::cell::RefCell;
use std::vec::Vec;

use super::{LANES, Scales};
use crate::weights::{FILTERS, PIECE, row_len};
use crate::{Convolution, Element, generic, lanes};

/// Pixels computed together: sixteen sums, four pieces of filters and one of a pixel in 32 registers.
const TILE: usize = 4;

// Filters are computed in the same groups as their outputs.
const _: () = assert!(LANES == FILTERS);

std::thread_local! {
    static SCRATCH: RefCell<Scratch> =
        const { RefCell::new(Scratch { rows: Vec::new(), scales: Scales::new() }) };
}

/// Buffers that are reused between calls.
struct Scratch {
    /// Receptive field of every output pixel, in whole pieces.
    rows: Vec<u8>,
    scales: Scales,
}

/// See [`crate::conv2d`].
pub fn conv2d<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    if std::arch::is_aarch64_feature_detected!("dotprod") {
        // SAFETY: the processor has the features that the function is compiled for.
        unsafe { products(conv, input, output) }
    } else {
        generic::conv2d(conv, input, output)
    }
}

#[target_feature(enable = "neon,dotprod")]
fn products<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    let (pixels, channels) = (conv.output.pixels(), conv.output.channels);
    SCRATCH.with_borrow_mut(|Scratch { rows, scales }| {
        let pitch = lanes::im2row(conv, input, 0, rows);
        scales.set(&conv.stage, |_| 0);
        for block in 0..channels.div_ceil(LANES) {
            let tile = Tile { conv, rows, pitch, scales, block };
            let mut pixel = 0;
            while pixel < pixels {
                // The last tile is moved back, so that it ends at the last pixel and no shorter tile is
                // needed.
                if pixels >= TILE {
                    tile.run::<O, TILE>(pixel.min(pixels - TILE), output);
                    pixel += TILE;
                } else {
                    tile.run::<O, 1>(pixel, output);
                    pixel += 1;
                }
            }
        }
    });
}

/// A block of four filters, applied to tiles of pixels.
struct Tile<'a> {
    conv: &'a Convolution<'a>,
    rows: &'a [u8],
    /// Bytes from the row of one pixel to the next.
    pitch: usize,
    scales: &'a Scales,
    block: usize,
}

impl Tile<'_> {
    /// Computes the outputs of `P` pixels from `start` on.
    #[target_feature(enable = "neon,dotprod")]
    fn run<O: Element, const P: usize>(&self, start: usize, output: &mut [O]) {
        let channels = self.conv.output.channels;
        let rows: [&[u8]; P] = core::array::from_fn(|p| &self.rows[(start + p) * self.pitch..][..self.pitch]);
        let mut acc = [[vdupq_n_s32(0); FILTERS]; P];
        let pieces = self.conv.weights.chunks_exact(row_len(channels));
        for (piece, filters) in pieces.take(self.pitch / PIECE).enumerate() {
            let filters = &filters[self.block * FILTERS * PIECE..][..FILTERS * PIECE];
            // SAFETY: the slice has the 16 bytes of each of four filters.
            let weights: [int8x16_t; FILTERS] =
                core::array::from_fn(|filter| unsafe { vld1q_s8(filters[filter * PIECE..].as_ptr()) });
            for (acc, row) in acc.iter_mut().zip(rows) {
                let values = &row[piece * PIECE..][..PIECE];
                // SAFETY: the slice has the 16 bytes that the load reads.
                let values = unsafe { vld1q_s8(values.as_ptr().cast()) };
                for (acc, weights) in acc.iter_mut().zip(weights) {
                    *acc = dot(*acc, values, weights);
                }
            }
        }
        let wide = LANES.min(channels - self.block * LANES);
        for (p, [a, b, c, d]) in acc.into_iter().enumerate() {
            let first = (start + p) * channels + self.block * LANES;
            let sums = vpaddq_s32(vpaddq_s32(a, b), vpaddq_s32(c, d));
            self.scales.finish(self.block, sums, &mut output[first..first + wide]);
        }
    }
}

/// Adds four products to each lane; the intrinsic `vdotq_s32` is not stable yet.
#[inline]
#[target_feature(enable = "neon,dotprod")]
fn dot(mut acc: int32x4_t, a: int8x16_t, b: int8x16_t) -> int32x4_t {
    // SAFETY: the instruction accesses only registers, and the processor supports it.
    unsafe {
        asm!("sdot {acc:v}.4s, {a:v}.16b, {b:v}.16b", acc = inout(vreg) acc, a = in(vreg) a, b = in(vreg) b,
            options(pure, nomem, nostack, preserves_flags));
    }
    acc
}
