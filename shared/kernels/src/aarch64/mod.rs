//! Kernels for 64-bit Arm hosts.
//!
//! Dense convolutions need the dot product instructions of Armv8.2, which are asked for at run time;
//! depthwise ones only what every such processor has.

mod conv2d;
mod depthwise_conv2d;
mod stage;

pub use conv2d::conv2d;
pub use depthwise_conv2d::depthwise_conv2d;

/// 32-bit lanes of a register: outputs that are finished together.
const LANES: usize = 4;

type Scales = crate::lanes::Scales<LANES>;
