//! Copies the receptive fields of the three pixels of a tile to patches; rows of the kernel are contiguous in the image.
//!
//! Where all three lie inside the image, in one row of outputs, one call copies them. At the borders each pixel is copied by itself.

use core::arch::global_asm;

use super::tile::PIXELS;
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
    fn mve_copy_tile(job: &TileJob);
}

/// Arguments of [`mve_copy_tile`].
#[repr(C)]
struct TileJob {
    job: Job,
    /// Bytes from one pixel to the next in the source.
    step: usize,
}

/// Patches of the pixels of a tile.
pub struct Patches<'a> {
    conv: &'a Convolution<'a>,
    input: &'a [i8],
    /// The first pixel of the tile, and its row and column: so the next tile takes no division.
    at: usize,
    row: usize,
    column: usize,
    values: [i8; PIXELS * PATCH],
}

impl<'a> Patches<'a> {
    /// The patches of no tile yet.
    pub fn new(conv: &'a Convolution<'a>, input: &'a [i8]) -> Self {
        Self { conv, input, at: 0, row: 0, column: 0, values: [0; PIXELS * PATCH] }
    }

    /// Copies the receptive fields of the pixels from `start` on. They lie [`PATCH`] values apart.
    pub fn of(&mut self, start: usize) -> &[i8] {
        self.go_to(start);
        match self.inside() {
            Some(job) => {
                // SAFETY: `inside` has checked that all rows of the three lie in the input, and the patches have room for a
                // kernel, as `conv2d` ensures.
                unsafe { mve_copy_tile(&job) }
            }
            None => {
                for (pixel, patch) in self.values.chunks_exact_mut(PATCH).enumerate() {
                    gather(self.conv, self.input, start + pixel, patch);
                }
            }
        }
        &self.values
    }

    fn go_to(&mut self, start: usize) {
        let width = self.conv.output.width;
        let ahead = start.wrapping_sub(self.at);
        self.at = start;
        self.column = self.column.wrapping_add(ahead);
        if ahead > width {
            (self.row, self.column) = (start / width, start % width);
        } else if self.column >= width {
            (self.row, self.column) = (self.row + 1, self.column - width);
        }
    }

    /// What to copy if all three pixels are in this row, and their receptive fields inside the image.
    fn inside(&mut self) -> Option<TileJob> {
        let Convolution { window, input, output, .. } = self.conv;
        let [rows, columns] = window.kernel;
        let top = (self.row * window.stride[0]).checked_sub(window.pad[0])?;
        let left = (self.column * window.stride[1]).checked_sub(window.pad[1])?;
        let right = left + (PIXELS - 1) * window.stride[1] + columns;
        if self.column + PIXELS > output.width || top + rows > input.height || right > input.width {
            return None;
        }
        let (pitch, len) = (input.width * input.channels, columns * input.channels);
        let from = &self.input
            [top * pitch + left * input.channels..(top + rows - 1) * pitch + right * input.channels];
        let to = &mut self.values[..(PIXELS - 1) * PATCH + rows * len];
        let job = Job { to: to.as_mut_ptr(), from: from.as_ptr(), len, rows, pitch };
        Some(TileJob { job, step: window.stride[1] * input.channels })
    }
}

/// Writes the receptive field of output pixel `at` to `patch`.
fn gather(conv: &Convolution, input: &[i8], at: usize, patch: &mut [i8]) {
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

// The same rows of three pixels a round, to patches that lie PATCH bytes apart.
global_asm!(
    ".cpu cortex-m55",
    ".section .text.mve_copy_tile, \"ax\"",
    ".balign 4",
    ".global mve_copy_tile",
    ".type mve_copy_tile, %function",
    ".thumb_func",
    "mve_copy_tile:",
    "    push {{r4-r11, lr}}",
    "    ldm.w r0, {{r0, r1, r2, r3, r4, r5}}",
    "2:",
    "    mov r6, r1",
    "    mov r9, r0",
    "    add.w r7, r1, r5",
    "    addw r10, r0, #{patch}",
    "    add.w r8, r1, r5, lsl #1",
    "    addw r11, r0, #2 * {patch}",
    "    dlstp.8 lr, r2",
    "3:",
    "    vldrb.u8 q0, [r6], #16",
    "    vldrb.u8 q1, [r7], #16",
    "    vldrb.u8 q2, [r8], #16",
    "    vstrb.8 q0, [r9], #16",
    "    vstrb.8 q1, [r10], #16",
    "    vstrb.8 q2, [r11], #16",
    "    letp lr, 3b",
    "    adds r0, r0, r2",
    "    adds r1, r1, r4",
    "    subs r3, #1",
    "    bne 2b",
    "    pop {{r4-r11, pc}}",
    ".size mve_copy_tile, . - mve_copy_tile",
    patch = const PATCH,
);
