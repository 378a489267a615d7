//! Search for the nearest template with 128 values; most of the query stays in registers.

use core::arch::global_asm;

use crate::generic;

/// Values per template.
const DIMENSION: usize = 128;

/// Arguments and results of the assembly function.
#[repr(C)]
struct Job {
    query: *const i8,
    rows: *const i8,
    count: usize,
    /// Bytes from the end of one row to the start of the next.
    gap: usize,
    product: i32,
    /// Pointer to the row after the best one.
    end: *const i8,
}

unsafe extern "C" {
    fn mve_nearest(job: &mut Job);
}

/// See [`crate::nearest`].
pub fn nearest(query: &[i8], rows: &[i8], pitch: usize) -> Option<(usize, i32)> {
    if query.len() != DIMENSION || rows.len() < DIMENSION || pitch < DIMENSION {
        return generic::nearest(query, rows, pitch);
    }
    let (first, gap) = (rows.as_ptr(), pitch - DIMENSION);
    let count = (rows.len() - DIMENSION) / pitch + 1;
    let mut job = Job { query: query.as_ptr(), rows: first, count, gap, product: i32::MIN, end: first };
    // SAFETY: the query has 128 values, and so has each of the `count` rows, which start `pitch` values
    // apart. After the last row only a pointer is advanced.
    unsafe { mve_nearest(&mut job) }
    let values = job.end as usize - first as usize;
    Some((values / pitch - 1, job.product))
}

// q0..q5 hold six of the eight pieces of the query; the other two are loaded with those of the template.
global_asm!(
    ".cpu cortex-m55",
    ".section .text.mve_nearest, \"ax\"",
    ".balign 4",
    ".global mve_nearest",
    ".type mve_nearest, %function",
    ".thumb_func",
    "mve_nearest:",
    "    push {{r4-r7, lr}}",
    "    vpush {{d8-d15}}",
    "    ldm.w r0, {{r1-r5}}",
    "    mov r7, r4",
    "    ldrd r4, r5, [r0, #16]",
    "    vldrb.u8 q0, [r1]",
    "    vldrb.u8 q1, [r1, #16]",
    "    vldrb.u8 q2, [r1, #32]",
    "    vldrb.u8 q3, [r1, #48]",
    "    vldrb.u8 q4, [r1, #64]",
    "    vldrb.u8 q5, [r1, #80]",
    "    dls lr, r3",
    "2:",
    "    vldrb.u8 q6, [r2], #16",
    "    vmladav.s8 r6, q0, q6",
    "    vldrb.u8 q7, [r2], #16",
    "    vmladava.s8 r6, q1, q7",
    "    vldrb.u8 q6, [r2], #16",
    "    vmladava.s8 r6, q2, q6",
    "    vldrb.u8 q7, [r2], #16",
    "    vmladava.s8 r6, q3, q7",
    "    vldrb.u8 q6, [r2], #16",
    "    vmladava.s8 r6, q4, q6",
    "    vldrb.u8 q7, [r2], #16",
    "    vmladava.s8 r6, q5, q7",
    "    vldrb.u8 q6, [r2], #16",
    "    vldrb.u8 q7, [r1, #96]",
    "    vmladava.s8 r6, q7, q6",
    "    vldrb.u8 q6, [r2], #16",
    "    vldrb.u8 q7, [r1, #112]",
    "    vmladava.s8 r6, q7, q6",
    "    add r2, r7",
    "    cmp r6, r4",
    "    csel r4, r6, r4, gt",
    "    csel r5, r2, r5, gt",
    "    le lr, 2b",
    "    strd r4, r5, [r0, #16]",
    "    vpop {{d8-d15}}",
    "    pop {{r4-r7, pc}}",
    ".size mve_nearest, . - mve_nearest",
);
