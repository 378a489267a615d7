//! Depthwise convolution with one output pixel that depends on the whole input: sums over columns.
//!
//! Input and weights have the same shape, and pixel and weight of a tap have the same position in them. So
//! sixteen channels are sixteen columns of both.

use core::arch::global_asm;

use crate::Convolution;
use crate::element::Outputs;

/// Channels per iteration.
const LANES: usize = 16;

/// Arguments of the assembly function.
#[repr(C)]
struct Job {
    pixels: *const i8,
    weights: *const i8,
    sums: *mut i32,
    taps: usize,
    channels: usize,
}

unsafe extern "C" {
    fn mve_columns(job: &Job);
}

/// Whether there is one output pixel that depends on the whole input, and the number of channels is a
/// multiple of sixteen.
pub fn is_column(conv: &Convolution) -> bool {
    conv.output.pixels() == 1
        && conv.window.kernel == [conv.input.height, conv.input.width]
        && conv.window.pad == [0, 0]
        && conv.input.channels.is_multiple_of(LANES)
}

/// Computes a convolution for which [`is_column`] holds.
pub fn column(conv: &Convolution, input: &[i8], mut output: Outputs) {
    let channels = conv.output.channels;
    assert!(input.len() >= conv.input.len() && conv.weights.len() >= conv.input.len());
    assert!(conv.input.channels == channels && channels.is_multiple_of(LANES));
    for first in (0..channels).step_by(LANES) {
        let mut sums = [0; LANES];
        let job = Job {
            pixels: input[first..].as_ptr(),
            weights: conv.weights[first..].as_ptr(),
            sums: sums.as_mut_ptr(),
            taps: conv.input.pixels(),
            channels,
        };
        // SAFETY: both tensors have `taps` rows of `channels` values, with at least sixteen from `first` on;
        // there are sixteen sums.
        unsafe { mve_columns(&job) }
        for (channel, sum) in (first..).zip(sums) {
            output.put(channel, conv.stage.apply(channel, sum));
        }
    }
}

// Four vectors of 32-bit sums; values are widened by the load.
global_asm!(
    ".cpu cortex-m55",
    ".section .text.mve_columns, \"ax\"",
    ".balign 4",
    ".global mve_columns",
    ".type mve_columns, %function",
    ".thumb_func",
    "mve_columns:",
    "    push {{r4, lr}}",
    "    vpush {{d8-d11}}",
    "    ldm.w r0, {{r0-r4}}",
    "    vmov.i32 q0, #0",
    "    vmov.i32 q1, #0",
    "    vmov.i32 q2, #0",
    "    vmov.i32 q3, #0",
    "    dls lr, r3",
    "2:",
    ".irp register, 0, 1, 2, 3",
    "    vldrb.s32 q4, [r0, #4 * \\register]",
    "    vldrb.s32 q5, [r1, #4 * \\register]",
    "    vmul.i32 q4, q4, q5",
    "    vadd.i32 q\\register, q\\register, q4",
    ".endr",
    "    add r0, r4",
    "    add r1, r4",
    "    le lr, 2b",
    "    vstrw.32 q0, [r2]",
    "    vstrw.32 q1, [r2, #16]",
    "    vstrw.32 q2, [r2, #32]",
    "    vstrw.32 q3, [r2, #48]",
    "    vpop {{d8-d11}}",
    "    pop {{r4, pc}}",
    ".size mve_columns, . - mve_columns",
);
