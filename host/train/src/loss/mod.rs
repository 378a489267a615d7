//! Losses as plain arithmetic on the embeddings of a batch, each with the gradient written beside it.
//!
//! An encoder hands over raw embeddings; [`Units`] scales them to unit length and takes the gradient back.
//! [`Objective`] adds up what a user chose.

mod arcface;
mod distill;
mod matrix;
mod objective;
mod parameters;
mod triplet;
mod verification;

pub use arcface::ArcFace;
pub use distill::{Loss, embedding_loss, relational_loss};
pub use matrix::{Matrix, Units, dot};
pub use objective::{Batch, Evaluation, Identity, Objective, ObjectiveSettings, TripletFigures};
pub use triplet::{ALPHA, Triplet, TripletLoss, square_distance, triplet_loss};
pub use verification::{Difference, Pair, Verifier, balanced_pairs};

#[cfg(test)]
pub(crate) use matrix::tests as testing;
