//! A 3x3 filter over a plane of one channel.
//!
//! A word of the plane holds the pixels of two rows in one column. So `smlad` adds the products of two
//! vertically adjacent taps, and `smlabt` that of a third row. With stride 1, two vertically adjacent outputs
//! share the six words that they depend on: output `y` uses rows 0 to 2 and output `y + 1` rows 1 to 3.

use core::arch::global_asm;

use super::Activation;
use crate::parts::{PITCH, ROWS};
use crate::{Element, Scale};

/// Pairs of rows in a plane: one more than the rows need, because the last output row may be computed
/// together with a row below it that does not exist.
pub const PAIRS: usize = ROWS / 2 + 2;

/// The parameters that all channels share.
pub struct Filter {
    /// Rows of outputs.
    pub rows: usize,
    /// Columns of outputs.
    pub columns: usize,
    /// 1 or 2.
    pub stride: usize,
    /// Channels of the output: values from one pixel to the next.
    pub channels: usize,
    /// Values from one row to the next in the output.
    pub output_row: usize,
    /// Zero point of the output.
    pub zero_point: i32,
    /// The output stage.
    pub finish: Finish,
}

/// How sums become outputs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// 8-bit outputs.
    Narrow(Activation),
    /// 16-bit outputs without a zero point, after a left shift.
    Wide,
}

/// Arguments of the assembly function for one or two rows of outputs.
#[repr(C)]
struct Job {
    bias: [i32; 2],
    /// Multipliers of sums and of negative sums; with 16-bit outputs, the left shift in place of the latter.
    multiplier: [i32; 2],
    zero_point: i32,
    /// Bytes to the second row; 0 if there is none, so that the first row overwrites it.
    second: usize,
    /// Bytes from one pixel to the next in the output.
    step: usize,
    plane: *const [i16; 2],
    plane_end: *const [i16; 2],
    output: *mut u8,
    /// Taps of rows 0 and 1 of each column, then of rows 1 and 2.
    taps: [[[i16; 2]; 3]; 2],
}

unsafe extern "C" {
    fn dsp_filter_1_linear(job: &Job);
    fn dsp_filter_1_relu(job: &Job);
    fn dsp_filter_1_prelu(job: &Job);
    fn dsp_filter_1_wide(job: &Job);
    fn dsp_filter_2_linear(job: &Job);
    fn dsp_filter_2_relu(job: &Job);
    fn dsp_filter_2_prelu(job: &Job);
    fn dsp_filter_2_wide(job: &Job);
}

/// Computes one channel; `output` starts at its first value.
pub fn filter<O: Element>(
    it: &Filter,
    plane: &[[i16; 2]; PAIRS * PITCH],
    weights: &[i8; 9],
    scale: &Scale,
    output: &mut [O],
) {
    let bytes = size_of::<O>();
    assert!(bytes == if it.finish == Finish::Wide { 2 } else { 1 });
    let (first, together) = (it.stride == 1, if it.stride == 1 { 2 } else { 1 });
    assert!(it.rows > 0 && it.columns > 0 && (it.rows - 1) * it.stride + 3 <= ROWS + 1);
    assert!((it.columns - 1) * it.stride + 3 <= PITCH);
    assert!(output.len() > (it.rows - 1) * it.output_row + (it.columns - 1) * it.channels);
    let tap = |row: usize, column: usize| i16::from(weights[row * 3 + column]);
    let run = match (first, it.finish) {
        (true, Finish::Narrow(Activation::Linear)) => dsp_filter_1_linear,
        (true, Finish::Narrow(Activation::Relu)) => dsp_filter_1_relu,
        (true, Finish::Narrow(Activation::Prelu)) => dsp_filter_1_prelu,
        (true, Finish::Wide) => dsp_filter_1_wide,
        (false, Finish::Narrow(Activation::Linear)) => dsp_filter_2_linear,
        (false, Finish::Narrow(Activation::Relu)) => dsp_filter_2_relu,
        (false, Finish::Narrow(Activation::Prelu)) => dsp_filter_2_prelu,
        (false, Finish::Wide) => dsp_filter_2_wide,
    };
    let second = if it.finish == Finish::Wide { scale.shift } else { 2 * scale.negative };
    let mut job = Job {
        bias: [scale.bias; 2],
        multiplier: [2 * scale.multiplier, second],
        zero_point: it.zero_point,
        second: 0,
        step: it.channels * bytes,
        plane: core::ptr::null(),
        plane_end: core::ptr::null(),
        output: core::ptr::null_mut(),
        taps: [0, 1].map(|row| [0, 1, 2].map(|column| [tap(row, column), tap(row + 1, column)])),
    };
    for (pair, row) in (0..it.rows).step_by(together).enumerate() {
        let seen = &plane[pair * PITCH..(pair + 2) * PITCH];
        job.plane = seen.as_ptr();
        job.plane_end = seen[it.columns * it.stride..].as_ptr();
        job.output = output[row * it.output_row..].as_mut_ptr().cast();
        job.second = if first && row + 1 < it.rows { it.output_row * bytes } else { 0 };
        // SAFETY: from `plane` on, the plane has two pairs of rows and all columns of the receptive fields,
        // and the output contains its last row and column, as asserted.
        unsafe { run(&job) }
    }
}

