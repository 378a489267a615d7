//! Trains an encoder of faces, and the liveness network and sequence model.
//!
//! The **Siamese network** is one encoder, applied to every picture of a pair or triplet with the same
//! weights. The distance of two faces is that of their embeddings of unit length, `d = |f(a) - f(b)|²`.
//!
//! A training goes through these modules:
//!
//! 1. [`data`] finds the pictures of people and their aligned faces.
//! 2. [`augment`] varies them.
//! 3. [`run`] draws batches and asks an [`encoder::Trainable`] for their embeddings.
//! 4. [`mining`] chooses the triplets of a batch.
//! 5. [`loss`] says how the embeddings should change.
//! 6. [`report`] draws the result.
//!
//! [`pad`] trains the network that scores one crop of a face, and [`sequence`] the small model that the door runs over
//! the samples of a face.
//!
//! Everything drawn at random follows from one seed, so that the same command gives the same weights, and so
//! does a training that was killed and resumed.
#![forbid(unsafe_code)]

pub mod augment;
pub mod data;
pub mod drawn;
pub mod loss;
pub mod mining;
pub mod pad;
pub mod report;
pub mod run;
pub mod sequence;

mod error;
mod head;
mod jacobi;

pub use error::Error;
pub use head::principal_head;

/// Side of an aligned face in pixels.
pub const SIDE: usize = 112;

/// Bytes of an aligned face: RGB.
pub const CROP_BYTES: usize = SIDE * SIDE * 3;

/// A seed for random numbers of their own, from what they belong to (SplitMix64 over the parts).
pub(crate) fn seed(parts: &[u64]) -> u64 {
    parts.iter().fold(0, |state, part| {
        let mut z = (state ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}
