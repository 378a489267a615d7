//! Encoders of faces that can be trained.
//!
//! What trains an encoder ([`Trainable`]) knows nothing of tensors: it hands over aligned pictures, gets
//! their embeddings, and says how the loss changes with each of their values. So losses and mining
//! are plain arithmetic on a small matrix, the same on every backend.
#![forbid(unsafe_code)]

mod batch;
mod trainable;

pub use batch::{Embeddings, Images};
pub use trainable::Trainable;
