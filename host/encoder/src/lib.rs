//! Encoders of faces that can be trained.
//!
//! Training code sees a [`Trainable`] and no tensors: it hands over aligned pictures, gets their
//! embeddings, and says how the loss changes with each of their values. So losses and mining
//! are plain arithmetic on a small matrix, the same on every engine.
//!
//! An [`Encoder`] is a [`graph`] of a [`Spec`] or of an ONNX file (module `read`). It is run forwards and backwards
//! ([`pass`]) over the operators of [`autodiff`], and written as ONNX again (module `write`). An [`Engine`] computes it:
//! the processor here, or a GPU in the crate `postern-gpu`, which is outside this workspace.
#![forbid(unsafe_code)]

pub mod engine;
pub mod filters;
pub mod graph;
pub mod pass;

mod average;
mod batch;
mod bottleneck;
mod build;
mod covariance;
mod encoder;
mod error;
mod fade;
mod fold;
mod head;
mod inverse;
mod read;
mod revive;
mod slim;
mod spec;
mod state;
mod trainable;
mod unfold;
mod write;

pub use autodiff::optimizer::{Optimizer, Rule};
pub use batch::{Embeddings, Images};
pub use encoder::{Encoder, Freeze, Source};
pub use engine::{Engine, Processor};
pub use error::Error;
pub use graph::Preprocessing;
pub use head::Head;
pub use spec::Spec;
pub use trainable::Trainable;
