//! Kernels for 64-bit Arm hosts.
//!
//! Convolutions use the dot product instructions of Armv8.2 if they are detected at run time, and otherwise instructions that
//! every such processor has.

mod columns;
mod conv2d;
mod dense;
mod depthwise_conv2d;
mod dot;
mod pairs;
mod stage;

pub use conv2d::conv2d;
pub use depthwise_conv2d::depthwise_conv2d;
use stage::Stage;

/// 32-bit lanes per register: outputs that are computed together.
const LANES: usize = 4;
