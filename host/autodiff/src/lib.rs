//! Operators with gradients on the processor, and optimisers: what style transfer and training share.
//!
//! | part | what it is |
//! |---|---|
//! | [`buffer`], [`buffer_pool`] | floats that begin on a cache line, and memory that is used again |
//! | [`gemm`] | products of matrices: by a packed one, and of two tall ones |
//! | [`winograd`] | 3x3 convolutions by minimal filtering |
//! | [`operators`] | layers of a batch, with the gradients by their inputs and by their weights |
//! | [`network`] | a network whose weights are fixed, read from ONNX; gradients by the pixels |
//! | [`optimizer`] | Adam, momentum, and the parameters that they change |
//!
//! A feature map is rows of pixels, each with its channels together (NHWC), so that vectors run over channels
//! in every operator. Work is cut into parts whose size depends on the shapes alone, and sums over parts are
//! made in their order: the same bits on any number of cores.
//!
//! The crate draws no random numbers, reads no file and no clock.
#![forbid(unsafe_code)]

pub mod buffer;
pub mod buffer_pool;
pub mod gemm;
pub mod network;
pub mod operators;
pub mod optimizer;
pub mod vector;
pub mod winograd;

mod error;

pub use buffer::Buffer;
pub use buffer_pool::BufferPool;
pub use error::Error;
pub use kernels::Shape;
pub use network::{LayerId, Network, Pass};
pub use onnx::Window;
pub use optimizer::{Optimizer, Parameter, Role, Rule};
