//! Differentiable networks: from ONNX to the values of layers and back to the picture's gradient.
//!
//! [`Network::read`] takes of an ONNX file what some layers need; a [`Pass`] holds the memory in
//! which [`Pass::forward`] computes them for a picture and [`Pass::backward`] takes the gradient of
//! whatever cost was put on them back to the pixels.
//!
//! Weights do not change here, so no gradient is taken to them. Everything runs on the processor,
//! on all its cores: convolutions are Winograd's where they are 3x3 ([`winograd`]), else products
//! with the columns of a picture ([`convolution`]); both end in [`multiply`].
//!
//! A picture or feature map is rows of pixels, each with its channels together (HWC), so that vectors
//! run over channels in every operator. There is one picture at a time.
#![forbid(unsafe_code)]

pub mod buffer;
pub mod convolution;
pub mod multiply;
pub mod network;
pub mod pass;
pub mod pointwise;
pub mod pool;
pub mod read;
pub mod transform;
pub mod winograd;

mod error;

pub use buffer::Buffer;
pub use error::Error;
pub use network::{LayerId, Network, Shape};
pub use pass::Pass;
