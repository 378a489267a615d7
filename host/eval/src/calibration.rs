//! The calibration table of an encoder: which threshold keeps which false-match rate.
//!
//! Each threshold is the quantile of the impostor scores where at least [`WELL_KNOWN`] of them lie
//! beyond. Rarer rates are extrapolated: excesses over a high quantile are taken to be exponential,
//! with their mean as the scale (the maximum-likelihood fit of a generalised Pareto tail of shape
//! zero; Pickands 1975). The tail of bounded cosines falls faster, so that the threshold
//! errs towards keeping strangers out.

use serde::Serialize;

use crate::{Comparison, Error};

/// The rates of a table, as inverses: one in so many comparisons of different people.
pub const CALIBRATED_RATES: [u32; 6] = [10, 100, 1_000, 10_000, 100_000, 1_000_000];

/// Impostors beyond a threshold that make it known.
const WELL_KNOWN: f64 = 30.0;

/// Impostors that the tail is fitted to.
const FITTED: usize = 300;

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CalibrationPoint {
    /// The rate is one in this many comparisons of different people.
    pub one_in: u32,
    /// Similarity in Q15 (32768 is a cosine of 1) from which two templates are one person.
    pub threshold: i32,
    /// Whether the tail was extrapolated, for too few impostors lie beyond.
    pub extrapolated: bool,
}

/// The table for [`CALIBRATED_RATES`].
///
/// # Errors
/// [`Error::TooFew`] with fewer than a thousand impostor comparisons.
pub fn calibrate(comparison: &Comparison) -> Result<Vec<CalibrationPoint>, Error> {
    let impostors = comparison.impostor_count() as f64;
    if impostors < 1000.0 {
        return Err(Error::TooFew("a calibration takes a thousand comparisons of different people"));
    }
    let q15 = |score: f64| (score * 32768.0 / f64::from(comparison.one())).ceil() as i32;
    let tail = Tail::fit(comparison, impostors);
    let mut last = i32::MIN;
    let points = CALIBRATED_RATES.map(|one_in| {
        let rate = 1.0 / f64::from(one_in);
        let known = comparison.threshold(rate).filter(|_| rate * impostors >= WELL_KNOWN);
        let score = known.map_or_else(|| tail.threshold(rate), f64::from);
        // A table rises, even where an extrapolation falls short of the row before.
        last = last.max(q15(score));
        CalibrationPoint { one_in, threshold: last, extrapolated: known.is_none() }
    });
    Ok(points.to_vec())
}

/// An exponential tail: `rate(score) = rate_at_start * exp(-(score - start) / scale)`.
struct Tail {
    start: f64,
    rate_at_start: f64,
    scale: f64,
}

impl Tail {
    fn fit(comparison: &Comparison, impostors: f64) -> Self {
        let count = FITTED.min(comparison.tail.len() - 1);
        let start = f64::from(comparison.tail[count].score);
        let excesses = comparison.tail[..count].iter().map(|pair| f64::from(pair.score) - start);
        let scale = (excesses.sum::<f64>() / count as f64).max(1.0);
        Self { start, rate_at_start: count as f64 / impostors, scale }
    }

    fn threshold(&self, rate: f64) -> f64 {
        self.start + self.scale * (self.rate_at_start / rate).ln().max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Embeddings;

    fn sphere(count: usize) -> Comparison {
        let mut random = fastrand::Rng::with_seed(3);
        let mut coordinate = || (0..12).map(|_| random.f32()).sum::<f32>() - 6.0;
        let vectors = (0..count)
            .map(|_| {
                let vector: Vec<f32> = (0..32).map(|_| coordinate()).collect();
                let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
                Some(vector.into_iter().map(|value| value / length).collect())
            })
            .collect();
        Comparison::all_pairs(&Embeddings::Float(vectors), &(0..count as u32).collect::<Vec<_>>())
    }

    #[test]
    fn a_table_rises_and_marks_what_it_extrapolates() {
        let table = calibrate(&sphere(400)).unwrap();
        assert!(table.windows(2).all(|rows| rows[0].threshold <= rows[1].threshold));
        let marks: Vec<bool> = table.iter().map(|row| row.extrapolated).collect();
        // 79,800 comparisons bear out one in 1,000, not one in 10,000.
        assert_eq!(marks, [false, false, false, true, true, true]);
    }

    #[test]
    fn the_extrapolation_keeps_the_rate_it_promises() {
        let (few, many) = (sphere(400), sphere(3000));
        let row = calibrate(&few).unwrap()[4];
        assert_eq!(row.one_in, 100_000);
        let score = (f64::from(row.threshold) / 32768.0 * f64::from(many.one())) as i32;
        let rate = many.false_match_rate(score);
        assert!(rate <= 2e-5, "{rate}");
        assert!(row.threshold < 32768);
    }

    #[test]
    fn a_handful_of_pictures_is_refused() {
        assert!(calibrate(&sphere(10)).is_err());
    }
}
