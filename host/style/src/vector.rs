//! Sums over long vectors: in parts of a fixed length, so that they do not depend on the cores.

use rayon::prelude::*;

/// Values that are summed by themselves.
const PART: usize = 1 << 14;

/// The sum of products.
pub fn dot(a: &[f32], b: &[f32]) -> f64 {
    let part = |(a, b): (&[f32], &[f32])| {
        // Sixteen sums side by side, so that the compiler makes vectors of them.
        let mut sums = [0.0f64; 16];
        let (a, a_rest) = a.as_chunks::<16>();
        let (b, b_rest) = b.as_chunks::<16>();
        for (a, b) in a.iter().zip(b) {
            for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
                *sum += f64::from(*a) * f64::from(*b);
            }
        }
        let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
        sums.iter().sum::<f64>() + rest
    };
    let parts: Vec<f64> = a.par_chunks(PART).zip(b.par_chunks(PART)).map(part).collect();
    parts.iter().sum()
}

/// `sum += factor * more`.
pub fn add_scaled(sum: &mut [f32], factor: f64, more: &[f32]) {
    let factor = factor as f32;
    sum.par_chunks_mut(PART).zip(more.par_chunks(PART)).for_each(|(sum, more)| {
        sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += factor * more);
    });
}
