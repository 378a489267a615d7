//! The calibration table of an encoder: which threshold keeps which false-match rate.
//!
//! | a row is | when | its threshold |
//! |---|---|---|
//! | measured | at least [`ENOUGH`] false matches lie at or above its threshold | a quantile of the impostor scores |
//! | modelled | fewer do, and the rate is no rarer than [`REACH`] times the rarest that the comparisons could measure | a quantile of a generalised Pareto tail (`tail.rs`) |
//!
//! Both are the upper end of a two-sided 95 % band, and never below the estimate. The band comes from drawing the people
//! again ([`intervals`](crate::intervals())), for two comparisons that share a person are not independent. A measured row
//! also keeps its rate if the count of false matches is the lowest that a Poisson distribution allows.
//!
//! Rarer rates than [`REACH`] allows have no row: the door does not promise them.

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

use crate::comparison::{Impostor, LEAST_IMPOSTORS};
use crate::intervals::Draw;
use crate::tail::{Excess, Tail};
use crate::{Comparison, Error};

/// The rates of a table, as inverses: two for each power of ten.
pub const CALIBRATED_RATES: [u32; 15] = [
    100,
    316,
    1_000,
    3_162,
    10_000,
    31_623,
    100_000,
    316_228,
    1_000_000,
    3_162_278,
    10_000_000,
    31_622_777,
    100_000_000,
    316_227_766,
    1_000_000_000,
];

/// False matches at or above a threshold that make it measured.
pub const ENOUGH: u64 = LEAST_IMPOSTORS as u64;

/// How many times rarer than the rarest measurable rate a modelled rate is, at most.
pub const REACH: f64 = 100.0;

/// Excesses that the tail is fitted to.
const EXCESSES: usize = 2000;

/// With fewer excesses than this there is no fit.
const LEAST_EXCESSES: usize = 50;

/// The tail begins at this rate, or at a rarer one.
const START: f64 = 1e-2;

/// Draws for the band.
const DRAWS: u64 = 400;

/// The share of draws below the upper end of a two-sided band of 95 %.
const UPPER: f64 = 0.975;

/// The quantile of the normal distribution for [`UPPER`].
const NORMAL: f64 = 1.96;

/// How a threshold is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// At least [`ENOUGH`] false matches were counted.
    Measured,
    /// The tail of the scores was fitted and continued.
    Modelled,
}

impl Basis {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Modelled => "modelled",
        }
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CalibrationPoint {
    /// The rate is one in this many comparisons of different people.
    pub one_in: u32,
    /// The upper end of the band, in Q15 (32768 is a cosine of 1): from here two templates are one person.
    pub threshold: i32,
    /// The estimate within the band, in Q15.
    pub estimate: i32,
    /// How the threshold is known.
    pub basis: Basis,
    /// Comparisons of different people that scored the threshold or more.
    pub matches: u64,
}

/// The table: those of [`CALIBRATED_RATES`] that the comparison can tell.
///
/// # Errors
/// [`Error::TooFew`] with fewer than a thousand impostor comparisons.
pub fn calibrate(comparison: &Comparison) -> Result<Vec<CalibrationPoint>, Error> {
    let impostors = comparison.impostor_count() as f64;
    if impostors < 1000.0 {
        return Err(Error::TooFew("a calibration takes a thousand comparisons of different people"));
    }
    let excesses = EXCESSES.min((impostors * START) as usize);
    let start = comparison.tail.get(excesses).filter(|_| excesses >= LEAST_EXCESSES).map(|pair| pair.score);
    let rates = CALIBRATED_RATES.map(|one_in| 1.0 / f64::from(one_in));
    let draws: Vec<Scores> = (0..DRAWS)
        .into_par_iter()
        .filter_map(|seed| Scores::of(comparison, &Draw::new(comparison, seed)?, start, &rates))
        .collect();
    let whole = Scores::of(comparison, &Draw::once(comparison), start, &rates);
    let whole = whole.ok_or(Error::TooFew("all comparisons of different people have one score"))?;
    let q15 = |score: f64| (score * 32768.0 / f64::from(comparison.one())).ceil() as i32;
    let mut rows: Vec<CalibrationPoint> = Vec::new();
    for (at, &one_in) in CALIBRATED_RATES.iter().enumerate() {
        let upper = |of: fn(&Scores) -> &[Option<f64>]| upper(draws.iter().filter_map(|draw| of(draw)[at]));
        let last = rows.last().map_or(i32::MIN, |row| row.threshold);
        // A measured row behind a modelled one would be an accident of ties.
        let measurable = rows.last().is_none_or(|row| row.basis == Basis::Measured);
        let counted = whole.counted[at].filter(|_| measurable).map(|estimate| {
            let band = upper(|draw| &draw.counted).unwrap_or(estimate);
            (estimate, band.max(few(comparison, rates[at] * impostors)))
        });
        let enough = counted.filter(|(_, threshold)| comparison.matches(threshold.ceil() as i32) >= ENOUGH);
        let reaches = f64::from(one_in) <= REACH * impostors / ENOUGH as f64;
        let modelled = || {
            let estimate = whole.modelled[at].filter(|_| reaches)?;
            Some((estimate, upper(|draw| &draw.modelled)?.max(estimate), Basis::Modelled))
        };
        let row =
            enough.map(|(estimate, threshold)| (estimate, threshold, Basis::Measured)).or_else(modelled);
        let Some((estimate, threshold, basis)) = row else { break };
        // A table rises, even where a row falls short of the one before.
        let threshold = q15(threshold).max(q15(estimate)).max(last);
        if threshold >= 32768 {
            break;
        }
        let score = (f64::from(threshold) / 32768.0 * f64::from(comparison.one())).ceil() as i32;
        let (estimate, matches) = (q15(estimate), comparison.matches(score));
        rows.push(CalibrationPoint { one_in, threshold, estimate, basis, matches });
    }
    if rows.is_empty() {
        return Err(Error::TooFew("no rate can be told from so few comparisons of different people"));
    }
    Ok(rows)
}

