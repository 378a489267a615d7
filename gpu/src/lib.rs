//! An engine for encoders on burn's tensors: a GPU with the features `wgpu` and `cuda`, the processor with `flex`.
//!
//! [`Tensors`] is an [`encoder::Engine`]. Weights, optimiser and statistics stay with the encoder: a step sends
//! the weights and the pictures to the device, and gets embeddings and gradients back, a few megabytes. So everything but
//! the arithmetic is the code that the processor runs, and the test `engine` compares the two.
//!
//! A GPU sums up in an order of its own: the same bits on another machine are not promised here.
#![forbid(unsafe_code)]

mod engine;

pub use burn_tensor::{Device, DeviceKind};
pub use engine::Tensors;
