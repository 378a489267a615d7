//! Int8 operators for Cortex-M and the host.
//!
//! Every operator exists once in [`generic`], which is the reference, and again in a backend where
//! a processor has something better: `x86` (AVX-512 VNNI or AVX2, chosen at run time with the
//! feature `std`). On a Cortex-M55 the compiler turns the inner loops of `generic` into Helium
//! (`vmlava.s8` under `letp`), so that there is no copy of them to keep equal. A backend gives the
//! same bytes as `generic`; `tests/equality.rs` compares them on random shapes.
//!
//! Tensors are NHWC with a batch of one. The arithmetic is that of the TFLite int8 specification:
//! weights symmetric a channel, activations affine a tensor, `i32` accumulators and bias, and the
//! one rounding rule of [`requantize`].
//!
//! Callers check sizes when a model is loaded; a slice that is too short is a logic error there,
//! and the operators then compute less, or index out of bounds and panic, but never read outside.
#![no_std]
#![deny(unsafe_op_in_unsafe_fn)]

#[cfg(feature = "std")]
extern crate std;

mod element;
mod params;
mod requantize;
mod shape;

pub mod generic;
#[cfg(all(target_arch = "x86_64", feature = "std"))]
mod x86;

pub use element::Element;
pub use params::{Addition, Convolution, NegativeSide, OutputStage, Pooling};
pub use requantize::{requantize, requantize_bound};
pub use shape::{Shape, Window};

/// Dense two-dimensional convolution; a fully connected layer is one whose kernel is its input.
pub fn conv2d<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    #[cfg(all(target_arch = "x86_64", feature = "std"))]
    return x86::conv2d(conv, input, output);
    #[cfg(not(all(target_arch = "x86_64", feature = "std")))]
    generic::conv2d(conv, input, output)
}

/// Depthwise convolution, one filter a channel; with a 1x1 kernel it scales channels.
pub fn depthwise_conv2d<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    #[cfg(all(target_arch = "x86_64", feature = "std"))]
    return x86::depthwise_conv2d(conv, input, output);
    #[cfg(not(all(target_arch = "x86_64", feature = "std")))]
    generic::depthwise_conv2d(conv, input, output)
}

pub use generic::{add, average_pool, dot, max_pool, resize_nearest_2x};
