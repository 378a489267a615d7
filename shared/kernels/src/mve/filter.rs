//! A 3x3 filter over a plane, see [`super::depthwise_conv2d`].

use core::arch::global_asm;

use super::strip::{COLUMNS, Positions, ROUND, ROWS, STRIDE_1, STRIDE_2, Strips};
use crate::Scale;
use crate::element::Outputs;

/// Outputs to compute from a plane.
pub struct Plane {
    /// Rows of outputs, at least two.
    pub rows: usize,
    /// Columns of outputs, at least four.
    pub columns: usize,
    /// Bytes from one row of the plane to the next.
    pub pitch: usize,
    /// 1 or 2.
    pub stride: usize,
}

/// The parameters that all channels share.
pub struct Filter {
    /// The plane.
    pub plane: Plane,
    /// Columns of the whole output.
    pub output_width: usize,
    /// Channels of input and output.
    pub channels: usize,
    /// Zero point of the output.
    pub zero_point: i32,
    /// Least output, for [`Finish::Clamp`].
    pub min: i8,
    /// The output stage.
    pub finish: Finish,
}

/// The output stage.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// 8-bit outputs with a least output.
    Clamp,
    /// 8-bit outputs; negative sums have their own multiplier.
    Prelu,
    /// 16-bit outputs without a zero point, after a left shift.
    Wide,
}

/// Arguments of the assembly function. It advances `plane` and `output`, and decrements `pairs` and `odd`.
#[repr(C)]
struct Job {
    scale: Scale,
    plane: *const i8,
    output: *mut i8,
    /// Tiles of four columns.
    tiles: usize,
    /// Distance by which the last tile is moved back, in bytes of strip and output; 0 without such a tile.
    back_strip: usize,
    back_output: usize,
    /// Pairs of rows.
    pairs: usize,
    /// 1 if there is one more row.
    odd: usize,
    /// Bytes from one row to the next.
    row_plane: usize,
    row_output: usize,
    /// Bytes from one tile to the next in the output.
    step: usize,
    lanes: *const Lanes,
    zero_point: i32,
    positions: *const Positions,
    strips: *mut Strips,
    weights: *const i8,
    channels: usize,
    taps: [i8; 16],
    /// Bytes from one row of the plane to the next.
    pitch: usize,
    /// Sixteen columns that are interleaved, per strip.
    rounds: usize,
}

/// Offsets of the outputs of a tile in the order of the lanes, and the least output.
#[repr(C)]
struct Lanes {
    offsets: [u16; 8],
    min: [i8; 16],
}

unsafe extern "C" {
    fn mve_filter_1(job: &mut Job);
    fn mve_filter_1_prelu(job: &mut Job);
    fn mve_filter_1_wide(job: &mut Job);
    fn mve_filter_2(job: &mut Job);
    fn mve_filter_2_prelu(job: &mut Job);
    fn mve_filter_2_wide(job: &mut Job);
}

