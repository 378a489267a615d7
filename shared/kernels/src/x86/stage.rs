//! The output stage for sixteen sums: [`crate::OutputStage::apply`] in the lanes of a register.

use super::{LANES, Scales};
use crate::Element;
use core::arch::x86_64::*;

impl Scales {
    /// Writes the outputs of the channels of `block`, as many as fit `output`.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    pub fn finish<O: Element>(&self, block: usize, sums: __m512i, output: &mut [O]) {
        let acc = _mm512_add_epi32(sums, load(&self.bias[block]));
        let below = negative_lanes(acc);
        let multiplier =
            _mm512_mask_blend_epi32(below, load(&self.multiplier[block]), load(&self.negative[block]));
        let shifted = _mm512_sllv_epi32(acc, load(&self.shift[block]));
        // The products of even and odd lanes have 64 bits; the result is bits 31 to 62.
        let round = _mm512_set1_epi64(1 << 30);
        let odd = |lanes| _mm512_srli_epi64::<32>(lanes);
        let of_even = _mm512_add_epi64(_mm512_mul_epi32(shifted, multiplier), round);
        let of_odd = _mm512_add_epi64(_mm512_mul_epi32(odd(shifted), odd(multiplier)), round);
        let scaled =
            _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64::<31>(of_even), _mm512_slli_epi64::<1>(of_odd));
        let moved = _mm512_add_epi32(scaled, _mm512_set1_epi32(self.zero_point));
        let clamped = _mm512_min_epi32(
            _mm512_max_epi32(moved, _mm512_set1_epi32(self.min)),
            _mm512_set1_epi32(self.max),
        );
        write(clamped, output);
    }
}

/// A mask with a bit for each negative lane.
#[inline]
#[target_feature(enable = "avx512f")]
fn negative_lanes(values: __m512i) -> __mmask16 {
    _mm512_cmplt_epi32_mask(values, _mm512_setzero_si512())
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(lanes: &[i32; LANES]) -> __m512i {
    // SAFETY: the array has the 64 bytes that the load reads.
    unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) }
}

/// Writes the first lanes, narrowed, to all of `output`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn write<O: Element>(values: __m512i, output: &mut [O]) {
    let count = output.len().min(LANES);
    if let Some(bytes) = O::bytes_mut(output) {
        let mask = ((1u32 << count) - 1) as u16;
        // SAFETY: the mask lets the store write just the bytes that the slice has.
        unsafe { _mm_mask_storeu_epi8(bytes.as_mut_ptr(), mask, _mm512_cvtepi32_epi8(values)) };
        return;
    }
    let mut lanes = [0; LANES];
    // SAFETY: the array has the 64 bytes that the store writes.
    unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), values) };
    for (out, lane) in output.iter_mut().zip(lanes) {
        *out = O::narrow(lane);
    }
}
