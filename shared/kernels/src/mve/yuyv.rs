//! Camera pixels to network input, eight pairs per iteration.
//!
//! A coefficient of more than 16 bits is split into a 16-bit coefficient and an integer multiple of the
//! value, which needs no rounding. `vrmulh` rounds like [`crate::Chroma`]. Green, which rounds the sum of two
//! products, is computed in 32 bits.

use core::arch::global_asm;

use crate::chroma::{B_U, G_U, G_V, R_V};
use crate::generic;

/// Pairs of pixels per iteration.
const PAIRS: usize = 8;
/// Bytes per iteration, of the camera and of the network; offsets have 16 bits.
const FROM: usize = 4 * PAIRS;
const TO: usize = 6 * PAIRS;
/// Most iterations per call.
const ROUNDS: usize = (1 << 16) / TO - 1;

/// Arguments of the assembly function.
#[repr(C)]
struct Job {
    from: *const u8,
    to: *mut i8,
    rounds: usize,
    vectors: *const Vectors,
}

/// Constants that are equal in all lanes, or increase from lane to lane.
#[repr(C)]
struct Vectors {
    from: [u16; PAIRS],
    to: [u16; PAIRS],
    red_v: [i16; PAIRS],
    blue_u: [i16; PAIRS],
    green_u: [i16; PAIRS],
    green_v: [i16; PAIRS],
    step: [u16; PAIRS],
}

const ONE: i32 = 1 << 16;

static VECTORS: Vectors = Vectors {
    from: [0, 4, 8, 12, 16, 20, 24, 28],
    to: [0, 6, 12, 18, 24, 30, 36, 42],
    red_v: [(R_V - ONE) as i16; PAIRS],
    blue_u: [(B_U - 2 * ONE) as i16; PAIRS],
    green_u: [-G_U as i16; PAIRS],
    green_v: [(ONE - G_V) as i16; PAIRS],
    step: [TO as u16; PAIRS],
};

unsafe extern "C" {
    fn mve_yuyv(job: &Job);
}

/// See [`crate::yuyv_to_rgb`].
pub fn yuyv_to_rgb(pixels: &[u8], rgb: &mut [i8]) {
    let rounds = (pixels.len() / FROM).min(rgb.len() / TO).min(ROUNDS);
    if rounds > 0 {
        let job = Job { from: pixels.as_ptr(), to: rgb.as_mut_ptr(), rounds, vectors: &VECTORS };
        // SAFETY: both slices hold this number of iterations, and offsets fit 16 bits.
        unsafe { mve_yuyv(&job) }
    }
    generic::yuyv_to_rgb(&pixels[rounds * FROM..], &mut rgb[rounds * TO..]);
}

// q0 and q1 are U and V, q3 and q4 the two lumas of each pair, all minus 128, so that narrowing with
// saturation gives the value for the network. Each channel is scattered when it is ready; q6 and q7 hold the
// offsets of the lanes in destination and source.
global_asm!(
    ".cpu cortex-m55",
    ".macro yuyv_channel share, first, second",
    "    vadd.i16 q5, q3, \\share",
    "    vqmovnb.s16 q5, q5",
    "    vstrb.16 q5, [\\first, q6]",
    "    vadd.i16 q5, q4, \\share",
    "    vqmovnb.s16 q5, q5",
    "    vstrb.16 q5, [\\second, q6]",
    ".endm",
    ".section .text.mve_yuyv, \"ax\"",
    ".balign 4",
    ".global mve_yuyv",
    ".type mve_yuyv, %function",
    ".thumb_func",
    "mve_yuyv:",
    "    push {{r4-r11, lr}}",
    "    vpush {{d8-d15}}",
    "    ldr.w lr, [r0, #8]",
    "    ldr.w r12, [r0, #12]",
    "    ldrd r0, r1, [r0]",
    "    adds r4, r0, #1",
    "    adds r5, r0, #2",
    "    adds r6, r0, #3",
    "    adds r7, r1, #1",
    "    add.w r8, r1, #2",
    "    add.w r9, r1, #3",
    "    add.w r10, r1, #4",
    "    add.w r11, r1, #5",
    "    movs r2, #128",
    "    movs r3, #32",
    "    vldrh.u16 q7, [r12]",
    "    vldrh.u16 q6, [r12, #16]",
    "    dls lr, lr",
    "2:",
    "    vldrb.u16 q0, [r4, q7]",
    "    vldrb.u16 q1, [r6, q7]",
    "    vldrb.u16 q3, [r0, q7]",
    "    vldrb.u16 q4, [r5, q7]",
    "    vsub.i16 q0, q0, r2",
    "    vsub.i16 q1, q1, r2",
    "    vsub.i16 q3, q3, r2",
    "    vsub.i16 q4, q4, r2",
    "    vldrh.u16 q2, [r12, #32]",
    "    vrmulh.s16 q2, q1, q2",
    "    vadd.i16 q2, q2, q1",
    "    yuyv_channel q2, r1, r9",
    "    vldrh.u16 q2, [r12, #48]",
    "    vrmulh.s16 q2, q0, q2",
    "    vadd.i16 q2, q2, q0",
    "    vadd.i16 q2, q2, q0",
    "    yuyv_channel q2, r8, r11",
    "    vldrh.u16 q2, [r12, #64]",
    "    vmullb.s16 q5, q0, q2",
    "    vmullt.s16 q2, q0, q2",
    "    vldrh.u16 q0, [r12, #80]",
    "    vmullb.s16 q4, q1, q0",
    "    vadd.i32 q5, q5, q4",
    "    vmullt.s16 q4, q1, q0",
    "    vadd.i32 q2, q2, q4",
    "    vrshrnb.i32 q5, q5, #16",
    "    vrshrnt.i32 q5, q2, #16",
    "    vsub.i16 q2, q5, q1",
    "    vldrb.u16 q4, [r5, q7]",
    "    vsub.i16 q4, q4, r2",
    "    yuyv_channel q2, r7, r10",
    "    vldrh.u16 q0, [r12, #96]",
    "    vadd.i16 q6, q6, q0",
    "    vadd.i16 q7, q7, r3",
    "    le lr, 2b",
    "    vpop {{d8-d15}}",
    "    pop {{r4-r11, pc}}",
    ".size mve_yuyv, . - mve_yuyv",
);
