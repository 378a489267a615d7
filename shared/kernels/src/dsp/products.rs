//! Products of two pixels with two filters.
//!
//! Four accumulators, four words of pixels and four words of weights fill the registers: eight loads and eight
//! `smlad`, in pairs, for sixteen products. The loop over the pairs of pixels is in the assembly as well.

use core::arch::global_asm;

use super::Activation;
use super::unpack::WORDS;

/// Pairs of pixels and a pair of filters.
pub struct Pairs<'a> {
    /// Unpacked pixels, pair by pair.
    pub pixels: &'a [u32],
    /// Two unpacked filters.
    pub weights: &'a [u32],
    /// Bias of both filters.
    pub bias: [i32; 2],
}

/// The output stage for 8-bit outputs.
pub struct Scaling {
    /// Twice the multiplier and twice the multiplier of negative sums, for both filters.
    pub multiplier: [[i32; 2]; 2],
    /// Zero point of the output.
    pub zero_point: i32,
    /// The activation.
    pub activation: Activation,
}

/// Arguments of the assembly function. It advances `output` and `pixels`, and decrements `pairs`.
#[repr(C)]
struct Job {
    multiplier: [[i32; 2]; 2],
    zero_point: i32,
    output: *mut i8,
    /// Bytes from one pixel to the next in the output.
    pitch: usize,
    pixels: *const u32,
    weights: *const u32,
    weights_end: *const u32,
    bias: [i32; 2],
    pairs: usize,
    /// 1 if the number of pieces is odd.
    odd: usize,
}

unsafe extern "C" {
    fn dsp_sums(job: &mut Job);
    fn dsp_linear(job: &mut Job);
    fn dsp_relu(job: &mut Job);
    fn dsp_prelu(job: &mut Job);
}

impl Pairs<'_> {
    /// Writes the outputs of all pairs; pixels are `pitch` bytes apart.
    pub fn scale(&self, scaling: &Scaling, output: &mut [i8], pitch: usize) {
        let mut job = self.job(output.as_mut_ptr(), pitch);
        assert!(job.pairs > 0 && output.len() >= (2 * job.pairs - 1) * pitch + 2);
        (job.multiplier, job.zero_point) = (scaling.multiplier, scaling.zero_point);
        let run = match scaling.activation {
            Activation::Linear => dsp_linear,
            Activation::Relu => dsp_relu,
            Activation::Prelu => dsp_prelu,
        };
        // SAFETY: the output has two values for each of the two pixels of a pair, and `job` derives the
        // numbers of pairs and weights from their slices.
        unsafe { run(&mut job) }
    }

    /// The sums of all pairs: first and second pixel of the first filter, then of the second.
    pub fn sums(&self, sums: &mut [[i32; 4]]) {
        let mut job = self.job(sums.as_mut_ptr().cast(), 0);
        assert!(job.pairs > 0 && sums.len() >= job.pairs);
        // SAFETY: there are four sums for each pair, and `job` derives the numbers of pairs and weights from
        // their slices.
        unsafe { dsp_sums(&mut job) }
    }

    fn job(&self, output: *mut i8, pitch: usize) -> Job {
        let words = self.weights.len();
        assert!(words > 0 && words.is_multiple_of(WORDS) && self.pixels.len().is_multiple_of(words));
        Job {
            multiplier: [[0; 2]; 2],
            zero_point: 0,
            output,
            pitch,
            pixels: self.pixels.as_ptr(),
            weights: self.weights.as_ptr(),
            weights_end: self.weights.as_ptr_range().end,
            bias: self.bias,
            pairs: self.pixels.len() / words,
            odd: words / WORDS % 2,
        }
    }
}