/// Computes one channel. `weights` starts at the first weight of the channel; its first output is at `first`.
/// There are [`SLACK`](super::strip::SLACK) values more than the plane has.
pub fn run(
    it: &Filter,
    (plane, strips): (&[i8], &mut Strips),
    weights: &[i8],
    scale: &Scale,
    output: &mut Outputs,
    first: usize,
) {
    let Plane { rows, columns, pitch, stride } = it.plane;
    let (row, channels, bytes) = (it.output_width * it.channels, it.channels, output.size());
    // Patches end at this column: two outputs of a row have one with stride 1, and each has its own with stride 2.
    let rounds = if stride == 1 { columns + 2 } else { 2 * columns + 2 }.div_ceil(ROUND);
    // The slices contain the last output of the last row, and the last row that is interleaved.
    assert!(rows >= 2 && columns >= 4);
    assert!(bytes == if it.finish == Finish::Wide { 2 } else { 1 });
    assert!(output.len() > first + (rows - 1) * row + (columns - 1) * channels);
    assert!(weights.len() > 8 * channels);
    assert!(rounds * ROUND <= COLUMNS);
    assert!(plane.len() >= ((rows - 1) * stride + 2 + stride - 1) * pitch + rounds * ROUND);
    let lane = |y: usize, x: usize| ((y * row + x * channels) * bytes) as u16;
    // The vectors of the left and the right half of a tile are narrowed and interleaved.
    let lanes = [(0, 0), (0, 2), (0, 1), (0, 3), (1, 0), (1, 2), (1, 1), (1, 3)];
    let lanes = Lanes { offsets: lanes.map(|(y, x)| lane(y, x)), min: [it.min; 16] };
    let back = columns.next_multiple_of(4) - columns;
    let mut job = Job {
        scale: *scale,
        plane: plane.as_ptr(),
        output: output.start(first),
        tiles: columns / 4,
        back_strip: back * stride * ROWS,
        back_output: back * channels * bytes,
        pairs: rows / 2,
        odd: rows % 2,
        row_plane: pitch * stride,
        row_output: row * bytes,
        step: 4 * channels * bytes,
        lanes: &lanes,
        zero_point: it.zero_point,
        positions: if stride == 1 { &STRIDE_1 } else { &STRIDE_2 },
        strips,
        weights: weights.as_ptr(),
        channels,
        taps: [0; 16],
        pitch,
        rounds,
    };
    let filter = match (stride, it.finish) {
        (1, Finish::Clamp) => mve_filter_1,
        (1, Finish::Prelu) => mve_filter_1_prelu,
        (1, Finish::Wide) => mve_filter_1_wide,
        (_, Finish::Clamp) => mve_filter_2,
        (_, Finish::Prelu) => mve_filter_2_prelu,
        (_, Finish::Wide) => mve_filter_2_wide,
    };
    // SAFETY: output, plane and weights have the asserted lengths, and no access is beyond: tiles end at the last column
    // and pairs at the last row. The rows of the last strip end in the plane, and strips have room for all rounds.
    unsafe { filter(&mut job) }
}

