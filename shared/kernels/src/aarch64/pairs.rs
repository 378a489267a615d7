//! Dense convolution with instructions that every 64-bit Arm processor has (Cortex-A53 and Cortex-A72: Raspberry Pi 3 and 4).
//!
//! A piece of a pixel and a piece of a filter are multiplied by three instructions: `smull` multiplies the lower halves to 16
//! bits, `smlal2` adds the products of the upper halves, and `sadalp` adds pairs of these sums to 32-bit lanes. The sums of
//! four filters and [`TILE`] pixels stay in registers in the loop over the pieces; the four lanes of each are added at the end.
//!
//! Two products fit 16 bits unless both are `-128 * -128`. The compiler makes weights of at least -127; a weight of -128 takes
//! a fourth instruction, so that every weight is multiplied right ([`Exact`]).

use core::arch::aarch64::*;

use super::LANES;
use super::dense::Dense;
use crate::Element;
use crate::weights::{FILTERS, PIECE};

/// Pixels computed together: 24 sums, four pieces of filters, one of a pixel and a product in 32 registers.
const TILE: usize = 6;

/// Computes all outputs.
pub fn products<O: Element>(dense: &Dense, output: &mut [O]) {
    // SAFETY: every 64-bit Arm processor with the standard library supports the feature.
    unsafe {
        match dense.conv.weights.contains(&i8::MIN) {
            true => by::<O, Exact>(dense, output),
            false => by::<O, Paired>(dense, output),
        }
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

/// By three instructions, for weights of at least -127.
enum Paired {}

/// By four instructions, for all weights.
enum Exact {}

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

#[target_feature(enable = "neon")]
fn by<O: Element, P: Product>(dense: &Dense, output: &mut [O]) {
    dense.sixteens().for_each(|first| block::<O, P, 4>(dense, first, output));
    dense.fours().for_each(|first| block::<O, P, 1>(dense, first, output));
}

/// Computes the outputs of `G` times four filters from `first` on.
#[target_feature(enable = "neon")]
fn block<O: Element, P: Product, const G: usize>(dense: &Dense, first: usize, output: &mut [O]) {
    match dense.tiles::<TILE>() {
        Some(tiles) => tiles.for_each(|start| tile::<O, P, G, TILE>(dense, first, start, output)),
        None => {
            (0..dense.conv.output.pixels()).for_each(|pixel| tile::<O, P, G, 1>(dense, first, pixel, output));
        }
    }
}

/// Computes the outputs of `G` times four filters and `N` pixels.
#[inline]
#[target_feature(enable = "neon")]
fn tile<O: Element, P: Product, const G: usize, const N: usize>(
    dense: &Dense,
    first: usize,
    start: usize,
    output: &mut [O],
) {
    let mut all = [[vdupq_n_s32(0); G]; N];
    for group in 0..G {
        let sums = four::<P, N>(dense, first + group * LANES, start);
        for (all, sums) in all.iter_mut().zip(sums) {
            all[group] = sums;
        }
    }
    for (pixel, sums) in all.into_iter().enumerate() {
        let output = dense.outputs(start + pixel, first, G * LANES, output);
        match <[int32x4_t; 4]>::try_from(&sums[..]) {
            Ok(sums) => dense.stage.finish_sixteen(first, sums, output),
            Err(_) => dense.stage.finish(first, sums[0], output),
        }
    }
}

/// The sums of four filters and `N` pixels, with their biases.
#[inline]
#[target_feature(enable = "neon")]
fn four<P: Product, const N: usize>(dense: &Dense, first: usize, start: usize) -> [int32x4_t; N] {
    let rows = dense.rows::<N>(start);
    let (filters, step) = dense.filters(first, FILTERS);
    let mut acc = [[vdupq_n_s32(0); FILTERS]; N];
    for piece in 0..dense.pieces() {
        // SAFETY: each row has `pieces` times the 16 bytes that a load reads, and so has each filter, `step` bytes apart;
        // those of four filters follow one another. Every 64-bit Arm processor supports the instructions.
        unsafe {
            let filters = filters.add(piece * step);
            let weights: [int8x16_t; FILTERS] =
                core::array::from_fn(|filter| vld1q_s8(filters.add(filter * PIECE)));
            for (acc, row) in acc.iter_mut().zip(rows) {
                let values = vld1q_s8(row.add(piece * PIECE));
                for (acc, weights) in acc.iter_mut().zip(weights) {
                    *acc = P::add(*acc, values, weights);
                }
            }
        }
    }
    let bias = dense.stage.bias(first);
    acc.map(|[a, b, c, d]| vaddq_s32(vpaddq_s32(vpaddq_s32(a, b), vpaddq_s32(c, d)), bias))
}
