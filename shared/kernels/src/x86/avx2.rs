//! Dense convolution as a matrix product with AVX2, for processors without VNNI.
//!
//! `vpmaddwd` adds the products of two pairs of 16-bit values. So a piece of a filter and a piece of a pixel,
//! in the layout of [`crate::weights`], are widened and multiplied in one register. The accumulators of four
//! filters and [`TILE`] pixels stay in registers in the loop over the pieces; their lanes are added at the
//! end.

use core::arch::x86_64::*;
use core::cell::RefCell;
use std::vec::Vec;

use crate::lanes::{self, Scales};
use crate::weights::{FILTERS, PIECE, row_len};
use crate::{Convolution, Element};

/// Pixels computed together.
const TILE: usize = 2;

std::thread_local! {
    static SCRATCH: RefCell<Scratch> =
        const { RefCell::new(Scratch { rows: Vec::new(), scales: Scales::new() }) };
}

/// Buffers that are reused between calls.
struct Scratch {
    /// Receptive field of every output pixel, in whole pieces.
    rows: Vec<u8>,
    scales: Scales<FILTERS>,
}

/// See [`crate::conv2d`].
#[target_feature(enable = "avx2")]
pub fn conv2d<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    let (pixels, channels) = (conv.output.pixels(), conv.output.channels);
    SCRATCH.with_borrow_mut(|Scratch { rows, scales }| {
        let pitch = lanes::im2row(conv, input, 0, rows);
        scales.set(&conv.stage, |_| 0);
        for block in 0..channels.div_ceil(FILTERS) {
            let tile = Tile { conv, rows, pitch, scales, block };
            for start in (0..pixels).step_by(TILE) {
                // The last tile is moved back, so that it ends at the last pixel.
                if pixels >= TILE {
                    tile.run::<O, TILE>(start.min(pixels - TILE), output);
                } else {
                    tile.run::<O, 1>(start, output);
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
    scales: &'a Scales<FILTERS>,
    block: usize,
}

impl Tile<'_> {
    /// Computes the outputs of `P` pixels from `start` on.
    #[target_feature(enable = "avx2")]
    fn run<O: Element, const P: usize>(&self, start: usize, output: &mut [O]) {
        let channels = self.conv.output.channels;
        let rows: [&[u8]; P] = core::array::from_fn(|p| &self.rows[(start + p) * self.pitch..][..self.pitch]);
        let mut acc = [[_mm256_setzero_si256(); FILTERS]; P];
        let pieces = self.conv.weights.chunks_exact(row_len(channels));
        for (piece, filters) in pieces.take(self.pitch / PIECE).enumerate() {
            let filters: &[u8] =
                bytemuck::cast_slice(&filters[self.block * FILTERS * PIECE..][..FILTERS * PIECE]);
            let mut values = [_mm256_setzero_si256(); P];
            for (values, row) in values.iter_mut().zip(rows) {
                *values = widen(&row[piece * PIECE..]);
            }
            for (filter, weights) in filters.chunks_exact(PIECE).enumerate() {
                let weights = widen(weights);
                for (acc, values) in acc.iter_mut().zip(values) {
                    acc[filter] = _mm256_add_epi32(acc[filter], _mm256_madd_epi16(values, weights));
                }
            }
        }
        let wide = FILTERS.min(channels - self.block * FILTERS);
        for (p, acc) in acc.into_iter().enumerate() {
            let first = (start + p) * channels + self.block * FILTERS;
            finish(self.scales, self.block, sums(acc), &mut output[first..first + wide]);
        }
    }
}

/// The first sixteen bytes, sign-extended to 16 bits.
#[inline]
#[target_feature(enable = "avx2")]
fn widen(bytes: &[u8]) -> __m256i {
    let bytes = &bytes[..PIECE];
    // SAFETY: the slice has the sixteen bytes that the load reads.
    _mm256_cvtepi8_epi16(unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) })
}

/// Adds the lanes of each filter.
#[inline]
#[target_feature(enable = "avx2")]
fn sums([a, b, c, d]: [__m256i; FILTERS]) -> __m128i {
    let halves = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
    _mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256::<1>(halves))
}

/// Writes the outputs of the channels of `block`: [`crate::OutputStage::apply`] in four lanes.
#[inline]
#[target_feature(enable = "avx2")]
pub fn finish<O: Element>(scales: &Scales<FILTERS>, block: usize, sums: __m128i, output: &mut [O]) {
    let acc = _mm_add_epi32(sums, load(&scales.bias[block]));
    let below = _mm_cmplt_epi32(acc, _mm_setzero_si128());
    let multiplier = _mm_blendv_epi8(load(&scales.multiplier[block]), load(&scales.negative[block]), below);
    let shifted = _mm_sllv_epi32(acc, load(&scales.shift[block]));
    // The products of even and odd lanes are 64 bits wide; bits 31 to 62 are wanted.
    let round = _mm_set1_epi64x(1 << 30);
    let odd = |lanes| _mm_srli_epi64::<32>(lanes);
    let of_even = _mm_add_epi64(_mm_mul_epi32(shifted, multiplier), round);
    let of_odd = _mm_add_epi64(_mm_mul_epi32(odd(shifted), odd(multiplier)), round);
    let scaled = _mm_blend_epi32::<0b1010>(_mm_srli_epi64::<31>(of_even), _mm_slli_epi64::<1>(of_odd));
    let moved = _mm_add_epi32(scaled, _mm_set1_epi32(scales.zero_point));
    let clamped = _mm_min_epi32(_mm_max_epi32(moved, _mm_set1_epi32(scales.min)), _mm_set1_epi32(scales.max));
    let mut lanes = [0; FILTERS];
    // SAFETY: the array has the sixteen bytes that the store writes.
    unsafe { _mm_storeu_si128(lanes.as_mut_ptr().cast(), clamped) };
    for (out, lane) in output.iter_mut().zip(lanes) {
        *out = O::narrow(lane);
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(lanes: &[i32; FILTERS]) -> __m128i {
    // SAFETY: the array has the sixteen bytes that the load reads.
    unsafe { _mm_loadu_si128(lanes.as_ptr().cast()) }
}
