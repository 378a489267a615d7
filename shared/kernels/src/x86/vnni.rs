//! Dense convolution as a matrix product with AVX-512 VNNI.
//!
//! `vpdpbusd` multiplies unsigned by signed bytes, so pixels are offset by 128 and the sum of the
//! weights, times 128, is taken off again: integers, hence the same bytes as `generic`. Weights are
//! repacked at every call to `[block of 16 outputs][group of 4 inputs][16][4]`, which costs far less
//! than the product unless there are few pixels; then they are multiplied as they lie.

use core::arch::x86_64::*;
use core::cell::RefCell;
use std::vec::Vec;

use crate::weights::{FILTERS, PIECE, row_len};
use crate::{Convolution, Element};

/// Outputs computed together: the 32-bit lanes of a register.
const LANES: usize = 16;
/// Pixels computed together, each with one accumulator.
const TILE: usize = 6;

std::thread_local! {
    static SCRATCH: RefCell<Scratch> = const { RefCell::new(Scratch::new()) };
}

/// Buffers kept from call to call.
struct Scratch {
    packed: Vec<i32>,
    offset: Vec<i32>,
    rows: Vec<i32>,
}

impl Scratch {
    const fn new() -> Self {
        Self { packed: Vec::new(), offset: Vec::new(), rows: Vec::new() }
    }
}

/// See [`crate::conv2d`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
pub fn conv2d<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    let depth = conv.window.kernel[0] * conv.window.kernel[1] * conv.input.channels;
    let (pixels, channels) = (conv.output.pixels(), conv.output.channels);
    SCRATCH.with_borrow_mut(|scratch| {
        let Scratch { packed, offset, rows } = scratch;
        let groups = depth.div_ceil(4);
        im2row(conv, input, groups, rows);
        if pixels < TILE {
            return few_pixels(conv, groups, rows, output);
        }
        pack(conv.weights, groups, channels, packed, offset);
        for block in 0..channels.div_ceil(LANES) {
            let weights = &packed[block * groups * LANES..][..groups * LANES];
            let offset = &offset[block * LANES..][..LANES];
            let mut pixel = 0;
            while pixel < pixels {
                // The last tile is moved back to end at the last pixel: no shorter tile is needed.
                let start = pixel.min(pixels - TILE);
                let acc = tile(&rows[start * groups..][..TILE * groups], groups, weights, offset);
                for (p, acc) in acc.iter().enumerate() {
                    let first = (start + p) * channels + block * LANES;
                    let wide = LANES.min(channels - block * LANES);
                    for (lane, out) in output[first..first + wide].iter_mut().enumerate() {
                        *out = O::narrow(conv.stage.apply(block * LANES + lane, acc[lane]));
                    }
                }
                pixel += TILE;
            }
        }
    });
}

/// The products of [`TILE`] pixels with [`LANES`] filters.
#[target_feature(enable = "avx512f,avx512vnni")]
fn tile(rows: &[i32], groups: usize, weights: &[i32], offset: &[i32]) -> [[i32; LANES]; TILE] {
    debug_assert!(rows.len() >= TILE * groups && weights.len() >= groups * LANES);
    let mut acc = [_mm512_setzero_si512(); TILE];
    for (group, weights) in weights.chunks_exact(LANES).take(groups).enumerate() {
        // SAFETY: `chunks_exact` gives 16 values of 32 bits, which is what the load reads.
        let weights = unsafe { _mm512_loadu_si512(weights.as_ptr().cast()) };
        for (p, acc) in acc.iter_mut().enumerate() {
            let pixel = _mm512_set1_epi32(rows[p * groups + group]);
            *acc = _mm512_dpbusd_epi32(*acc, pixel, weights);
        }
    }
    let mut sums = [[0; LANES]; TILE];
    for (acc, sums) in acc.iter().zip(&mut sums) {
        // SAFETY: `sums` is an array of 16 values of 32 bits, which is what the store writes.
        unsafe { _mm512_storeu_si512(sums.as_mut_ptr().cast(), *acc) };
        for (sum, offset) in sums.iter_mut().zip(offset) {
            *sum -= offset;
        }
    }
    sums
}

