//! The output stage for four sums: [`crate::OutputStage::apply`] in the lanes of a register.

use core::arch::aarch64::*;

use super::{LANES, Scales};
use crate::Element;

impl Scales {
    /// Writes the outputs of the channels of `block`, as many as fit `output`.
    #[inline]
    #[target_feature(enable = "neon")]
    pub fn finish<O: Element>(&self, block: usize, sums: int32x4_t, output: &mut [O]) {
        let acc = vaddq_s32(sums, load(&self.bias[block]));
        let below = vcltzq_s32(acc);
        let multiplier = vbslq_s32(below, load(&self.negative[block]), load(&self.multiplier[block]));
        // The rounded high half of the doubled product: `requantize` in one instruction.
        let scaled = vqrdmulhq_s32(vshlq_s32(acc, load(&self.shift[block])), multiplier);
        let moved = vaddq_s32(scaled, vdupq_n_s32(self.zero_point));
        let clamped = vminq_s32(vmaxq_s32(moved, vdupq_n_s32(self.min)), vdupq_n_s32(self.max));
        let mut lanes = [0; LANES];
        // SAFETY: the array has the four words that the store writes.
        unsafe { vst1q_s32(lanes.as_mut_ptr(), clamped) };
        for (out, lane) in output.iter_mut().zip(lanes) {
            *out = O::narrow(lane);
        }
    }
}

#[inline]
#[target_feature(enable = "neon")]
fn load(lanes: &[i32; LANES]) -> int32x4_t {
    // SAFETY: the array has the four words that the load reads.
    unsafe { vld1q_s32(lanes.as_ptr()) }
}
