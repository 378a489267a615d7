//! Products of three pixels with all filters, and their output stage.
//!
//! Two filters times three pixels are six sums, which stay in registers over the whole depth: a Cortex-M55 multiplies in
//! every cycle of its multiplier, and loads and stores between the products. The sums of four filters lie together:
//!
//! ```text
//!              pixel 0                      pixel 1                      pixel 2
//! four of      f, f + 1, f + 2, f + 3       f, f + 1, f + 2, f + 3       f, f + 1, f + 2, f + 3
//! filters      words 0 to 3                 words 4 to 7                 words 8 to 11
//! ```

use core::arch::global_asm;

use crate::Scale;
use crate::weights::FILTERS;

/// Pixels per tile.
pub const PIXELS: usize = 3;

/// Place of a sum.
pub fn place(filter: usize, pixel: usize) -> usize {
    (filter / FILTERS * PIXELS + pixel) * FILTERS + filter % FILTERS
}

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
    /// Output: twelve sums per group.
    pub sums: *mut i32,
}

/// The scales of four channels: their biases, their multipliers, those of negative sums, and their shifts.
pub type Scales = [[i32; FILTERS]; 4];

/// The scales of up to four channels.
pub fn scales_of(channels: &[Scale]) -> Scales {
    let mut scales = [[0; FILTERS]; 4];
    for (lane, scale) in channels.iter().enumerate() {
        let Scale { bias, multiplier, negative, shift } = *scale;
        for (of_four, value) in scales.iter_mut().zip([bias, multiplier, negative, shift]) {
            of_four[lane] = value;
        }
    }
    scales
}

/// Arguments of [`mve_scale`] and its variants.
#[repr(C)]
pub struct Outputs {
    /// Twelve sums per group of four channels.
    pub sums: *const i32,
    /// The scales of each group of four channels.
    pub scales: *const Scales,
    /// First channel of the first pixel.
    pub output: *mut i8,
    /// Bytes from one pixel to the next.
    pub pitch: usize,
    /// Number of channels, at least one.
    pub channels: usize,
    /// Zero point of the output.
    pub zero_point: i32,
    /// Least output.
    pub min: i32,
}

