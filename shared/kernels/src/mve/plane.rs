//! Copies one channel of an NHWC tensor to a plane, with padding around it.
//!
//! A gather load reads eight pixels of the channel, which are `channels` bytes apart, and a narrowing store
//! writes them contiguously. This costs about 0.4 instructions per pixel, less than a sixth of the
//! convolution after it. In exchange a patch of the plane is a single byte gather.

use core::arch::global_asm;

use crate::parts::COLUMNS;

/// Pixels per vector.
const LANES: usize = 8;

// Six vectors and a last one.
const _: () = assert!(COLUMNS == 7 * LANES);

/// The columns of one channel to copy.
#[derive(Clone, Copy)]
pub struct Columns {
    /// Columns, 1..=[`COLUMNS`].
    pub columns: usize,
    /// Rows, at least one.
    pub rows: usize,
    /// Channels of the input: bytes from one pixel to the next.
    pub channels: usize,
    /// Bytes from one row to the next in the input.
    pub row: usize,
    /// Bytes from one row to the next in the plane.
    pub pitch: usize,
}

impl Columns {
    /// Whether the offsets of all lanes fit 16 bits.
    pub fn fits(columns: usize, channels: usize) -> bool {
        columns.next_multiple_of(LANES) * channels <= 1 << 16
    }
}

/// Arguments of the assembly function.
#[repr(C)]
struct Job {
    from: *const i8,
    to: *mut i8,
    channels: usize,
    row: usize,
    pitch: usize,
    rows: usize,
    /// Vectors before the last one.
    vectors: usize,
    /// Pixels in the last one.
    rest: usize,
}

unsafe extern "C" {
    fn mve_plane(job: &Job);
}

/// Copies the channel of the first value of `input` to `plane`.
pub fn copy(it: &Columns, input: &[i8], plane: &mut [i8]) {
    let last = |pitch: usize, step: usize| (it.rows - 1) * pitch + (it.columns - 1) * step;
    assert!((1..=COLUMNS).contains(&it.columns) && Columns::fits(it.columns, it.channels) && it.rows > 0);
    assert!(last(it.row, it.channels) < input.len() && last(it.pitch, 1) < plane.len());
    let vectors = (it.columns - 1) / LANES;
    let job = Job {
        from: input.as_ptr(),
        to: plane.as_mut_ptr(),
        channels: it.channels,
        row: it.row,
        pitch: it.pitch,
        rows: it.rows,
        vectors,
        rest: it.columns - vectors * LANES,
    };
    // SAFETY: the last pixel of the last row is inside both slices, as just asserted, and the last vector of
    // a row is predicated to end at its last pixel.
    unsafe { mve_plane(&job) }
}

// q0..q5 hold the offsets of six vectors and q6 those of the last one. Each of the six pairs of load and
// store has eight bytes; a row jumps into them so that it executes as many as it has vectors.
global_asm!(
    ".cpu cortex-m55",
    ".macro plane_offsets register",
    "    vidup.u16 \\register, r6, #1",
    "    vmul.i16 \\register, \\register, r2",
    ".endm",
    ".macro plane_vector register, at",
    "    vldrb.u16 q7, [r0, \\register]",
    "    vstrb.16 q7, [r1, #\\at]",
    ".endm",
    ".section .text.mve_plane, \"ax\"",
    ".balign 4",
    ".global mve_plane",
    ".type mve_plane, %function",
    ".thumb_func",
    "mve_plane:",
    "    push {{r4-r11, lr}}",
    "    vpush {{d8-d15}}",
    "    mov r12, r0",
    "    ldm.w r12, {{r0-r5}}",
    "    ldr.w r7, [r12, #24]",
    "    ldr.w r8, [r12, #28]",
    "    mov lr, r5",
    "    movs r6, #0",
    "    plane_offsets q0",
    "    plane_offsets q1",
    "    plane_offsets q2",
    "    plane_offsets q3",
    "    plane_offsets q4",
    "    plane_offsets q5",
    "    adr.w r10, 3f",
    "    sub r10, r10, r7, lsl #3",
    "    orr r10, r10, #1",
    "    lsls r6, r7, #3",
    "    add r7, r1, r6",
    "    plane_offsets q6",
    "    vctp.16 r8",
    "    dls lr, lr",
    "2:",
    "    bx r10",
    "    .balign 4",
    "    plane_vector q5, 40",
    "    plane_vector q4, 32",
    "    plane_vector q3, 24",
    "    plane_vector q2, 16",
    "    plane_vector q1, 8",
    "    plane_vector q0, 0",
    "3:",
    "    vpstt",
    "    vldrbt.u16 q7, [r0, q6]",
    "    vstrbt.16 q7, [r7]",
    "    add r0, r3",
    "    add r1, r4",
    "    add r7, r4",
    "    le lr, 2b",
    "    vpop {{d8-d15}}",
    "    pop {{r4-r11, pc}}",
    ".size mve_plane, . - mve_plane",
);
