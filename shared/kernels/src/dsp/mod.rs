//! Kernels for the Cortex-M7: the DSP extension, in assembly, because stable Rust has no intrinsics for it.
//!
//! `smlad` multiplies two pairs of 16-bit values and adds both products, so bytes are widened to pairs once
//! for many products: `sxtb16` widens the first and third byte of a word, and after a rotation the second and
//! fourth. `smmlar` multiplies an accumulator by the multiplier, rounds, and adds the zero point:
//! [`crate::requantize`] in one instruction. `ssat` clamps.

mod add;
mod conv2d;
mod depthwise_conv2d;
mod filter;
mod max_pool;
mod plane;
mod products;
mod unpack;

pub use add::add;
pub use conv2d::conv2d;
pub use depthwise_conv2d::depthwise_conv2d;
pub use max_pool::max_pool;

use crate::OutputStage;

/// The activations that the assembly supports.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Activation {
    /// None except saturation to 8 bits.
    Linear,
    /// No output below the zero point.
    Relu,
    /// A separate multiplier for negative sums.
    Prelu,
}

/// Whether outputs have 16 bits, no zero point and no activation, like the outputs of a network.
fn is_wide(stage: &OutputStage, bytes: usize) -> bool {
    let range = [stage.min, stage.max] == [i16::MIN, i16::MAX].map(i32::from);
    bytes == 2 && range && stage.zero_point == 0 && !stage.prelu
}

/// The activation of the stage for outputs with this number of bytes, if the assembly supports it.
fn activation(stage: &OutputStage, bytes: usize) -> Option<Activation> {
    let plain = bytes == 1 && stage.max == 127 && stage.scales.iter().all(|scale| scale.shift == 0);
    match (stage.prelu, stage.min) {
        _ if !plain => None,
        (true, -128) => Some(Activation::Prelu),
        (false, -128) => Some(Activation::Linear),
        (false, min) if min == stage.zero_point => Some(Activation::Relu),
        _ => None,
    }
}