/// The thresholds in one draw of the people, for each rate.
struct Scores {
    /// By counting; `None` beyond what was counted.
    counted: Vec<Option<f64>>,
    /// By the tail; `None` before it begins.
    modelled: Vec<Option<f64>>,
}

impl Scores {
    /// `None` if the draw has no impostors.
    fn of(comparison: &Comparison, draw: &Draw, start: Option<i32>, rates: &[f64]) -> Option<Self> {
        let total = draw.impostors();
        if total == 0 {
            return None;
        }
        let mut counted = vec![None; rates.len()];
        let mut excesses: Vec<Excess> = Vec::new();
        let (mut before, mut beyond) = (0u64, 0u64);
        // The rarest rate comes first along the falling scores.
        let mut next = rates.len();
        for &Impostor { score, people } in &comparison.tail {
            let weight = draw.weight(people);
            before += weight;
            while let Some(rate) = next.checked_sub(1).map(|at| rates[at])
                && before > (rate * total as f64) as u64
            {
                next -= 1;
                counted[next] = Some(f64::from(score + 1));
            }
            if let Some(start) = start.filter(|start| score > *start) {
                beyond += weight;
                let (above, weight) = (f64::from(score - start), weight as f64);
                match excesses.last_mut() {
                    Some(last) if last.above == above => last.weight += weight,
                    _ => excesses.push(Excess { above, weight }),
                }
            } else if next == 0 {
                break;
            }
        }
        let rate = beyond as f64 / total as f64;
        let tail = start.and_then(|start| Tail::fit(f64::from(start), rate, &excesses));
        let modelled = |&wanted: &f64| tail.filter(|_| wanted <= rate).map(|tail| tail.score(wanted));
        Some(Self { counted, modelled: rates.iter().map(modelled).collect() })
    }
}

/// The upper end of the band, if there are draws enough.
fn upper(scores: impl Iterator<Item = f64>) -> Option<f64> {
    let mut scores: Vec<f64> = scores.collect();
    scores.sort_unstable_by(f64::total_cmp);
    let last = scores.len().checked_sub(1).filter(|&last| last as u64 >= DRAWS / 2)?;
    Some(scores[(last as f64 * UPPER).ceil() as usize])
}

/// The score from which so few impostors lie that their number is at most `expected` at the upper end of a Poisson
/// distribution's band.
fn few(comparison: &Comparison, expected: f64) -> f64 {
    // The limit rises with the count, and is above it.
    let (mut low, mut high) = (0u64, expected as u64 + 1);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if most(middle) <= expected { low = middle } else { high = middle }
    }
    comparison.score_of(low).map_or(f64::INFINITY, |score| f64::from(score + 1))
}

/// The upper end of the band of a Poisson distribution's mean, of which `count` were seen (Garwood 1936, by the
/// approximation of Wilson and Hilferty).
fn most(count: u64) -> f64 {
    let n = count as f64 + 1.0;
    n * (1.0 - 1.0 / (9.0 * n) + NORMAL / (3.0 * n.sqrt())).powi(3)
}

