//! Products of seven pixels with all filters, and their output stage.

use core::arch::global_asm;

use crate::Scale;

/// Pixels per tile, with one accumulator each.
pub const PIXELS: usize = 7;

/// Arguments of [`mve_products`].
#[repr(C)]
pub struct Products {
    /// First value of the first pixel.
    pub pixels: *const i8,
    /// Bytes from one pixel to the next.
    pub pitch: usize,
    /// First piece of the first filter.
    pub weights: *const i8,
    /// Bytes from one piece to the next piece of the same filter.
    pub row: usize,
    /// Number of pieces, at least one.
    pub pieces: usize,
    /// Number of groups of four filters, at least one.
    pub fours: usize,
    /// Output: seven sums per filter.
    pub sums: *mut i32,
}

/// Arguments of [`mve_scale`] and its variants.
#[repr(C)]
pub struct Outputs {
    /// Seven sums per channel.
    pub sums: *const i32,
    /// One scale per channel.
    pub scales: *const Scale,
    /// First channel of the first pixel.
    pub output: *mut i8,
    /// Number of channels, at least one.
    pub channels: usize,
    /// Bytes from one channel to the next.
    pub step: usize,
    /// Offsets of the outputs of the eight lanes, see [`lanes`].
    pub lanes: *const u16,
    /// Zero point of the output.
    pub zero_point: i32,
    /// Least output.
    pub min: i32,
}

/// Offsets of the pixels in the lanes of the scatter store.
///
/// The seven sums are loaded as two vectors, 0..=3 and 3..=6, which are narrowed and interleaved. Pixel 3 is
/// written twice, with the same value.
pub fn lanes(pitch: usize) -> [u16; 8] {
    [0, 3, 1, 4, 2, 5, 3, 6].map(|pixel| (pixel * pitch) as u16)
}

unsafe extern "C" {
    /// The products of seven pixels with all filters.
    ///
    /// # Safety
    /// The pointers must be valid for the lengths in the struct: 16 bytes for each piece of each pixel and
    /// filter, and seven sums for each filter.
    pub fn mve_products(products: &Products);

    /// Scales, narrows and scatters sums; without PReLU and without left shifts.
    ///
    /// # Safety
    /// Each channel must have seven sums and a scale, and all lanes must be inside the output.
    pub fn mve_scale(outputs: &Outputs);

    /// As [`mve_scale`], with left shifts.
    ///
    /// # Safety
    /// As for [`mve_scale`].
    pub fn mve_scale_shift(outputs: &Outputs);

    /// Scales, narrows and scatters sums; with PReLU, without a least output.
    ///
    /// # Safety
    /// As for [`mve_scale`].
    pub fn mve_scale_prelu(outputs: &Outputs);

    /// As [`mve_scale_prelu`], with left shifts.
    ///
    /// # Safety
    /// As for [`mve_scale`].
    pub fn mve_scale_prelu_shift(outputs: &Outputs);
}

