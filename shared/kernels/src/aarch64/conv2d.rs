//! Dense convolution as a matrix product, with the dot product instruction or without it.
//!
//! `sdot` adds four products of bytes to each 32-bit lane. So a piece of a filter, in the layout of
//! [`crate::weights`], and the same piece of a pixel are multiplied by one instruction. Without it (Cortex-A53
//! and Cortex-A72: Raspberry Pi 3 and 4) it takes three: `smull` multiplies the lower halves to 16 bits,
//! `smlal2` adds the products of the upper halves, and `sadalp` adds pairs of these sums to 32-bit lanes. The
//! accumulators of four filters and [`TILE`] pixels stay in registers in the loop over the pieces; the four
//! lanes of each are added at the end.
//!
//! Two products fit 16 bits unless both are `-128 * -128`. The compiler makes weights of at least -127; a
//! weight of -128 takes a fourth instruction, so that every weight is multiplied right ([`Exact`]).

use core::arch::aarch64::*;
use core::arch::asm;
use core::cell::RefCell;
use std::vec::Vec;

use super::{LANES, Scales};
use crate::weights::{FILTERS, PIECE, row_len};
use crate::{Convolution, Element, lanes};

/// Pixels computed together: 24 sums, four pieces of filters, one of a pixel and a product in 32 registers.
const TILE: usize = 6;

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
        unsafe { with_dot_products(conv, input, output) }
    } else if conv.weights.contains(&i8::MIN) {
        // SAFETY: every 64-bit Arm processor with the standard library supports the feature.
        unsafe { products::<O, Exact>(conv, input, output) }
    } else {
        // SAFETY: as above.
        unsafe { products::<O, Paired>(conv, input, output) }
    }
}

/// How a piece of a pixel and a piece of a filter are multiplied.
trait Product {
    /// Adds the sixteen products to the lanes of `acc`, whichever to which.
    ///
    /// # Safety
    /// The processor supports the instructions.
    unsafe fn add(acc: int32x4_t, values: int8x16_t, weights: int8x16_t) -> int32x4_t;
}

/// By the dot product instruction.
enum Dot {}

/// By three instructions, for weights of at least -127.
enum Paired {}

/// By four instructions, for all weights.
enum Exact {}

impl Product for Dot {
    #[inline(always)]
    unsafe fn add(mut acc: int32x4_t, values: int8x16_t, weights: int8x16_t) -> int32x4_t {
        // SAFETY: the instruction accesses only registers, and the caller knows that the processor supports it. The
        // intrinsic `vdotq_s32` is not stable yet.
        unsafe {
            asm!(".arch_extension dotprod", "sdot {acc:v}.4s, {a:v}.16b, {b:v}.16b", acc = inout(vreg) acc, a = in(vreg) values,
                b = in(vreg) weights, options(pure, nomem, nostack, preserves_flags));
        }
        acc
    }
}

impl Product for Paired {
    #[inline(always)]
    unsafe fn add(acc: int32x4_t, values: int8x16_t, weights: int8x16_t) -> int32x4_t {
        // SAFETY: the caller knows that the processor supports the instructions.
        unsafe {
            let low = vmull_s8(vget_low_s8(values), vget_low_s8(weights));
            vpadalq_s16(acc, vmlal_high_s8(low, values, weights))
        }
    }
}

impl Product for Exact {
    #[inline(always)]
    unsafe fn add(acc: int32x4_t, values: int8x16_t, weights: int8x16_t) -> int32x4_t {
        // SAFETY: the caller knows that the processor supports the instructions.
        unsafe {
            let low = vmull_s8(vget_low_s8(values), vget_low_s8(weights));
            vpadalq_s16(vpadalq_s16(acc, low), vmull_high_s8(values, weights))
        }
    }
}

#[target_feature(enable = "neon,dotprod")]
fn with_dot_products<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    products::<O, Dot>(conv, input, output)
}

#[inline]
#[target_feature(enable = "neon")]
fn products<O: Element, P: Product>(conv: &Convolution, input: &[i8], output: &mut [O]) {
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
                    tile.run::<O, P, TILE>(pixel.min(pixels - TILE), output);
                    pixel += TILE;
                } else {
                    tile.run::<O, P, 1>(pixel, output);
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
    /// Computes the outputs of `N` pixels from `start` on.
    #[inline]
    #[target_feature(enable = "neon")]
    fn run<O: Element, P: Product, const N: usize>(&self, start: usize, output: &mut [O]) {
        let channels = self.conv.output.channels;
        let pieces = self.pitch / PIECE;
        let rows: [&[u8]; N] = core::array::from_fn(|p| &self.rows[(start + p) * self.pitch..][..self.pitch]);
        let filters = &self.conv.weights[..pieces * row_len(channels)][self.block * FILTERS * PIECE..];
        let mut acc = [[vdupq_n_s32(0); FILTERS]; N];
        for piece in 0..pieces {
            let filters = &filters[piece * row_len(channels)..][..FILTERS * PIECE];
            // SAFETY: the slice has the 16 bytes of each of four filters.
            let weights: [int8x16_t; FILTERS] =
                core::array::from_fn(|filter| unsafe { vld1q_s8(filters.as_ptr().add(filter * PIECE)) });
            for (acc, row) in acc.iter_mut().zip(rows) {
                // SAFETY: a row has `pieces` times the 16 bytes that the load reads.
                let values = unsafe { vld1q_s8(row.as_ptr().add(piece * PIECE).cast()) };
                for (acc, weights) in acc.iter_mut().zip(weights) {
                    // SAFETY: the kernel was chosen by what the processor supports.
                    *acc = unsafe { P::add(*acc, values, weights) };
                }
            }
        }
        let wide = LANES.min(channels - self.block * LANES);
        for (p, [a, b, c, d]) in acc.into_iter().enumerate() {
            let first = (start + p) * channels + self.block * LANES;
            let sums = vpaddq_s32(vpaddq_s32(a, b), vpaddq_s32(c, d));
            self.scales.finish(self.block * LANES, sums, &mut output[first..first + wide]);
        }
    }
}
