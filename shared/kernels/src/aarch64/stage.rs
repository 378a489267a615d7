//! The output stage in the lanes of registers: [`crate::OutputStage::apply`].
//!
//! A stage leaves out what none of its channels needs: the second multiplier where there is no PReLU, and left shifts where
//! all are 0. Sums begin with the bias, so it is not added here.

use core::arch::aarch64::*;

use super::LANES;
use crate::lanes::Scales;
use crate::{Element, OutputStage};

/// The scales of all channels, and what is done with them.
pub struct Stage {
    scales: Scales<LANES>,
    has_slopes: bool,
    has_shifts: bool,
}

impl Stage {
    /// No scales.
    pub const fn new() -> Self {
        Self { scales: Scales::new(), has_slopes: false, has_shifts: false }
    }

    /// Copies the scales of `stage`.
    pub fn set(&mut self, stage: &OutputStage) {
        self.scales.set(stage, |_| 0);
        self.has_slopes = stage.prelu;
        self.has_shifts = stage.scales.iter().any(|scale| scale.shift != 0);
    }

    /// The biases of the four channels from `first` on.
    #[inline]
    #[target_feature(enable = "neon")]
    pub fn bias(&self, first: usize) -> int32x4_t {
        load(&self.scales.bias, first)
    }

    /// Writes the outputs of the channels from `first` on, as many as fit `output`, which is four at most.
    #[inline]
    #[target_feature(enable = "neon")]
    pub fn finish<O: Element>(&self, first: usize, sums: int32x4_t, output: &mut [O]) {
        let scaled = match (self.has_slopes, self.has_shifts) {
            (false, false) => self.scaled::<false, false>(first, sums),
            _ => self.scaled::<true, true>(first, sums),
        };
        let moved = vaddq_s32(scaled, vdupq_n_s32(self.scales.zero_point));
        let clamped = vminq_s32(vmaxq_s32(moved, vdupq_n_s32(self.scales.min)), vdupq_n_s32(self.scales.max));
        if output.len() == LANES
            && let Some(bytes) = O::bytes_mut(output)
        {
            let halves = vmovn_s32(clamped);
            let narrow = vreinterpret_s32_s8(vmovn_s16(vcombine_s16(halves, halves)));
            bytes.copy_from_slice(bytemuck::cast_slice(&vget_lane_s32::<0>(narrow).to_le_bytes()));
            return;
        }
        let mut lanes = [0; LANES];
        // SAFETY: the array has the four words that the store writes.
        unsafe { vst1q_s32(lanes.as_mut_ptr(), clamped) };
        for (out, lane) in output.iter_mut().zip(lanes) {
            *out = O::narrow(lane);
        }
    }

    /// Writes the outputs of sixteen channels from `first` on; `output` has sixteen values.
    #[inline]
    #[target_feature(enable = "neon")]
    pub fn finish_sixteen<O: Element>(&self, first: usize, sums: [int32x4_t; 4], output: &mut [O]) {
        let output = &mut output[..4 * LANES];
        if let Some(bytes) = O::bytes_mut(output) {
            let narrow = match (self.has_slopes, self.has_shifts) {
                (false, false) => self.sixteen::<false, false>(first, sums),
                (true, false) => self.sixteen::<true, false>(first, sums),
                (false, true) => self.sixteen::<false, true>(first, sums),
                (true, true) => self.sixteen::<true, true>(first, sums),
            };
            // SAFETY: the slice has the sixteen bytes that the store writes.
            unsafe { vst1q_s8(bytes.as_mut_ptr(), narrow) };
            return;
        }
        for (part, (sums, out)) in sums.into_iter().zip(output.chunks_exact_mut(LANES)).enumerate() {
            self.finish(first + part * LANES, sums, out);
        }
    }

    /// The outputs of sixteen channels. Both narrowings saturate, and so does the sum with the zero point between them: what
    /// does not fit 16 bits is beyond 8 bits with any zero point, on the same side.
    #[inline]
    #[target_feature(enable = "neon")]
    fn sixteen<const SLOPES: bool, const SHIFTS: bool>(
        &self,
        first: usize,
        [a, b, c, d]: [int32x4_t; 4],
    ) -> int8x16_t {
        let Scales { zero_point, min, max, .. } = self.scales;
        let part = |part: usize, sums| self.scaled::<SLOPES, SHIFTS>(first + part * LANES, sums);
        let zero = vdupq_n_s16(zero_point as i16);
        let low = vqaddq_s16(vqmovn_high_s32(vqmovn_s32(part(0, a)), part(1, b)), zero);
        let high = vqaddq_s16(vqmovn_high_s32(vqmovn_s32(part(2, c)), part(3, d)), zero);
        let bytes = vqmovn_high_s16(vqmovn_s16(low), high);
        vminq_s8(vmaxq_s8(bytes, vdupq_n_s8(min as i8)), vdupq_n_s8(max as i8))
    }

    /// The scaled sums of four channels.
    #[inline]
    #[target_feature(enable = "neon")]
    fn scaled<const SLOPES: bool, const SHIFTS: bool>(&self, first: usize, acc: int32x4_t) -> int32x4_t {
        let mut multiplier = load(&self.scales.multiplier, first);
        if SLOPES {
            multiplier = vbslq_s32(vcltzq_s32(acc), load(&self.scales.negative, first), multiplier);
        }
        let shifted = if SHIFTS { vshlq_s32(acc, load(&self.scales.shift, first)) } else { acc };
        // The rounded high half of the doubled product: `requantize` in one instruction.
        vqrdmulhq_s32(shifted, multiplier)
    }
}

/// Four values from `first` on.
#[inline]
#[target_feature(enable = "neon")]
fn load(blocks: &[[i32; LANES]], first: usize) -> int32x4_t {
    let lanes = &blocks.as_flattened()[first..first + LANES];
    // SAFETY: the slice has the four words that the load reads.
    unsafe { vld1q_s32(lanes.as_ptr()) }
}
