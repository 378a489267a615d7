//! Dense convolution with the dot product instruction.
//!
//! `sdot` by element multiplies four bytes of a pixel with four bytes of each of four filters, and adds the products to the
//! four lanes of a sum, one lane a filter. So sums need no addition across lanes at the end. `ld4` brings the pieces of four
//! filters into this order when it loads them: its first register has the first four bytes of each filter.

use core::arch::aarch64::*;
use core::arch::asm;

use super::LANES;
use super::dense::Dense;
use crate::Element;
use crate::weights::{FILTERS, PIECE};

/// Pixels computed together: 16 sums, four registers of filters and a piece of each pixel in 32 registers.
const TILE: usize = 4;

/// Computes all outputs.
#[target_feature(enable = "neon,dotprod")]
pub fn products<O: Element>(dense: &Dense, output: &mut [O]) {
    dense.sixteens().for_each(|first| block::<O, 4>(dense, first, output));
    dense.fours().for_each(|first| block::<O, 1>(dense, first, output));
}

/// Computes the outputs of `G` times four filters from `first` on.
#[target_feature(enable = "neon,dotprod")]
fn block<O: Element, const G: usize>(dense: &Dense, first: usize, output: &mut [O]) {
    match dense.tiles::<TILE>() {
        Some(tiles) => tiles.for_each(|start| tile::<O, G, TILE>(dense, first, start, output)),
        None => {
            (0..dense.conv.output.pixels()).for_each(|pixel| tile::<O, G, 1>(dense, first, pixel, output));
        }
    }
}

/// Computes the outputs of `G` times four filters and `N` pixels.
#[inline]
#[target_feature(enable = "neon,dotprod")]
fn tile<O: Element, const G: usize, const N: usize>(
    dense: &Dense,
    first: usize,
    start: usize,
    output: &mut [O],
) {
    let rows = dense.rows::<N>(start);
    let (filters, step) = dense.filters(first, G * FILTERS);
    let bias: [int32x4_t; G] = core::array::from_fn(|group| dense.stage.bias(first + group * LANES));
    let mut acc = [bias; N];
    for piece in 0..dense.pieces() {
        // SAFETY: each row has `pieces` times the 16 bytes that a load reads, and so has each filter, `step` bytes apart;
        // those of four filters follow one another. The processor supports the instructions of this function.
        unsafe {
            let values: [int8x16_t; N] =
                core::array::from_fn(|pixel| vld1q_s8(rows[pixel].add(piece * PIECE)));
            for group in 0..G {
                let filters = filters.add(piece * step + group * FILTERS * PIECE);
                let int32x4x4_t(a, b, c, d) = vld4q_s32(filters.cast());
                for (acc, values) in acc.iter_mut().zip(values) {
                    let sums = dot::<1>(dot::<0>(acc[group], a, values), b, values);
                    acc[group] = dot::<3>(dot::<2>(sums, c, values), d, values);
                }
            }
        }
    }
    for (pixel, sums) in acc.into_iter().enumerate() {
        let output = dense.outputs(start + pixel, first, G * LANES, output);
        match <[int32x4_t; 4]>::try_from(&sums[..]) {
            Ok(sums) => dense.stage.finish_sixteen(first, sums, output),
            Err(_) => dense.stage.finish(first, sums[0], output),
        }
    }
}

/// Adds to each lane the products of the four bytes of that lane of `filters` with the four bytes of lane `LANE` of `values`.
///
/// # Safety
/// The processor has the dot product instruction.
#[inline(always)]
unsafe fn dot<const LANE: i32>(mut acc: int32x4_t, filters: int32x4_t, values: int8x16_t) -> int32x4_t {
    // SAFETY: the instruction accesses only registers, and the caller knows that the processor supports it. The
    // intrinsic `vdotq_laneq_s32` is not stable yet.
    unsafe {
        asm!(".arch_extension dotprod", "sdot {acc:v}.4s, {a:v}.16b, {b:v}.4b[{lane}]", acc = inout(vreg) acc,
            a = in(vreg) filters, b = in(vreg) values, lane = const LANE, options(pure, nomem, nostack, preserves_flags));
    }
    acc
}

/// As [`dot`], where lane by lane is multiplied.
///
/// # Safety
/// As [`dot`].
#[inline(always)]
pub unsafe fn dot_lanes(mut acc: int32x4_t, a: int8x16_t, b: int8x16_t) -> int32x4_t {
    // SAFETY: as in `dot`.
    unsafe {
        asm!(".arch_extension dotprod", "sdot {acc:v}.4s, {a:v}.16b, {b:v}.16b", acc = inout(vreg) acc, a = in(vreg) a,
            b = in(vreg) b, options(pure, nomem, nostack, preserves_flags));
    }
    acc
}
