//! Strangers drawn at random.

use super::Batch;
use crate::loss::Triplet;

pub(super) fn mine(batch: &Batch, random: &mut fastrand::Rng) -> Vec<Triplet> {
    batch.for_pairs(|anchor, _| {
        let strangers: Vec<usize> = batch.negatives(anchor).collect();
        random.choice(strangers)
    })
}
