//! Strangers drawn so that every distance is as likely: Wu et al., "Sampling Matters in Deep
//! Embedding Learning", 2017.
//!
//! On a sphere of many dimensions nearly all points lie at a distance of √2, so that drawing at random
//! gives nothing but easy negatives. The density of distances is
//! `q(d) ~ d^(n-2) (1 - d²/4)^((n-3)/2)`; a stranger is drawn with weight `1 / q(d)`, where distances below
//! [`LEAST`] count as that, lest noise be amplified.

use super::Batch;
use crate::loss::Triplet;

/// Nearer strangers weigh no more than those at this distance.
const LEAST: f64 = 0.5;

/// Farther strangers have no loss and are left out, as long as there are others.
const FARTHEST: f64 = 1.4;

pub(super) fn mine(batch: &Batch, dimension: usize, random: &mut fastrand::Rng) -> Vec<Triplet> {
    let n = dimension as f64;
    // Minus the logarithm of q: it spans hundreds of orders of magnitude.
    let weight = |d: f64| {
        let d = d.clamp(LEAST, FARTHEST);
        -(n - 2.0) * d.ln() - (n - 3.0) / 2.0 * (1.0 - d * d / 4.0).ln()
    };
    batch.for_pairs(|anchor, _| {
        let distance = |row: usize| batch.distance(anchor, row).sqrt();
        let mut strangers: Vec<usize> = batch.negatives(anchor).collect();
        if strangers.iter().any(|&row| distance(row) <= FARTHEST) {
            strangers.retain(|&row| distance(row) <= FARTHEST);
        }
        let weights: Vec<f64> = strangers.iter().map(|&row| weight(distance(row))).collect();
        let greatest = weights.iter().copied().fold(f64::MIN, f64::max);
        let total: f64 = weights.iter().map(|weight| (weight - greatest).exp()).sum();
        let mut drawn = random.f64() * total;
        for (&row, weight) in strangers.iter().zip(&weights) {
            drawn -= (weight - greatest).exp();
            if drawn <= 0.0 {
                return Some(row);
            }
        }
        strangers.last().copied()
    })
}
