//! Maximum over adjacent 2x2 windows, four channels per iteration.
//!
//! `ssub8` compares four bytes and `sel` selects the greater of each. `generic` computes other windows.

use core::arch::global_asm;

use crate::{Pooling, generic};

/// Channels per register.
const LANES: usize = 4;

/// Arguments of the assembly function for a row of windows.
#[repr(C)]
struct Job {
    top: *const i8,
    bottom: *const i8,
    output: *mut i8,
    /// At least one.
    pixels: usize,
    channels: usize,
}

unsafe extern "C" {
    fn dsp_halve(job: &Job);
}

/// See [`crate::max_pool`].
pub fn max_pool(pool: &Pooling, input: &[i8], output: &mut [i8]) {
    if !pool.is_half(LANES) {
        return generic::max_pool(pool, input, output);
    }
    let channels = pool.output.channels;
    pool.each_half(input, output, |[top, bottom], out| {
        let job = Job {
            top: top.as_ptr(),
            bottom: bottom.as_ptr(),
            output: out.as_mut_ptr(),
            pixels: out.len() / channels,
            channels,
        };
        assert!(!out.is_empty() && top.len() == 2 * out.len() && bottom.len() == 2 * out.len());
        // SAFETY: the row has `pixels` outputs of whole words, and both input rows have two pixels for each,
        // as just asserted. Words may be unaligned.
        unsafe { dsp_halve(&job) }
    });
}

global_asm!(
    ".cpu cortex-m7",
    ".macro raise other",
    "    ssub8 r12, r6, \\other",
    "    sel r6, r6, \\other",
    ".endm",
    ".section .text.dsp_halve, \"ax\"",
    ".balign 4",
    ".global dsp_halve",
    ".type dsp_halve, %function",
    ".thumb_func",
    "dsp_halve:",
    "    push {{r4-r11, lr}}",
    "    ldm r0, {{r0-r4}}",
    "2:",
    "    add r10, r0, r4",
    "    add r11, r1, r4",
    "    mov r5, r10",
    "3:",
    "    ldr r6, [r0], #4",
    "    ldr r7, [r10], #4",
    "    ldr r8, [r1], #4",
    "    ldr r9, [r11], #4",
    "    raise r7",
    "    raise r8",
    "    raise r9",
    "    str r6, [r2], #4",
    "    cmp r0, r5",
    "    bne 3b",
    "    mov r0, r10",
    "    mov r1, r11",
    "    subs r3, #1",
    "    bne 2b",
    "    pop {{r4-r11, pc}}",
    ".size dsp_halve, . - dsp_halve",
);
