//! The output stage for four sums: [`crate::OutputStage::apply`] in the lanes of a register.

use core::arch::aarch64::*;

use super::{LANES, Scales};
use crate::Element;

impl Scales {
    /// Writes the outputs of the channels from `first` on, as many as fit `output`, which is four at most.
    #[inline]
    #[target_feature(enable = "neon")]
    pub fn finish<O: Element>(&self, first: usize, sums: int32x4_t, output: &mut [O]) {
        let clamped = self.scaled(first, sums);
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
            let part = |part: usize| vmovn_s32(self.scaled(first + part * LANES, sums[part]));
            let low = vmovn_s16(vcombine_s16(part(0), part(1)));
            let high = vmovn_s16(vcombine_s16(part(2), part(3)));
            // SAFETY: the slice has the sixteen bytes that the store writes.
            unsafe { vst1q_s8(bytes.as_mut_ptr(), vcombine_s8(low, high)) };
            return;
        }
        for (part, (sums, out)) in sums.into_iter().zip(output.chunks_exact_mut(LANES)).enumerate() {
            self.finish(first + part * LANES, sums, out);
        }
    }

    /// The outputs of four channels, clamped to the range of their type.
    #[inline]
    #[target_feature(enable = "neon")]
    fn scaled(&self, first: usize, sums: int32x4_t) -> int32x4_t {
        let acc = vaddq_s32(sums, load(&self.bias, first));
        let below = vcltzq_s32(acc);
        let multiplier = vbslq_s32(below, load(&self.negative, first), load(&self.multiplier, first));
        // The rounded high half of the doubled product: `requantize` in one instruction.
        let scaled = vqrdmulhq_s32(vshlq_s32(acc, load(&self.shift, first)), multiplier);
        let moved = vaddq_s32(scaled, vdupq_n_s32(self.zero_point));
        vminq_s32(vmaxq_s32(moved, vdupq_n_s32(self.min)), vdupq_n_s32(self.max))
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
