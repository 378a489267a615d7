//! Products of one pixel with all filters, for fully connected layers.

use core::arch::global_asm;

use crate::weights::PIECE;

/// Pieces per call.
pub const PIECES: usize = 4;

/// Four pieces of a pixel, and the same pieces of the filters.
pub struct Pixel<'a> {
    /// Values; zero past the last piece.
    pub values: [[i8; PIECE]; PIECES],
    /// Weights, starting with the piece of the first filter.
    pub weights: [&'a [i8]; PIECES],
}

/// Arguments of the assembly function.
#[repr(C)]
struct Job {
    weights: [*const i8; PIECES],
    sums: *mut i32,
    filters: usize,
    values: *const i8,
}

unsafe extern "C" {
    fn mve_pixel_products(job: &Job);
}

/// Adds the products of `pixel` to `sums`, which has one sum per filter.
pub fn mve_pixel(pixel: &Pixel, sums: &mut [i32]) {
    let filters = sums.len();
    assert!(filters > 0 && pixel.weights.iter().all(|weights| weights.len() >= filters * PIECE));
    let job = Job {
        weights: pixel.weights.map(<[i8]>::as_ptr),
        sums: sums.as_mut_ptr(),
        filters,
        values: pixel.values.as_ptr().cast(),
    };
    // SAFETY: each of the four slices of weights has a piece for every filter, as just asserted, and the
    // values are four pieces.
    unsafe { mve_pixel_products(&job) }
}

// The four pieces stay in q0..q3. A filter costs two instructions per piece, and two for its sum.
global_asm!(
    ".cpu cortex-m55",
    ".section .text.mve_pixel_products, \"ax\"",
    ".balign 4",
    ".global mve_pixel_products",
    ".type mve_pixel_products, %function",
    ".thumb_func",
    "mve_pixel_products:",
    "    push {{r4-r7, lr}}",
    "    vpush {{d8-d9}}",
    "    ldr r1, [r0, #24]",
    "    vldrb.u8 q0, [r1]",
    "    vldrb.u8 q1, [r1, #16]",
    "    vldrb.u8 q2, [r1, #32]",
    "    vldrb.u8 q3, [r1, #48]",
    "    ldr.w r12, [r0, #20]",
    "    ldm.w r0, {{r1, r3, r5, r6, r7}}",
    "    dls lr, r12",
    "2:",
    "    ldr r4, [r7]",
    "    vldrb.u8 q4, [r1], #16",
    "    vmladava.s8 r4, q0, q4",
    "    vldrb.u8 q4, [r3], #16",
    "    vmladava.s8 r4, q1, q4",
    "    vldrb.u8 q4, [r5], #16",
    "    vmladava.s8 r4, q2, q4",
    "    vldrb.u8 q4, [r6], #16",
    "    vmladava.s8 r4, q3, q4",
    "    str r4, [r7], #4",
    "    le lr, 2b",
    "    vpop {{d8-d9}}",
    "    pop {{r4-r7, pc}}",
    ".size mve_pixel_products, . - mve_pixel_products",
);
