//! Kernels for the Cortex-M55: Helium (MVE), in assembly where LLVM does not generate it.
//!
//! Each assembly function takes a pointer to a `repr(C)` struct with its arguments, so a call passes one
//! register and the function uses all others freely. The accumulator of `vmladav` must be an even
//! general-purpose register, and loops use `dls`/`le`, which need `lr`. That leaves seven accumulators, r0 to
//! r12. A dense convolution uses six: two filters times three pixels.
//!
//! Depthwise outputs are written with the scatter store `vstrb.16`, eight per store: in NHWC the pixels of a channel
//! are `channels` bytes apart.

mod add;
mod column;
mod conv2d;
mod depthwise_conv2d;
mod filter;
mod gather;
mod max_pool;
mod memory;
mod nearest;
mod pixel;
mod plane;
mod planes;
mod strip;
mod tile;
mod yuyv;

pub use add::add;
pub use conv2d::conv2d;
pub use depthwise_conv2d::depthwise_conv2d;
pub use max_pool::max_pool;
pub use nearest::nearest;
pub use yuyv::yuyv_to_rgb;

use crate::OutputStage;

/// Whether the assembly supports the stage: 8-bit outputs, and no clamp except the least output of a fused ReLU, which
/// must not be combined with a PReLU.
fn in_vectors(stage: &OutputStage, bytes: usize) -> bool {
    bytes == 1 && stage.max == 127 && (!stage.prelu || stage.min == -128)
}

/// Whether a channel of the stage has a left shift, which takes other assembly.
fn has_shift(stage: &OutputStage) -> bool {
    stage.scales.iter().any(|scale| scale.shift != 0)
}

/// The same for 16-bit outputs, the outputs of a network: no zero point and no activation.
fn in_wide_vectors(stage: &OutputStage, bytes: usize) -> bool {
    let range = [stage.min, stage.max] == [i16::MIN, i16::MAX].map(i32::from);
    bytes == 2 && range && stage.zero_point == 0 && !stage.prelu
}
