//! Sum of two tensors, eight values at a time.

use core::arch::global_asm;

use crate::{Addition, generic};

/// Values per iteration.
const LANES: usize = 8;

/// Arguments of the assembly function.
#[repr(C)]
struct Job {
    a: *const i8,
    b: *const i8,
    output: *mut i8,
    rounds: usize,
    multiplier: [i32; 2],
    /// Contribution of the zero points.
    constant: i32,
    shift: i32,
    zero_point: i32,
    min: i32,
}

unsafe extern "C" {
    fn mve_add(job: &Job);
}

/// See [`crate::add`].
pub fn add(sum: &Addition, a: &[i8], b: &[i8], output: &mut [i8]) {
    let len = a.len().min(b.len()).min(output.len());
    let whole = if sum.max == 127 { len / LANES * LANES } else { 0 };
    if whole > 0 {
        let [a_zero, b_zero] = sum.input_zero;
        let job = Job {
            a: a.as_ptr(),
            b: b.as_ptr(),
            output: output.as_mut_ptr(),
            rounds: whole / LANES,
            multiplier: sum.multiplier,
            constant: -(a_zero * sum.multiplier[0] + b_zero * sum.multiplier[1]),
            shift: -(sum.shift as i32),
            zero_point: sum.zero_point,
            min: sum.min,
        };
        // SAFETY: all three slices have `whole` values, eight per iteration.
        unsafe { mve_add(&job) }
    }
    generic::add(sum, &a[whole..len], &b[whole..len], &mut output[whole..len]);
}

// `vmlas` multiplies by a vector and adds a scalar; `vmla` multiplies by a scalar and adds a vector. So the
// first factor is in q5, and adding the contribution of the zero points costs nothing. The steps of two vectors alternate,
// and each is narrowed by itself: a scatter store of both together would take longer. A round takes 27 cycles of a
// Cortex-M55.
global_asm!(
    ".cpu cortex-m55",
    ".section .text.mve_add, \"ax\"",
    ".balign 4",
    ".global mve_add",
    ".type mve_add, %function",
    ".thumb_func",
    "mve_add:",
    "    push {{r4-r9, lr}}",
    "    vpush {{d8-d13}}",
    "    mov r9, r0",
    "    ldm.w r9, {{r0-r7}}",
    "    ldr.w r8, [r9, #32]",
    "    ldr.w r12, [r9, #36]",
    "    vdup.8 q6, r12",
    "    vdup.32 q5, r4",
    "    dls lr, r3",
    ".balign 4",
    "2:",
    "    vldrb.s32 q0, [r0], #4",
    "    vmlas.i32 q0, q5, r6",
    "    vldrb.s32 q2, [r1], #4",
    "    vmla.i32 q0, q2, r5",
    "    vldrb.s32 q1, [r0], #4",
    "    vrshl.s32 q0, r7",
    "    vmlas.i32 q1, q5, r6",
    "    vqmovnb.s32 q0, q0",
    "    vldrb.s32 q3, [r1], #4",
    "    vmla.i32 q1, q3, r5",
    "    vqadd.s16 q0, q0, r8",
    "    vrshl.s32 q1, r7",
    "    vqmovnb.s32 q1, q1",
    "    vqmovnb.s16 q0, q0",
    "    vqadd.s16 q1, q1, r8",
    "    vqmovnb.s16 q1, q1",
    "    vmax.s8 q0, q0, q6",
    "    vstrb.32 q0, [r2], #4",
    "    vmax.s8 q1, q1, q6",
    "    vstrb.32 q1, [r2], #4",
    "    le lr, 2b",
    "    vpop {{d8-d13}}",
    "    pop {{r4-r9, pc}}",
    ".size mve_add, . - mve_add",
);
