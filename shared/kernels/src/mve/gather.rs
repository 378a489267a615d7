//! What an output pixel sees, copied together: rows of the kernel are contiguous in the image.

use core::arch::global_asm;

use crate::Convolution;

/// Most values of a pixel that are copied together: those of a 3x3 kernel over 64 channels.
pub const PATCH: usize = 576;

/// What [`mve_copy`] copies.
#[repr(C)]
struct Rows {
    to: *mut i8,
    from: *const i8,
    /// Bytes a row.
    len: usize,
    /// Rows, at least one.
    rows: usize,
    /// Bytes from a row to the next where they come from.
    pitch: usize,
}

unsafe extern "C" {
    fn mve_copy(rows: &Rows);
}

/// Writes what output pixel `at` sees, in the order of [`crate::weights`].
pub fn gather(conv: &Convolution, input: &[i8], at: usize, patch: &mut [i8]) {
    let [rows, columns] = conv.window.kernel;
    let depth = conv.input.channels;
    let (y, x) = (at / conv.output.width, at % conv.output.width);
    let top = (y * conv.window.stride[0]).checked_sub(conv.window.pad[0]);
    let left = (x * conv.window.stride[1]).checked_sub(conv.window.pad[1]);
    if let (Some(top), Some(left)) = (top, left)
        && top + rows <= conv.input.height
        && left + columns <= conv.input.width
    {
        let pitch = conv.input.width * depth;
        let (len, start) = (columns * depth, top * pitch + left * depth);
        let from = &input[start..start + (rows - 1) * pitch + len];
        let to = &mut patch[..rows * len];
        let rows = Rows { to: to.as_mut_ptr(), from: from.as_ptr(), len, rows, pitch };
        // SAFETY: both slices were made as long as what is read and written.
        return unsafe { mve_copy(&rows) };
    }
    for (tap, run) in patch.chunks_exact_mut(depth).take(rows * columns).enumerate() {
        let row = conv.window.source(0, y, tap / columns, conv.input.height);
        let column = conv.window.source(1, x, tap % columns, conv.input.width);
        match (row, column) {
            (Some(row), Some(column)) => {
                let start = (row * conv.input.width + column) * depth;
                run.copy_from_slice(&input[start..start + depth]);
            }
            _ => run.fill(conv.input_zero),
        }
    }
}

// Rows are short, 9 bytes in a first layer, so that calling `memcpy` would cost more than copying.
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