// `finish` is 0 for a least output, 1 for a PReLU and 2 for 16 bits. q0 to q3 hold the filter positions, with stride 2 only
// q0, and q4 the places of the outputs. Four moves put the eight sums of a tile into q6 and q7. A tile leaves 16-bit outputs
// in q5, which the next one narrows and stores between its own products (`tail`); `filter_tail` does so after the last one.
// So few instructions wait for the one before: a tile takes 36 cycles of a Cortex-M55 and not 45.
global_asm!(
    ".cpu cortex-m55",
    ".macro filter_bytes tail, finish, instruction:vararg",
    ".if \\tail && \\finish != 2",
    "    \\instruction",
    ".endif",
    ".endm",
    // q4 holds the least output in between.
    ".macro filter_store tail, finish",
    ".if \\tail",
    ".if \\finish == 0",
    "    vldrb.u8 q4, [r12, #16]",
    "    vmax.s8 q5, q5, q4",
    "    vldrh.u16 q4, [r12]",
    ".endif",
    ".if \\finish == 2",
    "    vstrh.16 q5, [r10, q4]",
    ".else",
    "    vstrb.16 q5, [r10, q4]",
    ".endif",
    ".endif",
    ".endm",
    ".macro filter_tail finish",
    "    filter_bytes 1, \\finish, vqadd.s16 q5, q5, r8",
    "    filter_bytes 1, \\finish, vqmovnb.s16 q5, q5",
    "    filter_store 1, \\finish",
    ".endm",
    ".macro filter_products_1 tail, finish",
    "    vldrw.u32 q7, [r1], #8",
    "    vmladav.s8 r0, q0, q7",
    "    filter_bytes \\tail, \\finish, vqadd.s16 q5, q5, r8",
    "    vmladav.s8 r4, q2, q7",
    "    filter_bytes \\tail, \\finish, vqmovnb.s16 q5, q5",
    "    vmladav.s8 r2, q1, q7",
    "    vmov q6[2], q6[0], r0, r4",
    "    vmladav.s8 r6, q3, q7",
    "    vldrw.u32 q7, [r1], #8",
    "    vmladav.s8 r4, q2, q7",
    "    vmov q6[3], q6[1], r2, r6",
    "    vmladav.s8 r2, q1, q7",
    "    vadd.i32 q6, q6, r5",
    "    vmladav.s8 r0, q0, q7",
    "    filter_store \\tail, \\finish",
    "    vmladav.s8 r6, q3, q7",
    ".endm",
    ".macro filter_products_2 tail, finish",
    "    vldrw.u32 q1, [r1], #8",
    "    vmladav.s8 r0, q0, q1",
    "    vldrw.u32 q3, [r3], #8",
    "    vmladav.s8 r4, q0, q3",
    "    vldrw.u32 q2, [r1], #8",
    "    filter_bytes \\tail, \\finish, vqadd.s16 q5, q5, r8",
    "    vldrw.u32 q1, [r3], #8",
    "    vmladav.s8 r6, q0, q1",
    "    vmov q6[2], q6[0], r0, r4",
    "    vldrw.u32 q1, [r1], #8",
    "    vmladav.s8 r0, q0, q1",
    "    vldrw.u32 q3, [r3], #8",
    "    vmladav.s8 r2, q0, q2",
    "    vldrw.u32 q2, [r1], #8",
    "    filter_bytes \\tail, \\finish, vqmovnb.s16 q5, q5",
    "    vmov q6[3], q6[1], r2, r6",
    "    vadd.i32 q6, q6, r5",
    "    vmladav.s8 r2, q0, q2",
    "    filter_store \\tail, \\finish",
    "    vmladav.s8 r4, q0, q3",
    "    vldrw.u32 q1, [r3], #8",
    "    vmladav.s8 r6, q0, q1",
    ".endm",
    ".macro filter_tile stride, finish, tail",
    "    filter_products_\\stride \\tail, \\finish",
    "    vmov q7[2], q7[0], r0, r4",
    ".if \\finish == 2",
    "    vshl.s32 q6, r8",
    ".endif",
    "    vqrdmulh.s32 q5, q6, r7",
    "    vmov q7[3], q7[1], r2, r6",
    ".if \\finish == 1",
    "    vpt.s32 lt, q6, zr",
    "    vqrdmulht.s32 q5, q6, r9",
    ".endif",
    "    vadd.i32 q7, q7, r5",
    ".if \\finish == 2",
    "    vshl.s32 q7, r8",
    ".endif",
    "    vqrdmulh.s32 q6, q7, r7",
    "    vqmovnb.s32 q5, q5",
    ".if \\finish == 1",
    "    vpt.s32 lt, q7, zr",
    "    vqrdmulht.s32 q6, q7, r9",
    ".endif",
    ".if \\tail",
    "    add r10, r11",
    ".endif",
    "    vqmovnt.s32 q5, q6",
    ".endm",
    // Interleaves four rows from r1 on to the strip at r3.
    ".macro filter_strip",
    "    ldrd r4, lr, [r0, #96]",
    "    add r2, r1, r4",
    "    add r6, r2, r4",
    "    add r4, r6",
    "    dls lr, lr",
    ".balign 4",
    "7:",
    "    vldrb.u8 q4, [r1], #16",
    "    vldrb.u8 q5, [r2], #16",
    "    vldrb.u8 q6, [r6], #16",
    "    vldrb.u8 q7, [r4], #16",
    "    vst40.8 {{q4, q5, q6, q7}}, [r3]",
    "    vst41.8 {{q4, q5, q6, q7}}, [r3]",
    "    vst42.8 {{q4, q5, q6, q7}}, [r3]",
    "    vst43.8 {{q4, q5, q6, q7}}, [r3]!",
    "    le lr, 7b",
    ".endm",
    ".macro filter_plane name, stride, finish",
    ".section .text.\\name, \"ax\"",
    ".balign 4",
    ".global \\name",
    ".type \\name, %function",
    ".thumb_func",
    "\\name:",
    "    push {{r4-r11, lr}}",
    "    vpush {{d8-d15}}",
    "    sub sp, #4",
    "    str r0, [sp]",
    // The nine taps of the channel, contiguous: eight by a gather, then the last one.
    "    ldr.w r1, [r0, #72]",
    "    ldr.w r2, [r0, #76]",
    "    movs r4, #0",
    "    vidup.u16 q0, r4, #1",
    "    vmul.i16 q0, q0, r2",
    "    vldrb.u16 q1, [r1, q0]",
    "    add.w r3, r0, #80",
    "    vstrb.16 q1, [r3]",
    "    ldrb.w r4, [r1, r2, lsl #3]",
    "    strb r4, [r3, #8]",
    // The filter at its positions.
    "    ldr.w r1, [r0, #64]",
    "    vldrb.u8 q4, [r1]",
    "    vldrb.u8 q0, [r3, q4]",
    ".if \\stride == 1",
    "    vldrb.u8 q4, [r1, #16]",
    "    vldrb.u8 q1, [r3, q4]",
    "    vldrb.u8 q4, [r1, #32]",
    "    vldrb.u8 q2, [r3, q4]",
    "    vldrb.u8 q4, [r1, #48]",
    "    vldrb.u8 q3, [r3, q4]",
    ".endif",
    "    ldrd r5, r7, [r0]",
    "    ldr.w r9, [r0, #8]",
    ".if \\finish == 2",
    "    ldr.w r8, [r0, #12]",
    ".else",
    "    ldr.w r8, [r0, #60]",
    ".endif",
    "    ldr.w r11, [r0, #52]",
    "    ldr.w r12, [r0, #56]",
    "2:",
    "    ldr.w r1, [r0, #16]",
    "    ldr.w r3, [r0, #68]",
    "    filter_strip",
    ".if \\stride == 2",
    "    ldr.w r1, [r0, #16]",
    "    ldr.w r2, [r0, #44]",
    "    ldr.w r3, [r0, #68]",
    "    add r1, r2",
    "    add.w r3, r3, #256",
    "    filter_strip",
    ".endif",
    "    ldr.w r1, [r0, #68]",
    "    ldr.w r10, [r0, #20]",
    "    ldr.w lr, [r0, #24]",
    "    vldrh.u16 q4, [r12]",
    ".if \\stride == 2",
    "    add.w r3, r1, #256",
    ".endif",
    "    subs.w lr, lr, #1",
    "    filter_tile \\stride, \\finish, 0",
    "    wls lr, lr, 8f",
    ".balign 4",
    "3:",
    "    filter_tile \\stride, \\finish, 1",
    "    le lr, 3b",
    "8:",
    "    ldr r0, [sp]",
    "    ldr.w r2, [r0, #28]",
    "    cmp r2, #0",
    "    beq 4f",
    "    sub.w r1, r1, r2",
    ".if \\stride == 2",
    "    sub.w r3, r3, r2",
    ".endif",
    "    filter_tile \\stride, \\finish, 1",
    "    ldr r0, [sp]",
    "    ldr.w r4, [r0, #32]",
    "    sub.w r10, r10, r4",
    "4:",
    "    filter_tail \\finish",
    "    ldr.w r1, [r0, #16]",
    "    ldr.w r2, [r0, #44]",
    "    ldr.w r3, [r0, #20]",
    "    ldr.w r4, [r0, #48]",
    "    ldr.w r6, [r0, #36]",
    "    subs r6, #1",
    "    bne 5f",
    // No pair is left. If there is an odd row, compute one more pair that starts only one row further.
    "    ldr.w r6, [r0, #40]",
    "    cbz r6, 6f",
    "    movs r6, #0",
    "    str.w r6, [r0, #40]",
    "    movs r6, #1",
    "    subs r1, r1, r2",
    "    subs r3, r3, r4",
    "5:",
    "    str.w r6, [r0, #36]",
    "    add.w r1, r1, r2, lsl #1",
    "    add.w r3, r3, r4, lsl #1",
    "    str.w r1, [r0, #16]",
    "    str.w r3, [r0, #20]",
    "    b 2b",
    "6:",
    "    add sp, #4",
    "    vpop {{d8-d15}}",
    "    pop {{r4-r11, pc}}",
    ".size \\name, . - \\name",
    ".endm",
    "filter_plane mve_filter_1, 1, 0",
    "filter_plane mve_filter_1_prelu, 1, 1",
    "filter_plane mve_filter_1_wide, 1, 2",
    "filter_plane mve_filter_2, 2, 0",
    "filter_plane mve_filter_2_prelu, 2, 1",
    "filter_plane mve_filter_2_wide, 2, 2",
);
