//! Kernels for the Cortex-M55: Helium (MVE), in assembly where LLVM does not find it.
//!
//! Each asm function takes a pointer to a `repr(C)` struct of what it works on, so that its call is
//! one argument and its registers are its own. The accumulator of `vmladav` must be an even
//! general-purpose register, and loops use `dls`/`le`, which need `lr`: that leaves seven
//! accumulators, r0 to r12, and is why a tile has seven pixels.
//!
//! Outputs go through the scatter store `vstrb.16`, eight a store: the channels of a tile lie
//! `channels` bytes apart in NHWC.

mod add;
mod column;
mod conv2d;
mod depthwise_conv2d;
mod filter;
mod gather;
mod max_pool;
mod nearest;
mod pixel;
mod plane;
mod tile;
mod yuyv;

pub use add::add;
pub use conv2d::conv2d;
pub use depthwise_conv2d::depthwise_conv2d;
pub use max_pool::max_pool;
pub use nearest::nearest;
pub use yuyv::yuyv_to_rgb;

use crate::OutputStage;

/// Whether the stage is one that the asm has: 8 bits out, no left shift, and no clamp of its own but
/// the least output of a fused ReLU, which a PReLU does not have.
fn in_vectors(stage: &OutputStage, bytes: usize) -> bool {
    let clamp = stage.max == 127 && (!stage.prelu || stage.min == -128);
    bytes == 1 && clamp && stage.scales.iter().all(|scale| scale.shift == 0)
}

/// The same for 16 bits out, as a network's outputs are: no zero point and no activation.
fn in_wide_vectors(stage: &OutputStage, bytes: usize) -> bool {
    let range = [stage.min, stage.max] == [i16::MIN, i16::MAX].map(i32::from);
    bytes == 2 && range && stage.zero_point == 0 && !stage.prelu
}
