//! Kernels for the Cortex-M7: the DSP extension, in assembly since stable Rust has no intrinsics
//! for it.
//!
//! `smlad` multiplies two pairs of 16-bit values and adds both products, so bytes are widened to
//! pairs once for many products: `sxtb16` takes the first and third byte of a word, and after a
//! rotation the second and fourth. `smmlar` multiplies an accumulator by the multiplier, rounds and
//! adds the zero point, all of [`crate::requantize`] in one instruction; `ssat` clamps.

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

/// What follows a sum, as far as the asm has it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Activation {
    /// Only the range of 8 bits.
    Linear,
    /// Nothing below the zero point.
    Relu,
    /// A multiplier of its own below zero.
    Prelu,
}

/// Whether outputs have 16 bits and neither a zero point nor an activation, as those of a network.
fn is_wide(stage: &OutputStage, bytes: usize) -> bool {
    let range = [stage.min, stage.max] == [i16::MIN, i16::MAX].map(i32::from);
    bytes == 2 && range && stage.zero_point == 0 && !stage.prelu
}

/// What the stage does to outputs of this many bytes, if the asm has it.
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
