//! The reference operators, in plain safe Rust.
//!
//! Loops run over slices of equal length, so that LLVM vectorises them if the target supports it.

mod add;
mod average_pool;
mod conv2d;
mod depthwise_conv2d;
mod dot;
mod gate;
mod max_pool;
mod nearest;
mod resize;
#[cfg(backend)]
mod stored;
mod table;
mod yuyv;

pub use add::add;
pub use average_pool::average_pool;
pub use conv2d::conv2d;
pub use depthwise_conv2d::depthwise_conv2d;
pub use dot::dot;
pub use gate::gate;
pub use max_pool::max_pool;
pub use nearest::nearest;
pub use resize::resize_nearest_2x;
#[cfg(backend)]
pub use stored::{conv2d_stored, depthwise_conv2d_stored};
pub use table::table;
pub use yuyv::yuyv_to_rgb;
