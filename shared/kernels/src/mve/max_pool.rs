//! Maximum over a window: the pixels of a window are compared over all channels at once.
//!
//! Adjacent 2x2 windows have their own loop, with sixteen channels per iteration.

use core::arch::global_asm;

use crate::Pooling;

/// Channels per register.
const LANES: usize = 16;

/// Arguments of the assembly function for a row of 2x2 windows.
#[repr(C)]
struct Job {
    top: *const i8,
    bottom: *const i8,
    output: *mut i8,
    /// At least one.
    pixels: usize,
    channels: usize,
    /// Channels in sixteens, at least one.
    blocks: usize,
}

unsafe extern "C" {
    fn mve_halve(job: &Job);
    /// Sets each of `len` values at `to` to the maximum of itself and the value at `from`.
    fn mve_raise(to: *mut i8, from: *const i8, len: usize);
}

/// See [`crate::max_pool`].
pub fn max_pool(pool: &Pooling, input: &[i8], output: &mut [i8]) {
    let channels = pool.output.channels;
    if pool.is_half(LANES) {
        return pool.each_half(input, output, |[top, bottom], out| {
            let job = Job {
                top: top.as_ptr(),
                bottom: bottom.as_ptr(),
                output: out.as_mut_ptr(),
                pixels: out.len() / channels,
                channels,
                blocks: channels / LANES,
            };
            assert!(!out.is_empty() && top.len() == 2 * out.len() && bottom.len() == 2 * out.len());
            // SAFETY: the row has `pixels` outputs of whole blocks, and both input rows have two pixels for
            // each, as just asserted.
            unsafe { mve_halve(&job) }
        });
    }
    for (at, out) in output.chunks_exact_mut(channels).enumerate() {
        let (y, x) = (at / pool.output.width, at % pool.output.width);
        out.fill(i8::MIN);
        for ky in 0..pool.window.kernel[0] {
            for kx in 0..pool.window.kernel[1] {
                let row = pool.window.source(0, y, ky, pool.input.height);
                let column = pool.window.source(1, x, kx, pool.input.width);
                let (Some(row), Some(column)) = (row, column) else { continue };
                let start = (row * pool.input.width + column) * channels;
                let pixel = &input[start..start + channels];
                // SAFETY: both slices have `channels` values.
                unsafe { mve_raise(out.as_mut_ptr(), pixel.as_ptr(), pixel.len()) }
            }
        }
    }
}

global_asm!(
    ".cpu cortex-m55",
    ".section .text.mve_raise, \"ax\"",
    ".balign 4",
    ".global mve_raise",
    ".type mve_raise, %function",
    ".thumb_func",
    "mve_raise:",
    "    push {{r7, lr}}",
    "    wlstp.8 lr, r2, 3f",
    "2:",
    "    vldrb.u8 q0, [r0]",
    "    vldrb.u8 q1, [r1], #16",
    "    vmax.s8 q0, q0, q1",
    "    vstrb.8 q0, [r0], #16",
    "    letp lr, 2b",
    "3:",
    "    pop {{r7, pc}}",
    ".size mve_raise, . - mve_raise",
);

global_asm!(
    ".cpu cortex-m55",
    ".section .text.mve_halve, \"ax\"",
    ".balign 4",
    ".global mve_halve",
    ".type mve_halve, %function",
    ".thumb_func",
    "mve_halve:",
    "    push {{r4-r7, lr}}",
    "    ldm.w r0, {{r0-r5}}",
    "2:",
    "    adds r6, r0, r4",
    "    adds r7, r1, r4",
    "    dls lr, r5",
    "3:",
    "    vldrb.u8 q0, [r0], #16",
    "    vldrb.u8 q1, [r6], #16",
    "    vldrb.u8 q2, [r1], #16",
    "    vldrb.u8 q3, [r7], #16",
    "    vmax.s8 q0, q0, q1",
    "    vmax.s8 q2, q2, q3",
    "    vmax.s8 q0, q0, q2",
    "    vstrb.8 q0, [r2], #16",
    "    le lr, 3b",
    "    mov r0, r6",
    "    mov r1, r7",
    "    subs r3, #1",
    "    bne 2b",
    "    pop {{r4-r7, pc}}",
    ".size mve_halve, . - mve_halve",
);