// The pieces of seven pixels stay in q0..q6, and each filter is loaded to q7: one load for seven times
// sixteen products. Between pieces the sums of a filter are in memory, seven words per transfer; the first
// piece starts without sums.
global_asm!(
    ".cpu cortex-m55",
    ".macro products_filter first",
    "    vldrb.u8 q7, [r1], #16",
    ".if \\first",
    "    vmladav.s8 r0, q0, q7",
    "    vmladav.s8 r2, q1, q7",
    "    vmladav.s8 r4, q2, q7",
    "    vmladav.s8 r6, q3, q7",
    "    vmladav.s8 r8, q4, q7",
    "    vmladav.s8 r10, q5, q7",
    "    vmladav.s8 r12, q6, q7",
    ".else",
    "    ldm.w r3, {{r0, r2, r4, r6, r8, r10, r12}}",
    "    vmladava.s8 r0, q0, q7",
    "    vmladava.s8 r2, q1, q7",
    "    vmladava.s8 r4, q2, q7",
    "    vmladava.s8 r6, q3, q7",
    "    vmladava.s8 r8, q4, q7",
    "    vmladava.s8 r10, q5, q7",
    "    vmladava.s8 r12, q6, q7",
    ".endif",
    "    stm.w r3!, {{r0, r2, r4, r6, r8, r10, r12}}",
    ".endm",
    ".macro products_piece first",
    // r5 advances over the seven pixels, r7 stays at the piece of the first one.
    "    vldrb.u8 q0, [r7]",
    "    add r5, r7, r9",
    "    vldrb.u8 q1, [r5]",
    "    add r5, r9",
    "    vldrb.u8 q2, [r5]",
    "    add r5, r9",
    "    vldrb.u8 q3, [r5]",
    "    add r5, r9",
    "    vldrb.u8 q4, [r5]",
    "    add r5, r9",
    "    vldrb.u8 q5, [r5]",
    "    add r5, r9",
    "    vldrb.u8 q6, [r5]",
    "    adds r7, #16",
    "    ldr.w r1, [r11, #8]",
    "    ldr.w r0, [r11, #12]",
    "    ldr.w r3, [r11, #24]",
    "    ldr.w lr, [r11, #20]",
    "    add r0, r1",
    "    str.w r0, [r11, #8]",
    "    dls lr, lr",
    "2:",
    "    products_filter \\first",
    "    products_filter \\first",
    "    products_filter \\first",
    "    products_filter \\first",
    "    le lr, 2b",
    ".endm",
    ".section .text.mve_products, \"ax\"",
    ".balign 4",
    ".global mve_products",
    ".type mve_products, %function",
    ".thumb_func",
    "mve_products:",
    "    push {{r4-r11, lr}}",
    "    vpush {{d8-d15}}",
    "    sub sp, #28",
    "    ldm.w r0, {{r1-r7}}",
    // A copy of the arguments, whose weights advance from piece to piece.
    "    mov r11, sp",
    "    stm.w r11, {{r1-r7}}",
    "    mov r9, r2",
    "    mov r7, r1",
    "    products_piece 1",
    "3:",
    "    ldr.w r0, [r11, #16]",
    "    subs r0, #1",
    "    str.w r0, [r11, #16]",
    "    beq 4f",
    "    products_piece 0",
    "    b 3b",
    "4:",
    "    add sp, #28",
    "    vpop {{d8-d15}}",
    "    pop {{r4-r11, pc}}",
    ".size mve_products, . - mve_products",
);

// One channel per iteration. Its bias and multipliers are scalars, loaded at once. `vqmovn` narrows with
// saturation, so only the least output of a fused ReLU needs a separate instruction.
global_asm!(
    ".cpu cortex-m55",
    ".macro scale_tile name prelu shift",
    ".section .text.\\name, \"ax\"",
    ".balign 4",
    ".global \\name",
    ".type \\name, %function",
    ".thumb_func",
    "\\name:",
    "    push {{r4-r11, lr}}",
    "    vpush {{d8-d15}}",
    "    ldr.w r12, [r0, #28]",
    "    vdup.8 q5, r12",
    "    ldr.w r8, [r0, #24]",
    "    ldr.w r12, [r0, #20]",
    "    vldrh.u16 q4, [r12]",
    "    ldr.w r3, [r0, #16]",
    "    ldr.w lr, [r0, #12]",
    "    ldr.w r2, [r0, #8]",
    "    ldr.w r1, [r0, #4]",
    "    ldr.w r0, [r0]",
    "    dls lr, lr",
    "2:",
    // r4: bias, r5: multiplier, r6: multiplier of negative sums, r7: shift.
    "    ldm.w r1!, {{r4-r7}}",
    "    vldrw.u32 q1, [r0, #12]",
    "    vldrw.u32 q0, [r0], #28",
    "    vadd.i32 q0, q0, r4",
    "    vadd.i32 q1, q1, r4",
    ".if \\shift",
    "    vshl.s32 q0, r7",
    "    vshl.s32 q1, r7",
    ".endif",
    "    vqrdmulh.s32 q2, q0, r5",
    "    vqrdmulh.s32 q3, q1, r5",
    ".if \\prelu",
    "    vpt.s32 lt, q0, zr",
    "    vqrdmulht.s32 q2, q0, r6",
    "    vpt.s32 lt, q1, zr",
    "    vqrdmulht.s32 q3, q1, r6",
    ".endif",
    "    vqmovnb.s32 q2, q2",
    "    vqmovnt.s32 q2, q3",
    "    vqadd.s16 q2, q2, r8",
    "    vqmovnb.s16 q2, q2",
    ".ifeq \\prelu",
    "    vmax.s8 q2, q2, q5",
    ".endif",
    "    vstrb.16 q2, [r2, q4]",
    "    add r2, r3",
    "    le lr, 2b",
    "    vpop {{d8-d15}}",
    "    pop {{r4-r11, pc}}",
    ".size \\name, . - \\name",
    ".endm",
    "scale_tile mve_scale, 0, 0",
    "scale_tile mve_scale_shift, 0, 1",
    "scale_tile mve_scale_prelu, 1, 0",
    "scale_tile mve_scale_prelu_shift, 1, 1",
);
