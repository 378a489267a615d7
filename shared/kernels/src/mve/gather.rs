//! Copies the receptive field of an output pixel to a patch; rows of the kernel are contiguous in the image.

use core::arch::global_asm;

use crate::{Convolution, patch};

/// Most values of a patch: a 3x3 kernel over 64 channels.
pub const PATCH: usize = 576;

/// Arguments of [`mve_copy`].
#[repr(C)]
struct Job {
    to: *mut i8,
    from: *const i8,
    /// Bytes per row.
    len: usize,
    /// Rows, at least one.
    rows: usize,
    /// Bytes from one row to the next in the source.
    pitch: usize,
}

unsafe extern "C" {
    fn mve_copy(job: &Job);
}

/// Writes the receptive field of output pixel `at` to `patch`.
pub fn gather(conv: &Convolution, input: &[i8], at: usize, patch: &mut [i8]) {
    patch::gather(conv, input, at, patch, |rows, from, to| {
        let count = to.len() / rows.len;
        assert!(count > 0 && from.len() >= (count - 1) * rows.pitch + rows.len);
        let job =
            Job { to: to.as_mut_ptr(), from: from.as_ptr(), len: rows.len, rows: count, pitch: rows.pitch };
        // SAFETY: the last row ends in `from`, as just asserted, and all rows fit `to`.
        unsafe { mve_copy(&job) }
    })
}

// Rows are short (9 bytes in a first layer), so calling `memcpy` would cost more than the copy itself.
global_asm!(
    ".cpu cortex-m55",
    ".section .text.mve_copy, \"ax\"",
    ".balign 4",
    ".global mve_copy",
    ".type mve_copy, %function",
    ".thumb_func",
    "mve_copy:",
    "    push {{r4-r7, lr}}",
    "    ldm.w r0, {{r0, r1, r2, r3, r4}}",
    "2:",
    "    mov r5, r1",
    "    mov r6, r0",
    "    dlstp.8 lr, r2",
    "3:",
    "    vldrb.u8 q0, [r5], #16",
    "    vstrb.8 q0, [r6], #16",
    "    letp lr, 3b",
    "    adds r0, r0, r2",
    "    adds r1, r1, r4",
    "    subs r3, #1",
    "    bne 2b",
    "    pop {{r4-r7, pc}}",
    ".size mve_copy, . - mve_copy",
);
