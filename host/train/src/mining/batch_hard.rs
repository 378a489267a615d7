//! The hardest of a batch: Hermans, Beyer and Leibe, "In Defense of the Triplet Loss", 2017.

use super::Batch;
use crate::loss::Triplet;

pub(super) fn mine(batch: &Batch) -> Vec<Triplet> {
    let by_distance = |anchor: usize| {
        move |&a: &usize, &b: &usize| batch.distance(anchor, a).total_cmp(&batch.distance(anchor, b))
    };
    (0..batch.people.len())
        .filter_map(|anchor| {
            let positive = batch.positives(anchor).max_by(by_distance(anchor))?;
            let negative = batch.negatives(anchor).min_by(by_distance(anchor))?;
            Some(Triplet { anchor, positive, negative })
        })
        .collect()
}
