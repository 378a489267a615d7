//! Sum of two tensors.

use core::arch::global_asm;

use crate::{Addition, generic};

/// Values per iteration.
const UNROLL: usize = 4;

/// Arguments of the assembly function.
#[repr(C)]
struct Job {
    a: *const i8,
    b: *const i8,
    output: *mut i8,
    rounds: usize,
    multiplier: [i32; 2],
    /// Contribution of the zero points and of rounding.
    constant: i32,
    shift: u32,
    zero_point: i32,
}

unsafe extern "C" {
    fn dsp_add(job: &Job);
    fn dsp_add_relu(job: &Job);
}

/// See [`crate::add`].
pub fn add(sum: &Addition, a: &[i8], b: &[i8], output: &mut [i8]) {
    let len = a.len().min(b.len()).min(output.len());
    let relu = sum.min == sum.zero_point;
    let whole = if sum.max == 127 && (relu || sum.min == -128) { len / UNROLL * UNROLL } else { 0 };
    if whole > 0 {
        let [a_zero, b_zero] = sum.input_zero;
        let job = Job {
            a: a.as_ptr(),
            b: b.as_ptr(),
            output: output.as_mut_ptr(),
            rounds: whole / UNROLL,
            multiplier: sum.multiplier,
            constant: (1 << (sum.shift - 1)) - a_zero * sum.multiplier[0] - b_zero * sum.multiplier[1],
            shift: sum.shift,
            zero_point: sum.zero_point,
        };
        // SAFETY: all three slices have `whole` values, four per iteration.
        unsafe { if relu { dsp_add_relu(&job) } else { dsp_add(&job) } }
    }
    generic::add(sum, &a[whole..len], &b[whole..len], &mut output[whole..len]);
}

global_asm!(
    ".cpu cortex-m7",
    ".macro add_one relu",
    "    ldrsb r9, [r0], #1",
    "    ldrsb r10, [r1], #1",
    "    mla r9, r9, r4, r6",
    "    mla r9, r10, r5, r9",
    "    asr r9, r9, r7",
    ".if \\relu",
    "    bic r9, r9, r9, asr #31",
    ".endif",
    "    add r9, r8",
    "    ssat r9, #8, r9",
    "    strb r9, [r2], #1",
    ".endm",
    ".macro add_all name, relu",
    ".section .text.\\name, \"ax\"",
    ".balign 4",
    ".global \\name",
    ".type \\name, %function",
    ".thumb_func",
    "\\name:",
    "    push {{r4-r10, lr}}",
    "    mov r9, r0",
    "    ldm r9, {{r0-r8}}",
    "2:",
    "    add_one \\relu",
    "    add_one \\relu",
    "    add_one \\relu",
    "    add_one \\relu",
    "    subs r3, #1",
    "    bne 2b",
    "    pop {{r4-r10, pc}}",
    ".size \\name, . - \\name",
    ".endm",
    "add_all dsp_add, 0",
    "add_all dsp_add_relu, 1",
);