unsafe extern "C" {
    /// The products of three pixels with all filters.
    ///
    /// # Safety
    /// The pointers must be valid for the lengths in the struct: 16 bytes for each piece of each pixel and
    /// filter, and twelve sums for each group of four filters.
    pub fn mve_products(products: &Products);

    /// Scales, narrows and stores sums; without PReLU and without left shifts.
    ///
    /// # Safety
    /// Each group of channels must have twelve sums and its scales, and all outputs of the channels must exist.
    pub fn mve_scale(outputs: &Outputs);

    /// As [`mve_scale`], with left shifts.
    ///
    /// # Safety
    /// As for [`mve_scale`].
    pub fn mve_scale_shift(outputs: &Outputs);

    /// Scales, narrows and stores sums; with PReLU, without a least output.
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

// q0 and q1 hold a piece of two filters, q2 to q4 the same piece of three pixels. A product is issued in every other
// cycle, and in the cycle between a load, a store or a step. The first two filters of a group go from the first piece to
// the last one, the other two back: so no pointer is set back, and where they turn the pixels are still in registers.
//
// r1: piece of the weights, r3, r5, r7: piece of each pixel, r9: sums, eight bytes less, r11: groups, r12: row.
global_asm!(
    ".cpu cortex-m55",
    // A piece that is neither first nor last: `at` is where the two filters lie, `step` and `forth` the direction.
    ".macro products_middle at step forth",
    "    vmladava.s8 r0, q2, q0",
    "    vldrb.u8 q1, [r1, #\\at + 16]",
    "    vmladava.s8 r2, q2, q1",
    "    vldrb.u8 q3, [r5, #\\step]!",
    "    vmladava.s8 r4, q3, q0",
    "    vldrb.u8 q4, [r7, #\\step]!",
    "    vmladava.s8 r6, q3, q1",
    "    \\forth r1, r1, r12",
    "    vmladava.s8 r8, q4, q0",
    "    vldrb.u8 q2, [r3, #\\step]!",
    "    vmladava.s8 r10, q4, q1",
    "    vldrb.u8 q0, [r1, #\\at]",
    ".endm",
    // All pieces of two filters. In between, the sums of the third pixel of the filters before are stored.
    ".macro products_pair at step forth",
    "    vmladav.s8 r0, q2, q0",
    "    vldrb.u8 q1, [r1, #\\at + 16]",
    "    vmladav.s8 r2, q2, q1",
    "    ldr.w lr, [sp]",
    "    vmladav.s8 r4, q3, q0",
    ".if \\at",
    "    strd r8, r10, [r9, #40]",
    ".endif",
    "    vmladav.s8 r6, q3, q1",
    "    \\forth r1, r1, r12",
    "    vmladav.s8 r8, q4, q0",
    "    vldrb.u8 q2, [r3, #\\step]!",
    "    vmladav.s8 r10, q4, q1",
    "    vldrb.u8 q0, [r1, #\\at]",
    "    wls lr, lr, 6f",
    ".balign 4",
    "5:",
    "    products_middle \\at, \\step, \\forth",
    "    le lr, 5b",
    "6:",
    "    vmladava.s8 r0, q2, q0",
    "    vldrb.u8 q1, [r1, #\\at + 16]",
    "    vmladava.s8 r2, q2, q1",
    "    vldrb.u8 q3, [r5, #\\step]!",
    "    vmladava.s8 r4, q3, q0",
    "    vldrb.u8 q4, [r7, #\\step]!",
    "    vmladava.s8 r6, q3, q1",
    ".if \\at",
    "    strd r0, r2, [r9, #16]!",
    "    vmladava.s8 r8, q4, q0",
    "    strd r4, r6, [r9, #16]!",
    "    vmladava.s8 r10, q4, q1",
    "    adds r1, #64",
    ".else",
    "    strd r0, r2, [r9, #8]",
    "    vmladava.s8 r8, q4, q0",
    "    strd r4, r6, [r9, #24]",
    "    vmladava.s8 r10, q4, q1",
    "    vldrb.u8 q0, [r1, #32]",
    ".endif",
    ".endm",
    // Two filters of one piece.
    ".macro products_single",
    "    vldrb.u8 q0, [r1], #16",
    "    vmladav.s8 r0, q2, q0",
    "    vldrb.u8 q1, [r1], #16",
    "    vmladav.s8 r4, q3, q0",
    "    vmladav.s8 r8, q4, q0",
    "    vmladav.s8 r2, q2, q1",
    "    vmladav.s8 r6, q3, q1",
    "    vmladav.s8 r10, q4, q1",
    ".endm",
    ".section .text.mve_products, \"ax\"",
    ".balign 4",
    ".global mve_products",
    ".type mve_products, %function",
    ".thumb_func",
    "mve_products:",
    "    push {{r4-r11, lr}}",
    "    vpush {{d8-d9}}",
    "    sub sp, #8",
    "    ldr.w r9, [r0, #24]",
    "    ldrd r3, r5, [r0]",
    "    ldrd r1, r12, [r0, #8]",
    "    ldrd r4, r11, [r0, #16]",
    "    add r7, r3, r5, lsl #1",
    "    add r5, r3",
    "    vldrb.u8 q2, [r3]",
    "    vldrb.u8 q3, [r5]",
    "    vldrb.u8 q4, [r7]",
    "    subs r4, #2",
    "    bmi 8f",
    "    str.w r4, [sp]",
    "    sub.w r9, r9, #8",
    "    b 3f",
    ".balign 4",
    "2:",
    "    strd r8, r10, [r9, #16]!",
    "3:",
    "    vldrb.u8 q0, [r1]",
    "    products_pair 0, 16, add.w",
    "    products_pair 32, -16, sub.w",
    "    subs.w r11, r11, #1",
    "    bne 2b",
    "    strd r8, r10, [r9, #16]",
    "4:",
    "    add sp, #8",
    "    vpop {{d8-d9}}",
    "    pop {{r4-r11, pc}}",
    "8:",
    "    products_single",
    "    strd r0, r2, [r9]",
    "    strd r4, r6, [r9, #16]",
    "    strd r8, r10, [r9, #32]",
    "    products_single",
    "    strd r0, r2, [r9, #8]",
    "    strd r4, r6, [r9, #24]",
    "    strd r8, r10, [r9, #40]",
    "    add.w r9, r9, #48",
    "    subs.w r11, r11, #1",
    "    bne 8b",
    "    b 4b",
    ".size mve_products, . - mve_products",
);

// Four channels of three pixels a round; the last round may have fewer, whose lanes alone are stored. `vqmovn` narrows with
// saturation, so only the least output of a fused ReLU needs a separate instruction. `vstrb.32` stores the low byte of each
// lane.
global_asm!(
    ".cpu cortex-m55",
    // The products of sums with their multipliers, which may take the place of other sums.
    ".macro scale_sums products sums prelu shift",
    ".if \\shift",
    "    vshl.s32 \\sums, \\sums, q3",
    ".endif",
    "    vqrdmulh.s32 \\products, \\sums, q1",
    ".if \\prelu",
    "    vpt.s32 lt, \\sums, zr",
    "    vqrdmulht.s32 \\products, \\sums, q2",
    ".endif",
    ".endm",
    ".macro scale_store products to prelu",
    ".ifeq \\prelu",
    "    vmax.s8 \\products, \\products, q7",
    ".endif",
    "    vstrb.32 \\products, [\\to], #4",
    ".endm",
    // Three pixels, whose products lie in `a`, `b` and `c`. Their steps alternate, so that none waits for the one before.
    ".macro scale_three a b c prelu shift",
    "    vldrw.u32 q4, [r0], #16",
    "    vldrw.u32 q5, [r0], #16",
    "    vadd.i32 q4, q4, q0",
    "    vldrw.u32 q6, [r0], #16",
    "    vadd.i32 q5, q5, q0",
    "    scale_sums \\a, q4, \\prelu, \\shift",
    "    vadd.i32 q6, q6, q0",
    "    scale_sums \\b, q5, \\prelu, \\shift",
    "    vqmovnb.s32 \\a, \\a",
    "    scale_sums \\c, q6, \\prelu, \\shift",
    "    vqmovnb.s32 \\b, \\b",
    "    vqadd.s16 \\a, \\a, r8",
    "    vqmovnb.s32 \\c, \\c",
    "    vqadd.s16 \\b, \\b, r8",
    "    vqmovnb.s16 \\a, \\a",
    "    vqadd.s16 \\c, \\c, r8",
    "    vqmovnb.s16 \\b, \\b",
    "    scale_store \\a, r4, \\prelu",
    "    vqmovnb.s16 \\c, \\c",
    "    scale_store \\b, r5, \\prelu",
    "    scale_store \\c, r6, \\prelu",
    ".endm",
    ".macro scale_tile name prelu shift",
    ".section .text.\\name, \"ax\"",
    ".balign 4",
    ".global \\name",
    ".type \\name, %function",
    ".thumb_func",
    "\\name:",
    "    push {{r4-r8, lr}}",
    "    vpush {{d8-d15}}",
    "    ldrd r8, r12, [r0, #20]",
    "    vdup.8 q7, r12",
    "    ldr.w lr, [r0, #16]",
    "    ldrd r4, r5, [r0, #8]",
    "    ldrd r0, r1, [r0]",
    "    add.w r6, r4, r5, lsl #1",
    "    add r5, r4",
    "    dlstp.32 lr, lr",
    ".balign 4",
    "2:",
    ".if \\shift",
    "    vldrw.u32 q3, [r1, #48]",
    ".endif",
    ".if \\prelu",
    "    vldrw.u32 q2, [r1, #32]",
    ".endif",
    "    vldrw.u32 q1, [r1, #16]",
    "    vldrw.u32 q0, [r1], #64",
    // With a PReLU sums and products are needed at once, and there is no least output in q7.
    ".if \\prelu",
    "    scale_three q7, q4, q5, 1, \\shift",
    ".else",
    "    scale_three q4, q5, q6, 0, \\shift",
    ".endif",
    "    letp lr, 2b",
    "    vpop {{d8-d15}}",
    "    pop {{r4-r8, pc}}",
    ".size \\name, . - \\name",
    ".endm",
    "scale_tile mve_scale, 0, 0",
    "scale_tile mve_scale_shift, 0, 1",
    "scale_tile mve_scale_prelu, 1, 0",
    "scale_tile mve_scale_prelu_shift, 1, 1",
);
