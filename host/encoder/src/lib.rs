//! Encoders of faces that can be trained.
//!
//! What trains an encoder ([`Trainable`]) knows nothing of tensors: it hands over aligned pictures, gets
//! their embeddings, and says how the loss changes with each of their values. So losses and mining
//! are plain arithmetic on a small matrix, the same on every backend.
//!
//! [`Encoder`] is the one that the processor trains: a [`graph`] of a [`Spec`] or of an ONNX file
//! ([`mod@read`]), run forwards and backwards ([`pass`]) over operators of our own ([`operators`]), and
//! written as ONNX again ([`mod@write`]).
#![forbid(unsafe_code)]

pub mod graph;
pub mod operators;
pub mod pass;

mod batch;
mod build;
mod encoder;
mod error;
mod filters;
mod fold;
mod head;
mod optimizer;
pub mod pool;
mod read;
mod slim;
mod spec;
mod state;
#[cfg(feature = "burn")]
mod tensors;
mod trainable;
mod write;

pub use batch::{Embeddings, Images};
#[cfg(feature = "burn")]
pub use burn_tensor::{Device, DeviceKind};
pub use encoder::{Encoder, Engine, Freeze, Source};
pub use error::Error;
pub use graph::Preprocessing;
pub use head::Head;
pub use optimizer::{Optimizer, Rule};
pub use spec::Spec;
pub use trainable::Trainable;
