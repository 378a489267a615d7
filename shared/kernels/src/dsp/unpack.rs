//! Unpacks the bytes of two rows to pairs of 16-bit values.

use core::arch::global_asm;

use crate::weights::PIECE;

/// Words of an unpacked piece of two rows.
pub const WORDS: usize = PIECE;

/// Two rows of pieces.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    /// The first row, and the memory after it.
    pub values: &'a [i8],
    /// Bytes from the first row to the second.
    pub second: usize,
    /// Bytes from one piece to the next.
    pub step: usize,
}

/// Arguments of the assembly function.
#[repr(C)]
struct Job {
    words: *mut u32,
    first: *const i8,
    second: *const i8,
    pieces: usize,
    /// Bytes from the end of one piece to the next.
    skip: usize,
}

unsafe extern "C" {
    fn dsp_unpack(job: &Job);
}

/// Unpacks as many pieces of two rows as fit `words`.
///
/// Four bytes of each row become four words: first and third, second and fourth byte of the first row, then
/// the same of the second row.
pub fn unpack(rows: &Rows, words: &mut [u32]) {
    let pieces = words.len() / WORDS;
    if pieces == 0 {
        return;
    }
    assert!(rows.values.len() >= rows.second + (pieces - 1) * rows.step + PIECE && rows.step >= PIECE);
    let job = Job {
        words: words.as_mut_ptr(),
        first: rows.values.as_ptr(),
        second: rows.values[rows.second..].as_ptr(),
        pieces,
        skip: rows.step - PIECE,
    };
    // SAFETY: the last piece of the second row ends in the slice, and all words fit.
    unsafe { dsp_unpack(&job) }
}

global_asm!(
    ".cpu cortex-m7",
    ".macro unpack_four",
    "    ldr r5, [r1], #4",
    "    ldr r7, [r2], #4",
    "    sxtb16 r4, r5",
    "    sxtb16 r5, r5, ror #8",
    "    sxtb16 r6, r7",
    "    sxtb16 r7, r7, ror #8",
    "    stmia r0!, {{r4-r7}}",
    ".endm",
    ".section .text.dsp_unpack, \"ax\"",
    ".balign 4",
    ".global dsp_unpack",
    ".type dsp_unpack, %function",
    ".thumb_func",
    "dsp_unpack:",
    "    push {{r4-r8, lr}}",
    "    mov r8, r0",
    "    ldm r8, {{r0-r4}}",
    "    mov r8, r4",
    "2:",
    "    unpack_four",
    "    unpack_four",
    "    unpack_four",
    "    unpack_four",
    "    add r1, r8",
    "    add r2, r8",
    "    subs r3, #1",
    "    bne 2b",
    "    pop {{r4-r8, pc}}",
    ".size dsp_unpack, . - dsp_unpack",
);
