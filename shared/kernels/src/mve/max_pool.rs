//! Maximum over a window: the pixels of a window are compared as whole rows of channels.

use core::arch::global_asm;

use crate::Pooling;

unsafe extern "C" {
    /// Raises each of `len` values at `to` to the one at `from`.
    fn mve_raise(to: *mut i8, from: *const i8, len: usize);
}

/// See [`crate::max_pool`].
pub fn max_pool(pool: &Pooling, input: &[i8], output: &mut [i8]) {
    let channels = pool.output.channels;
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
