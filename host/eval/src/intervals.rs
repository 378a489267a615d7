//! Intervals by drawing the people again.
//!
//! Two pairs that share a person are not independent, so intervals that count pairs are far too
//! narrow. Instead the people are drawn again with replacement, many times; a person drawn `n`
//! times weighs `n` in their genuine pairs and `n * m` in the impostor pairs with one drawn `m`
//! times (Efron's bootstrap, over subjects as ISO/IEC 19795-1 advises). The threshold is found again in
//! each draw.

use rayon::prelude::*;

use crate::Interval;
use crate::comparison::{Comparison, Total};

/// Draws for an interval.
pub(crate) const DRAWS: u64 = 1000;

/// The draws start here, so that the same pictures give the same interval.
pub(crate) const SEED: u64 = 0x5eed_face;

/// The interval of the true-accept rate at each of `rates`, if there are enough pictures.
pub fn intervals(comparison: &Comparison, rates: &[f64]) -> Vec<Option<Interval>> {
    let draws: Vec<Vec<f64>> =
        (0..DRAWS).into_par_iter().filter_map(|draw| rates_of_draw(comparison, rates, draw)).collect();
    rates
        .iter()
        .enumerate()
        .map(|(index, &rate)| {
            let mut values: Vec<f64> = draws.iter().map(|draw| draw[index]).collect();
            values.sort_unstable_by(f64::total_cmp);
            let percentile = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
            (comparison.bears_out(rate) && !values.is_empty())
                .then(|| Interval { low: percentile(0.025), high: percentile(0.975) })
        })
        .collect()
}

/// The people, drawn again.
pub(crate) struct Draw<'c> {
    comparison: &'c Comparison,
    /// How many times each person was drawn.
    drawn: Vec<u64>,
}

impl<'c> Draw<'c> {
    /// A draw; `None` if nobody is there.
    pub(crate) fn new(comparison: &'c Comparison, number: u64) -> Option<Self> {
        let mut random = fastrand::Rng::with_seed(SEED + number);
        let mut drawn = vec![0u64; comparison.people];
        for _ in 0..comparison.people {
            *drawn.get_mut(random.usize(..comparison.people))? += 1;
        }
        Some(Self { comparison, drawn })
    }

    /// Everybody, once.
    pub(crate) fn once(comparison: &'c Comparison) -> Self {
        Self { comparison, drawn: vec![1; comparison.people] }
    }

    /// What a pair of people weighs.
    pub(crate) fn weight(&self, [a, b]: [u32; 2]) -> u64 {
        self.drawn[a as usize] * self.drawn[b as usize]
    }

    /// What all impostors weigh.
    pub(crate) fn impostors(&self) -> u64 {
        match &self.comparison.total {
            Total::AllPairs(pictures) => {
                // The pairs of different people are all pairs less those within a person.
                let weights =
                    || pictures.iter().zip(&self.drawn).map(|(&count, &times)| u64::from(count) * times);
                (weights().sum::<u64>().pow(2) - weights().map(|weight| weight * weight).sum::<u64>()) / 2
            }
            Total::Listed => self.comparison.tail.iter().map(|pair| self.weight(pair.people)).sum(),
        }
    }
}

/// The true-accept rates in one draw; nothing if it has no genuine or no impostor pair.
fn rates_of_draw(comparison: &Comparison, rates: &[f64], number: u64) -> Option<Vec<f64>> {
    let draw = Draw::new(comparison, number)?;
    let impostors = draw.impostors();
    let genuine: u64 = comparison.genuine.iter().map(|pair| draw.drawn[pair.person as usize]).sum();
    if genuine == 0 || impostors == 0 {
        return None;
    }
    let thresholds = thresholds(comparison, &draw, impostors, rates);
    let share = |threshold| accepted(comparison, &draw.drawn, threshold) as f64 / genuine as f64;
    Some(thresholds.into_iter().map(share).collect())
}

/// The impostor score that each rate must stay above. Rates fall.
fn thresholds(comparison: &Comparison, draw: &Draw, impostors: u64, rates: &[f64]) -> Vec<i32> {
    let mut thresholds = Vec::with_capacity(rates.len());
    for &rate in rates {
        let accepted = (rate * impostors as f64) as u64;
        let mut before = 0;
        let beyond = comparison.tail.iter().find(|pair| {
            before += draw.weight(pair.people);
            before > accepted
        });
        // A rate above what the tail holds is met at the tail's end, which is conservative.
        thresholds.push(beyond.or(comparison.tail.last()).map_or(i32::MIN, |pair| pair.score));
    }
    thresholds
}

fn accepted(comparison: &Comparison, drawn: &[u64], threshold: i32) -> u64 {
    let end = comparison.genuine.partition_point(|pair| pair.score > threshold);
    comparison.genuine[..end].iter().map(|pair| drawn[pair.person as usize]).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Embeddings;

    /// People on a circle, their pictures scattered around them.
    fn crowd(people: u32, pictures: u32, scatter: f32) -> Comparison {
        let mut random = fastrand::Rng::with_seed(7);
        let mut vectors = Vec::new();
        let mut of = Vec::new();
        for person in 0..people {
            let centre = random.f32() * std::f32::consts::TAU;
            for _ in 0..pictures {
                let angle = centre + scatter * (random.f32() - 0.5);
                vectors.push(Some(vec![angle.cos(), angle.sin()]));
                of.push(person);
            }
        }
        Comparison::all_pairs(&Embeddings::Float(vectors), &of)
    }

    #[test]
    fn an_interval_holds_the_rate_and_is_the_same_again() {
        let crowd = crowd(60, 6, 0.2);
        let rates = [1e-2, 1e-3];
        let found = intervals(&crowd, &rates);
        for (rate, interval) in rates.iter().zip(&found) {
            let (interval, tar) = (interval.unwrap(), crowd.at(*rate).tar.unwrap());
            assert!(interval.low <= tar && tar <= interval.high, "{tar} {interval:?}");
            assert!(interval.low < interval.high);
        }
        assert_eq!(found, intervals(&crowd, &rates));
    }

    #[test]
    fn more_people_make_it_narrower() {
        let width = |people| {
            let interval = intervals(&crowd(people, 5, 0.3), &[1e-2])[0].unwrap();
            interval.high - interval.low
        };
        assert!(width(160) < width(20), "{} {}", width(160), width(20));
    }
}
