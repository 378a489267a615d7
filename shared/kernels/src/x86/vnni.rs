//! Dense convolution as a matrix product with AVX-512 VNNI.
//!
//! `vpdpbusd` adds four products to each 32-bit lane. A register holds one piece of four filters in the
//! layout of [`crate::weights`], so weights need no packing; the piece of a pixel is broadcast four times.
//! The accumulators of sixteen filters and [`TILE`] pixels stay in registers in the loop over the pieces; the
//! four lanes of each filter are added at the end.
//!
//! The instruction multiplies unsigned by signed bytes. So pixels are offset by 128, and 128 times the sum of
//! a filter's weights is subtracted from its bias. This is exact in integers, so the bytes equal those of
//! `generic`.

use core::arch::x86_64::*;
use core::cell::RefCell;
use std::vec::Vec;

use super::{LANES, Scales};
use crate::weights::{FILTERS, PIECE, row_len};
use crate::{Convolution, Element, lanes};

/// Pixels computed together.
const TILE: usize = 6;
/// Registers of filters computed together.
const QUADS: usize = LANES / FILTERS;
/// Bytes of a register.
const BYTES: usize = FILTERS * PIECE;

std::thread_local! {
    static SCRATCH: RefCell<Scratch> =
        const { RefCell::new(Scratch { rows: Vec::new(), offset: Vec::new(), scales: Scales::new() }) };
}

/// Buffers that are reused between calls.
struct Scratch {
    /// Receptive field of every output pixel, offset by 128, in whole pieces.
    rows: Vec<u8>,
    /// 128 times the sum of each filter's weights.
    offset: Vec<i32>,
    scales: Scales,
}

/// See [`crate::conv2d`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
pub fn conv2d<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    let (pixels, channels) = (conv.output.pixels(), conv.output.channels);
    SCRATCH.with_borrow_mut(|scratch| {
        let Scratch { rows, offset, scales } = scratch;
        let pitch = im2row(conv, input, rows);
        offsets(conv, offset);
        scales.set(&conv.stage, |channel| offset[channel]);
        for block in 0..channels.div_ceil(LANES) {
            let quads = (channels - block * LANES).min(LANES).div_ceil(FILTERS);
            let tile = Tile { conv, rows, pitch, scales, block };
            let mut pixel = 0;
            while pixel < pixels {
                // The last tile is moved back, so that it ends at the last pixel and no shorter tile is
                // needed.
                let wide = pixels >= TILE;
                let start = if wide { pixel.min(pixels - TILE) } else { pixel };
                match (wide, quads) {
                    (true, QUADS) => tile.run::<O, TILE, QUADS>(start, output),
                    (true, _) => tile.run_narrow::<O, TILE>(quads, start, output),
                    (false, QUADS) => tile.run::<O, 1, QUADS>(start, output),
                    (false, _) => tile.run_narrow::<O, 1>(quads, start, output),
                }
                pixel += if wide { TILE } else { 1 };
            }
        }
    });
}

/// A block of sixteen filters, applied to tiles of pixels.
struct Tile<'a> {
    conv: &'a Convolution<'a>,
    rows: &'a [u8],
    /// Bytes from the row of one pixel to the next.
    pitch: usize,
    scales: &'a Scales,
    block: usize,
}

impl Tile<'_> {
    /// As [`run`](Self::run), for the last block of filters.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
    fn run_narrow<O: Element, const P: usize>(&self, quads: usize, start: usize, output: &mut [O]) {
        match quads {
            1 => self.run::<O, P, 1>(start, output),
            2 => self.run::<O, P, 2>(start, output),
            _ => self.run::<O, P, 3>(start, output),
        }
    }

    /// Computes the outputs of `P` pixels from `start` on, for `Q` registers of filters.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
    fn run<O: Element, const P: usize, const Q: usize>(&self, start: usize, output: &mut [O]) {
        let channels = self.conv.output.channels;
        let rows: [&[u8]; P] = core::array::from_fn(|p| &self.rows[(start + p) * self.pitch..][..self.pitch]);
        let mut acc = [[_mm512_setzero_si512(); QUADS]; P];
        let pieces = self.conv.weights.chunks_exact(row_len(channels));
        for (piece, filters) in pieces.take(self.pitch / PIECE).enumerate() {
            let filters = &filters[self.block * QUADS * BYTES..][..Q * BYTES];
            let mut weights = [_mm512_setzero_si512(); Q];
            for (weights, bytes) in weights.iter_mut().zip(filters.chunks_exact(BYTES)) {
                // SAFETY: `chunks_exact` gives the 64 bytes that the load reads.
                *weights = unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) };
            }
            for (acc, row) in acc.iter_mut().zip(rows) {
                let values = &row[piece * PIECE..][..PIECE];
                // SAFETY: the slice has the 16 bytes that the load reads.
                let values = unsafe { _mm_loadu_si128(values.as_ptr().cast()) };
                let values = _mm512_broadcast_i32x4(values);
                for (acc, weights) in acc.iter_mut().zip(weights) {
                    *acc = _mm512_dpbusd_epi32(*acc, values, weights);
                }
            }
        }
        let wide = LANES.min(channels - self.block * LANES);
        for (p, acc) in acc.into_iter().enumerate() {
            let first = (start + p) * channels + self.block * LANES;
            self.scales.finish(self.block, sums(acc), &mut output[first..first + wide]);
        }
    }
}

/// Adds the four lanes of each filter: those of filter `4 q + i` are in part `i` of register `q`.
#[inline]
#[target_feature(enable = "avx512f")]
fn sums([a, b, c, d]: [__m512i; QUADS]) -> __m512i {
    let halves = |a, b| _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    let (ab, cd) = (halves(a, b), halves(c, d));
    let all = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
    // Part i now holds filters i, 4 + i, 8 + i and 12 + i.
    let order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    _mm512_permutexvar_epi32(order, all)
}

/// 128 times the sum of each filter's weights.
fn offsets(conv: &Convolution, offset: &mut Vec<i32>) {
    let channels = conv.output.channels;
    offset.clear();
    offset.resize(channels, 0);
    for filters in conv.weights.chunks_exact(row_len(channels)) {
        for (offset, filter) in offset.iter_mut().zip(filters.chunks_exact(PIECE)) {
            *offset += 128 * filter.iter().map(|&w| i32::from(w)).sum::<i32>();
        }
    }
}

/// Copies the receptive field of every output pixel, offset by 128, and returns the length of a row in bytes.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn im2row(conv: &Convolution, input: &[i8], rows: &mut Vec<u8>) -> usize {
    lanes::im2row(conv, input, 0x80, rows)
}
