//! Int8 operators for Cortex-M and the host.
//!
//! Every operator exists in [`generic`], which is the reference, and in the backends that have faster
//! instructions for it: `mve` (Cortex-M55) and `dsp` (Cortex-M7), selected by `build.rs`; `x86` (AVX-512 VNNI
//! or AVX2) and `aarch64` (NEON, with dot products or without), selected at run time with the feature `std`.
//! All backends compute the same bytes as `generic`: `tests/equality.rs` compares them on the host and under an
//! emulator of Arm, the conformance suite on the boards.
//!
//! Kernels keep their temporary data on the stack, at most 20 KiB on a Cortex-M55 and 44 KiB on a Cortex-M7.
//!
//! Tensors are NHWC with a batch of one. The arithmetic is that of the TFLite int8 specification: weights
//! symmetric per channel, activations affine per tensor, `i32` accumulators and bias, and the single rounding
//! rule of [`requantize`].
//!
//! Callers check sizes when a model is loaded. A slice that is too short is a logic error of the caller: the
//! operators then compute less, or panic at an index out of bounds, but never access memory outside the
//! slices.
#![no_std]
#![deny(unsafe_op_in_unsafe_fn)]

#[cfg(feature = "std")]
extern crate std;

mod chroma;
mod element;
#[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), feature = "std"))]
mod lanes;
mod params;
#[cfg(backend)]
mod parts;
mod patch;
mod requantize;
mod shape;

#[cfg(all(target_arch = "aarch64", feature = "std"))]
mod aarch64;
#[cfg(backend = "dsp")]
mod dsp;
pub mod generic;
#[cfg(backend = "mve")]
mod mve;
pub mod weights;
#[cfg(all(target_arch = "x86_64", feature = "std"))]
mod x86;

pub use chroma::Chroma;
pub use element::Element;
pub use params::{Addition, Convolution, GATE_STEPS, Gate, OutputStage, Pooling, Scale, TABLE_STEPS};
pub use requantize::{MULTIPLIER_BOUND, requantize, requantize_bound};
pub use shape::{Shape, Window};

/// Dense two-dimensional convolution. A fully connected layer is one whose kernel has the size of its input.
pub fn conv2d<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    #[cfg(all(target_arch = "x86_64", feature = "std"))]
    return x86::conv2d(conv, input, output);
    #[cfg(all(target_arch = "aarch64", feature = "std"))]
    return aarch64::conv2d(conv, input, output);
    #[cfg(backend = "dsp")]
    return dsp::conv2d(conv, input, output);
    #[cfg(backend = "mve")]
    return mve::conv2d(conv, input, output);
    #[cfg(not(any(backend, all(any(target_arch = "x86_64", target_arch = "aarch64"), feature = "std"))))]
    generic::conv2d(conv, input, output)
}

/// Depthwise convolution, one filter per channel; a 1x1 kernel scales channels.
pub fn depthwise_conv2d<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    #[cfg(all(target_arch = "x86_64", feature = "std"))]
    return x86::depthwise_conv2d(conv, input, output);
    #[cfg(all(target_arch = "aarch64", feature = "std"))]
    return aarch64::depthwise_conv2d(conv, input, output);
    #[cfg(backend = "dsp")]
    return dsp::depthwise_conv2d(conv, input, output);
    #[cfg(backend = "mve")]
    return mve::depthwise_conv2d(conv, input, output);
    #[cfg(not(any(backend, all(any(target_arch = "x86_64", target_arch = "aarch64"), feature = "std"))))]
    generic::depthwise_conv2d(conv, input, output)
}

/// Adds two tensors element by element.
pub fn add(sum: &Addition, a: &[i8], b: &[i8], output: &mut [i8]) {
    #[cfg(backend = "dsp")]
    return dsp::add(sum, a, b, output);
    #[cfg(backend = "mve")]
    return mve::add(sum, a, b, output);
    #[cfg(not(backend))]
    generic::add(sum, a, b, output)
}

/// Finds the row of `rows` with the greatest dot product with `query`. Each row has the length of `query` and
/// starts `pitch` values after the one before; `pitch` is at least that length.
///
/// Returns the number of the row and the product; the first row among equal ones, `None` if there is no
/// complete row.
pub fn nearest(query: &[i8], rows: &[i8], pitch: usize) -> Option<(usize, i32)> {
    #[cfg(backend = "mve")]
    return mve::nearest(query, rows, pitch);
    #[cfg(not(backend = "mve"))]
    generic::nearest(query, rows, pitch)
}

/// Converts camera pixels (YUYV, BT.601 full range) to network input (RGB, `i8 = u8 - 128`).
///
/// Converts as many pairs of pixels as both slices hold.
pub fn yuyv_to_rgb(pixels: &[u8], rgb: &mut [i8]) {
    #[cfg(backend = "mve")]
    return mve::yuyv_to_rgb(pixels, rgb);
    #[cfg(not(backend = "mve"))]
    generic::yuyv_to_rgb(pixels, rgb)
}

/// Maximum of each channel over each window.
pub fn max_pool(pool: &Pooling, input: &[i8], output: &mut [i8]) {
    #[cfg(backend = "dsp")]
    return dsp::max_pool(pool, input, output);
    #[cfg(backend = "mve")]
    return mve::max_pool(pool, input, output);
    #[cfg(not(backend))]
    generic::max_pool(pool, input, output)
}

pub use generic::{average_pool, dot, gate, resize_nearest_2x, table};
