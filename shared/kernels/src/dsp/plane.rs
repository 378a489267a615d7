//! Copies one channel of an NHWC tensor, widened to 16 bits.

use core::arch::global_asm;

/// Arguments of the assembly function.
#[repr(C)]
struct Job {
    from: *const i8,
    to: *mut [i16; 2],
    channels: usize,
    /// Number of groups of four pixels, and remaining pixels.
    fours: usize,
    rest: usize,
}

unsafe extern "C" {
    fn dsp_widen(job: &Job);
}

/// Copies pixels that are `channels` bytes apart to the first or the second halves of `pairs`.
pub fn widen(input: &[i8], channels: usize, pairs: &mut [[i16; 2]], second: bool) {
    let Some(last) = pairs.len().checked_sub(1) else { return };
    assert!(input.len() > last * channels);
    let to = pairs.as_mut_ptr();
    let job = Job {
        from: input.as_ptr(),
        // Offset in bytes of the second half of a word.
        to: if second { to.wrapping_byte_add(2) } else { to },
        channels,
        fours: pairs.len() / 4,
        rest: pairs.len() % 4,
    };
    // SAFETY: the last pixel is inside the input, as just asserted, and exactly one value per pair is
    // written.
    unsafe { dsp_widen(&job) }
}

global_asm!(
    ".cpu cortex-m7",
    ".section .text.dsp_widen, \"ax\"",
    ".balign 4",
    ".global dsp_widen",
    ".type dsp_widen, %function",
    ".thumb_func",
    "dsp_widen:",
    "    push {{r4-r10, lr}}",
    "    mov r10, r0",
    "    ldm r10, {{r0-r4}}",
    "    lsl r9, r2, #1",
    "    add r10, r9, r2",
    "    lsl lr, r2, #2",
    "    cbz r3, 3f",
    "2:",
    "    ldrsb r5, [r0]",
    "    ldrsb r6, [r0, r2]",
    "    ldrsb r7, [r0, r9]",
    "    ldrsb r8, [r0, r10]",
    "    strh r5, [r1]",
    "    strh r6, [r1, #4]",
    "    strh r7, [r1, #8]",
    "    strh r8, [r1, #12]",
    "    add r0, lr",
    "    adds r1, #16",
    "    subs r3, #1",
    "    bne 2b",
    "3:",
    "    cbz r4, 5f",
    "4:",
    "    ldrsb r5, [r0]",
    "    add r0, r2",
    "    strh r5, [r1], #4",
    "    subs r4, #1",
    "    bne 4b",
    "5:",
    "    pop {{r4-r10, pc}}",
    ".size dsp_widen, . - dsp_widen",
);