// r0 advances over the pixels and r1 over the weights. r10, r11, r12 and lr are the sums of the first and second
// pixel with the first filter, then with the second one. Two sets of four registers hold a word of each row; while the
// products of one set are computed, the other one is loaded, a load beside each product. A load by itself is not
// slower than a list of registers here, because a list never issues with anything else. The first two products
// of the last set of a round come before its end is known, and the other two after. `[sp]` is the job and `[sp, #4]`
// the end of the weights.
global_asm!(
    ".cpu cortex-m7",
    // The products of a set; the other set is loaded from this offset of each row.
    ".macro products_half first, second, one, other, at, next_first, next_second, next_one, next_other",
    "    smlad r10, \\first, \\one, r10",
    "    ldr \\next_first, [r0, #\\at]",
    "    smlad r11, \\second, \\one, r11",
    "    ldr \\next_one, [r1, #\\at]",
    "    smlad r12, \\first, \\other, r12",
    "    ldr \\next_second, [r0, #\\at + 8]",
    "    smlad lr, \\second, \\other, lr",
    "    ldr \\next_other, [r1, #\\at + 8]",
    ".endm",
    ".macro products_even at",
    "    products_half r2, r4, r6, r8, \\at, r3, r5, r7, r9",
    ".endm",
    ".macro products_odd at",
    "    products_half r3, r5, r7, r9, \\at, r2, r4, r6, r8",
    ".endm",
    // Four words of each row.
    ".macro products_four at",
    "    products_even \\at+4",
    "    products_odd \\at+16",
    ".endm",
    ".macro scale_one sum, positive, negative, activation",
    ".if \\activation == 2",
    "    cmp \\sum, #0",
    "    ite ge",
    "    smmlarge \\sum, \\sum, \\positive, r7",
    "    smmlarlt \\sum, \\sum, \\negative, r7",
    ".elseif \\activation == 1",
    "    smmulr \\sum, \\sum, \\positive",
    "    bic \\sum, \\sum, \\sum, asr #31",
    "    add \\sum, \\sum, r7",
    ".else",
    "    smmlar \\sum, \\sum, \\positive, r7",
    ".endif",
    "    ssat \\sum, #8, \\sum",
    ".endm",
    // 0 linear, 1 ReLU, 2 PReLU, 3 raw sums.
    ".macro products_pairs name, activation",
    ".section .text.\\name, \"ax\"",
    ".balign 4",
    ".global \\name",
    ".type \\name, %function",
    ".thumb_func",
    "\\name:",
    "    push {{r4-r11, lr}}",
    "    sub sp, #12",
    "    ldr r2, [r0, #36]",
    "    strd r0, r2, [sp]",
    "2:",
    "    ldr r2, [sp]",
    "    ldrd r0, r1, [r2, #28]",
    "    ldrd r10, r12, [r2, #40]",
    "    ldr r3, [r2, #52]",
    "    mov r11, r10",
    "    mov lr, r12",
    "    ldr r2, [r0]",
    "    ldr r6, [r1]",
    "    ldr r4, [r0, #8]",
    "    ldr r8, [r1, #8]",
    "    cbz r3, 4f",
    // The first round has one piece.
    "    subs r0, #64",
    "    subs r1, #64",
    "    b 5f",
    "3:",
    "    smlad r12, r3, r9, r12",
    "    ldr r2, [r0, #128]!",
    "    smlad lr, r5, r9, lr",
    "    ldr r6, [r1, #128]!",
    "    ldr r4, [r0, #8]",
    "    ldr r8, [r1, #8]",
    "4:",
    "    products_four 0",
    "    products_four 16",
    "    products_four 32",
    "    products_four 48",
    "5:",
    "    products_four 64",
    "    products_four 80",
    "    products_four 96",
    "    smlad r10, r2, r6, r10",
    "    ldr r3, [r0, #116]",
    "    smlad r11, r4, r6, r11",
    "    ldr r7, [r1, #116]",
    "    smlad r12, r2, r8, r12",
    "    ldr r5, [r0, #124]",
    "    smlad lr, r4, r8, lr",
    "    ldr r9, [r1, #124]",
    "    ldr r2, [sp, #4]",
    "    add r4, r1, #128",
    "    smlad r10, r3, r7, r10",
    "    cmp r4, r2",
    "    smlad r11, r5, r7, r11",
    "    bne 3b",
    "    smlad r12, r3, r9, r12",
    "    adds r0, #128",
    "    smlad lr, r5, r9, lr",
    "    ldr r2, [sp]",
    "    str r0, [r2, #28]",
    ".if \\activation == 3",
    "    ldr r8, [r2, #20]",
    "    stmia r8!, {{r10-r12, lr}}",
    ".else",
    "    ldm r2, {{r3-r9}}",
    "    scale_one r10, r3, r4, \\activation",
    "    strb r10, [r8]",
    "    scale_one r12, r5, r6, \\activation",
    "    strb r12, [r8, #1]",
    "    add r8, r9",
    "    scale_one r11, r3, r4, \\activation",
    "    strb r11, [r8]",
    "    scale_one lr, r5, r6, \\activation",
    "    strb lr, [r8, #1]",
    "    add r8, r9",
    ".endif",
    "    str r8, [r2, #20]",
    "    ldr r3, [r2, #48]",
    "    subs r3, #1",
    "    str r3, [r2, #48]",
    "    bne 2b",
    "    add sp, #12",
    "    pop {{r4-r11, pc}}",
    ".size \\name, . - \\name",
    ".endm",
    "products_pairs dsp_linear, 0",
    "products_pairs dsp_relu, 1",
    "products_pairs dsp_prelu, 2",
    "products_pairs dsp_sums, 3",
);
