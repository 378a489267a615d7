//! Copies four channels of an NHWC tensor to four planes, with padding around each.
//!
//! A gather of four words loads four channels of four pixels, and a de-interleaving load parts the channels. Sixteen
//! pixels of four channels take a Cortex-M55 32 to 45 cycles; [`super::plane`] needs 10 cycles for eight pixels of one.
//! Words must be aligned, so the number of channels must be a multiple of four.

use core::arch::global_asm;

use super::plane::Columns;
use crate::parts::COLUMNS;

/// Channels that are copied at once.
pub const PLANES: usize = 4;
/// Pixels per round.
const ROUND: usize = 16;

/// The values of a round.
#[repr(C, align(16))]
struct Values([u8; ROUND * PLANES]);

/// Arguments of the assembly function, which decrements `rows`.
#[repr(C)]
struct Job {
    from: *const i8,
    to: *mut i8,
    channels: usize,
    row: usize,
    pitch: usize,
    /// Bytes from one plane to the next.
    plane: usize,
    values: *mut Values,
    rows: usize,
    /// Rounds of sixteen pixels per row.
    rounds: usize,
    /// The first pixel of the last round, which is moved back; negative if there is no such round.
    last: i32,
    columns: usize,
}

unsafe extern "C" {
    fn mve_planes(job: &mut Job);
}

/// Whether the four channels from the first value of `input` on can be copied.
pub fn fits(it: &Columns, input: &[i8]) -> bool {
    it.channels.is_multiple_of(PLANES)
        && it.row.is_multiple_of(PLANES)
        && input.as_ptr().addr().is_multiple_of(PLANES)
}

/// Copies the four channels of the first values of `input`, for which [`fits`] holds, to `planes`, which lie `plane` values
/// apart.
pub fn copy(it: &Columns, input: &[i8], planes: &mut [i8], plane: usize) {
    let last = |pitch: usize, step: usize| (it.rows - 1) * pitch + (it.columns - 1) * step;
    assert!((1..=COLUMNS).contains(&it.columns) && it.rows > 0 && fits(it, input));
    assert!(last(it.row, it.channels) + PLANES <= input.len());
    assert!((PLANES - 1) * plane + last(it.pitch, 1) < planes.len());
    let mut values = Values([0; ROUND * PLANES]);
    let moved = !it.columns.is_multiple_of(ROUND);
    let mut job = Job {
        from: input.as_ptr(),
        to: planes.as_mut_ptr(),
        channels: it.channels,
        row: it.row,
        pitch: it.pitch,
        plane,
        values: &mut values,
        rows: it.rows,
        rounds: it.columns / ROUND,
        last: if moved { it.columns.saturating_sub(ROUND) as i32 } else { -1 },
        columns: it.columns,
    };
    // SAFETY: the last pixel of the last row is inside both slices, as just asserted. No pixel past the end of a row is
    // loaded, because their offsets are those of its last pixel, and none is stored, because the stores are predicated.
    unsafe { mve_planes(&mut job) }
}

// q0 to q3 hold the offsets of sixteen pixels, at most that of the last column.
global_asm!(
    ".cpu cortex-m55",
    ".macro planes_offsets register",
    "    vidup.u32 \\register, r10, #1",
    "    vmin.u32 \\register, \\register, q4",
    "    vmul.i32 \\register, \\register, r2",
    ".endm",
    ".macro planes_round",
    "    vldrw.u32 q4, [r9, q0]",
    "    vldrw.u32 q5, [r9, q1]",
    "    vstrw.32 q4, [r8]",
    "    vldrw.u32 q6, [r9, q2]",
    "    vstrw.32 q5, [r8, #16]",
    "    vldrw.u32 q7, [r9, q3]",
    "    vstrw.32 q6, [r8, #32]",
    "    vstrw.32 q7, [r8, #48]",
    "    add.w r11, r10, r7",
    "    vld40.8 {{q4, q5, q6, q7}}, [r8]",
    "    add.w r12, r11, r7",
    "    vld41.8 {{q4, q5, q6, q7}}, [r8]",
    "    add.w r5, r12, r7",
    "    vld42.8 {{q4, q5, q6, q7}}, [r8]",
    "    add.w r9, r9, r2, lsl #4",
    "    vld43.8 {{q4, q5, q6, q7}}, [r8]",
    "    vpstttt",
    "    vstrbt.8 q4, [r10]",
    "    vstrbt.8 q5, [r11]",
    "    vstrbt.8 q6, [r12]",
    "    vstrbt.8 q7, [r5]",
    ".endm",
    ".section .text.mve_planes, \"ax\"",
    ".balign 4",
    ".global mve_planes",
    ".type mve_planes, %function",
    ".thumb_func",
    "mve_planes:",
    "    push {{r4-r11, lr}}",
    "    vpush {{d8-d15}}",
    "    mov r6, r0",
    "    ldrd r7, r8, [r6, #20]",
    "    ldr.w r12, [r6, #40]",
    "    vctp.8 r12",
    "    subs.w r12, r12, #1",
    "    vdup.32 q4, r12",
    "    ldm.w r6, {{r0-r4}}",
    "    mov.w r10, #0",
    "    planes_offsets q0",
    "    planes_offsets q1",
    "    planes_offsets q2",
    "    planes_offsets q3",
    "2:",
    "    mov r9, r0",
    "    mov r10, r1",
    "    ldr.w lr, [r6, #32]",
    "    wls lr, lr, 4f",
    ".balign 4",
    "3:",
    "    planes_round",
    "    add.w r10, r10, #16",
    "    le lr, 3b",
    "4:",
    "    ldr.w r12, [r6, #36]",
    "    cmp.w r12, #0",
    "    blt 5f",
    "    mla r9, r12, r2, r0",
    "    add.w r10, r1, r12",
    "    planes_round",
    "5:",
    "    add r0, r3",
    "    add r1, r4",
    "    ldr.w r12, [r6, #28]",
    "    subs.w r12, r12, #1",
    "    str.w r12, [r6, #28]",
    "    bne 2b",
    "    vpop {{d8-d15}}",
    "    pop {{r4-r11, pc}}",
    ".size mve_planes, . - mve_planes",
);