// The last parameter of the macros is 0 linear, 1 ReLU, 2 PReLU, 3 16 bits. r1 to r6 are the taps, r7, r9 and
// r10 three columns of a pair of rows, r11 and r12 the sums. There is no register left for bias, multipliers
// and zero point, which are on the stack.
global_asm!(
    ".cpu cortex-m7",
    ".macro filter_scale sum, activation",
    ".if \\activation == 3",
    "    lsl \\sum, \\sum, r9",
    "    smmulr \\sum, \\sum, r7",
    "    ssat \\sum, #16, \\sum",
    ".else",
    ".if \\activation == 2",
    "    cmp \\sum, #0",
    "    ite ge",
    "    smmlarge \\sum, \\sum, r7, r10",
    "    smmlarlt \\sum, \\sum, r9, r10",
    ".elseif \\activation == 1",
    "    smmulr \\sum, \\sum, r7",
    "    bic \\sum, \\sum, \\sum, asr #31",
    "    add \\sum, \\sum, r10",
    ".else",
    "    smmlar \\sum, \\sum, r7, r10",
    ".endif",
    "    ssat \\sum, #8, \\sum",
    ".endif",
    ".endm",
    ".macro filter_rows name, stride, activation",
    ".section .text.\\name, \"ax\"",
    ".balign 4",
    ".global \\name",
    ".type \\name, %function",
    ".thumb_func",
    "\\name:",
    "    push {{r4-r11, lr}}",
    "    sub sp, #28",
    "    ldm r0!, {{r1-r7}}",
    "    stm sp, {{r1-r7}}",
    "    ldr r9, [r0]",
    "    ldr lr, [r0, #4]",
    "    ldr r8, [r0, #8]",
    "    add r0, #12",
    "    ldm r0, {{r1-r6}}",
    "    mov r0, r9",
    "2:",
    "    ldm r0, {{r7, r9, r10}}",
    "    ldrd r11, r12, [sp]",
    "    smlad r11, r7, r1, r11",
    "    smlad r11, r9, r2, r11",
    "    smlad r11, r10, r3, r11",
    ".if \\stride == 1",
    "    smlatb r12, r7, r1, r12",
    "    smlatb r12, r9, r2, r12",
    "    smlatb r12, r10, r3, r12",
    ".endif",
    "    ldrd r7, r9, [r0, #4 * {pitch}]",
    "    ldr r10, [r0, #4 * {pitch} + 8]",
    "    smlabt r11, r7, r4, r11",
    "    smlabt r11, r9, r5, r11",
    "    smlabt r11, r10, r6, r11",
    ".if \\stride == 1",
    "    smlad r12, r7, r4, r12",
    "    smlad r12, r9, r5, r12",
    "    smlad r12, r10, r6, r12",
    ".endif",
    "    ldrd r7, r9, [sp, #8]",
    "    ldr r10, [sp, #16]",
    ".if \\stride == 1",
    "    filter_scale r12, \\activation",
    ".endif",
    "    filter_scale r11, \\activation",
    "    ldrd r7, r9, [sp, #20]",
    ".if \\activation == 3",
    ".if \\stride == 1",
    "    strh r12, [r8, r7]",
    ".endif",
    "    strh r11, [r8]",
    ".else",
    ".if \\stride == 1",
    "    strb r12, [r8, r7]",
    ".endif",
    "    strb r11, [r8]",
    ".endif",
    "    add r8, r9",
    "    add r0, #4 * \\stride",
    "    cmp r0, lr",
    "    bne 2b",
    "    add sp, #28",
    "    pop {{r4-r11, pc}}",
    ".size \\name, . - \\name",
    ".endm",
    "filter_rows dsp_filter_1_linear, 1, 0",
    "filter_rows dsp_filter_1_relu, 1, 1",
    "filter_rows dsp_filter_1_prelu, 1, 2",
    "filter_rows dsp_filter_1_wide, 1, 3",
    "filter_rows dsp_filter_2_linear, 2, 0",
    "filter_rows dsp_filter_2_relu, 2, 1",
    "filter_rows dsp_filter_2_prelu, 2, 2",
    "filter_rows dsp_filter_2_wide, 2, 3",
    pitch = const PITCH,
);