impl Comparison {
    /// A threshold of a calibration table (Q15) as a score of this comparison.
    #[must_use]
    pub fn score_of_q15(&self, threshold: i32) -> i32 {
        (f64::from(threshold) / 32768.0 * f64::from(self.one())).ceil() as i32
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
    fn a_row_is_measured_by_ten_false_matches_and_modelled_beyond() {
        let comparison = sphere(400);
        let table = calibrate(&comparison).unwrap();
        assert!(table.windows(2).all(|rows| rows[0].threshold <= rows[1].threshold));
        assert!(table.iter().all(|row| row.estimate <= row.threshold));
        // 79,800 comparisons measure one in 3,162 (25 expected), not one in 10,000 (8).
        let measured = table.iter().filter(|row| row.basis == Basis::Measured);
        assert_eq!(measured.clone().map(|row| row.one_in).max(), Some(3162));
        assert!(measured.clone().all(|row| row.matches >= ENOUGH));
        assert!(table[measured.count()..].iter().all(|row| row.basis == Basis::Modelled));
        // The reach is 100 times 79,800 / 10.
        assert_eq!(table.last().unwrap().one_in, 316_228);
    }

    #[test]
    fn the_model_keeps_the_rate_it_promises() {
        let (few, many) = (sphere(400), sphere(3000));
        let row = *calibrate(&few).unwrap().iter().find(|row| row.one_in == 100_000).unwrap();
        assert_eq!(row.basis, Basis::Modelled);
        let score = (f64::from(row.threshold) / 32768.0 * f64::from(many.one())) as i32;
        let rate = many.false_match_rate(score);
        assert!(rate <= 1e-5, "{rate}");
        assert!(row.threshold < 32768);
    }

    /// A distribution of scores: how it is drawn from a number in 0..1, and how often a score is reached. Q15.
    struct Scored {
        name: &'static str,
        draw: fn(f64) -> f64,
        reached: fn(f64) -> f64,
    }

    /// Distributions whose rates are known for every score: tails that end, that are exponential, and that are heavier.
    const DISTRIBUTIONS: [Scored; 4] = [
        Scored {
            name: "exponential",
            draw: |left| 2000.0 - 900.0 * left.ln(),
            reached: |score| (-(score - 2000.0) / 900.0).exp(),
        },
        Scored {
            name: "Weibull of shape 2, as a normal tail",
            draw: |left| 6000.0 * (-left.ln()).sqrt(),
            reached: |score| (-(score / 6000.0).powi(2)).exp(),
        },
        Scored {
            name: "generalised Pareto that ends",
            draw: |left| 5000.0 * (1.0 - left.powf(0.25)) / 0.25,
            reached: |score| (1.0 - 0.25 * score / 5000.0).max(0.0).powi(4),
        },
        Scored {
            name: "logistic",
            draw: |left| 1000.0 * ((1.0 - left) / left).ln(),
            reached: |score| 1.0 / (1.0 + (score / 1000.0).exp()),
        },
    ];

    #[test]
    fn the_promise_holds_for_200_and_1024_templates_on_scores_it_was_not_made_from() {
        for Scored { name, draw, reached } in DISTRIBUTIONS {
            for seed in 0..2 {
                let mut random = fastrand::Rng::with_seed(seed);
                let comparison = Comparison::of_scores(32768, 2600, || {
                    draw(1.0 - random.f64()).clamp(-32768.0, 32767.0) as i32
                });
                let rows = calibrate(&comparison).unwrap();
                let points: Vec<template::CalibrationPoint> = rows
                    .iter()
                    .map(|row| template::CalibrationPoint {
                        one_in: row.one_in,
                        threshold: template::CosineScore(row.threshold),
                        basis: match row.basis {
                            Basis::Measured => template::Basis::Measured,
                            Basis::Modelled => template::Basis::Modelled,
                        },
                    })
                    .collect();
                let table = template::Calibration::new(&points).unwrap();
                for templates in [1, 10, 200, 1024] {
                    let threshold = table.threshold(10_000, templates);
                    let rate = reached(f64::from(threshold.similarity.0)) * f64::from(templates);
                    let known = threshold.basis;
                    assert!(known != template::Basis::Unproven, "{name}, {templates}: {rows:?}");
                    assert!(
                        rate <= 1.05e-4,
                        "{name}, seed {seed}, {templates} templates, {known:?}: {rate:e}"
                    );
                }
                // It is a promise that can be kept without shutting everybody out: a hundredth at worst.
                let rate = reached(f64::from(table.threshold(10_000, 1024).similarity.0)) * 1024.0;
                assert!(rate >= 1e-6 || name.ends_with("ends"), "{name}, seed {seed}: {rate:e}");
            }
        }
    }

    #[test]
    fn a_handful_of_pictures_is_refused() {
        assert!(calibrate(&sphere(10)).is_err());
    }

    #[test]
    fn the_band_of_a_count_is_that_of_the_tables() {
        // Garwood's limits: 3.689, 11.668, 18.391, 121.63.
        for (count, limit) in [(0, 3.689), (5, 11.668), (10, 18.391), (100, 121.63)] {
            assert!((most(count) / limit - 1.0).abs() < 0.01, "{count}: {}", most(count));
        }
    }
}
