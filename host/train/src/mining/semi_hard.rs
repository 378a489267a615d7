//! Strangers farther than the positive, yet as near as there are: Schroff et al., "FaceNet", 2015.
//!
//! The very hardest strangers early in a training are often wrongly labelled, and drive all embeddings
//! into one point. Where no stranger is farther than the positive, the farthest stranger is taken.

use super::Batch;
use crate::loss::Triplet;

pub(super) fn mine(batch: &Batch) -> Vec<Triplet> {
    batch.for_pairs(|anchor, positive| {
        let limit = batch.distance(anchor, positive);
        let by_distance =
            |&a: &usize, &b: &usize| batch.distance(anchor, a).total_cmp(&batch.distance(anchor, b));
        let farther = batch.negatives(anchor).filter(|&n| batch.distance(anchor, n) > limit);
        farther.min_by(by_distance).or_else(|| batch.negatives(anchor).max_by(by_distance))
    })
}