/// The weights as they lie, four filters' pieces in a register, times each of a few pixels.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn few_pixels<O: Element>(conv: &Convolution, groups: usize, rows: &[i32], output: &mut [O]) {
    let channels = conv.output.channels;
    let all_offset = _mm512_set1_epi8(-128);
    for (pixel, row) in rows.chunks_exact(groups).enumerate().take(conv.output.pixels()) {
        let out = &mut output[pixel * channels..][..channels];
        for (four, out) in out.chunks_mut(FILTERS).enumerate() {
            let (mut acc, mut offset) = (_mm512_setzero_si512(), _mm512_setzero_si512());
            let pieces = conv.weights.chunks_exact(row_len(channels));
            for (values, filters) in row.chunks(PIECE / 4).zip(pieces) {
                let filters = &filters[four * FILTERS * PIECE..][..FILTERS * PIECE];
                let mask = ((1u32 << values.len()) - 1) as u8;
                // SAFETY: the slice has the 64 bytes that are read, and the mask lets the other
                // load read just the values that there are.
                let (filters, values) = unsafe {
                    (
                        _mm512_loadu_si512(filters.as_ptr().cast()),
                        _mm_maskz_loadu_epi32(mask, values.as_ptr()),
                    )
                };
                acc = _mm512_dpbusd_epi32(acc, _mm512_broadcast_i32x4(values), filters);
                offset = _mm512_dpbusd_epi32(offset, all_offset, filters);
            }
            let mut sums = [0i32; LANES];
            // SAFETY: `sums` is an array of 16 values of 32 bits, which is what the store writes.
            unsafe { _mm512_storeu_si512(sums.as_mut_ptr().cast(), _mm512_sub_epi32(acc, offset)) };
            for (lane, (out, sums)) in out.iter_mut().zip(sums.chunks_exact(PIECE / 4)).enumerate() {
                *out = O::narrow(conv.stage.apply(four * FILTERS + lane, sums.iter().sum()));
            }
        }
    }
}

/// Groups of four weights of 16 filters side by side, and 128 times the sum of each filter.
fn pack(weights: &[i8], groups: usize, channels: usize, packed: &mut Vec<i32>, offset: &mut Vec<i32>) {
    let blocks = channels.div_ceil(LANES);
    packed.clear();
    packed.resize(blocks * groups * LANES, 0);
    offset.clear();
    offset.resize(blocks * LANES, 0);
    for (piece, filters) in weights.chunks_exact(row_len(channels)).enumerate() {
        for (c, filter) in filters.chunks_exact(PIECE).enumerate().take(channels) {
            let to = &mut packed[c / LANES * groups * LANES..][..groups * LANES];
            let to = to.chunks_exact_mut(LANES).skip(piece * PIECE / 4);
            for (to, four) in to.zip(filter.chunks_exact(4)) {
                to[c % LANES] = i32::from_le_bytes(bytes(four, 0));
            }
            offset[c] += 128 * filter.iter().map(|&w| i32::from(w)).sum::<i32>();
        }
    }
}

/// What every output pixel sees, a row a pixel, offset by 128, in groups of four bytes.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn im2row(conv: &Convolution, input: &[i8], groups: usize, rows: &mut Vec<i32>) {
    rows.clear();
    rows.reserve(conv.output.pixels() * groups);
    let depth = conv.input.channels;
    if conv.window.is_point() {
        for pixel in input.chunks_exact(depth) {
            rows.extend(pixel.chunks(4).map(|four| i32::from_le_bytes(bytes(four, -128))));
        }
        return;
    }
    let mut patch = Vec::new();
    for at in 0..conv.output.pixels() {
        patch.clear();
        let (y, x) = (at / conv.output.width, at % conv.output.width);
        for ky in 0..conv.window.kernel[0] {
            let row = conv.window.source(0, y, ky, conv.input.height);
            for kx in 0..conv.window.kernel[1] {
                match (row, conv.window.source(1, x, kx, conv.input.width)) {
                    (Some(row), Some(column)) => {
                        let start = (row * conv.input.width + column) * depth;
                        patch.extend_from_slice(&input[start..start + depth]);
                    }
                    _ => patch.resize(patch.len() + depth, conv.input_zero),
                }
            }
        }
        rows.extend(patch.chunks(4).map(|four| i32::from_le_bytes(bytes(four, -128))));
    }
}

/// Up to four values as bytes, each with `offset` added modulo 256; missing ones are zero.
#[inline(always)]
fn bytes(values: &[i8], offset: i8) -> [u8; 4] {
    let mut four = [0; 4];
    for (byte, &value) in four.iter_mut().zip(values) {
        *byte = value.wrapping_add(offset) as u8;
    }
    four
}
