//! Genuine and impostor comparisons, and the true-accept rate at a false-match rate.
//!
//! Thousands of pictures make tens of millions of pairs. Scores are integers, so a histogram of the
//! impostors is exact and stands for sorting them; only the highest few are kept with
//! the people they belong to, for the intervals.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::{Embeddings, OperatingPoint};

/// Pictures compared with each other at a time, so that they stay in the processor's cache.
const TILE: usize = 64;

/// The share of impostors kept with their people: ten times the highest rate that gets an interval.
const TAIL_SHARE: f64 = 1e-2;

/// Fewer impostors than this beyond a threshold do not bear out a rate.
pub(crate) const LEAST_IMPOSTORS: f64 = 10.0;

/// A comparison of two pictures of one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Genuine {
    pub score: i32,
    pub person: u32,
}

/// A comparison of pictures of two people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Impostor {
    pub score: i32,
    pub people: [u32; 2],
}

/// What all impostors weigh when people are drawn again.
#[derive(Clone, Debug)]
pub(crate) enum Total {
    /// All pairs were compared: how many pictures each person has.
    AllPairs(Vec<u32>),
    /// All impostors are in the tail.
    Listed,
}

/// The outcome of comparing pictures of known people.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The score of a cosine of 1.
    one: i32,
    /// Highest first.
    pub(crate) genuine: Vec<Genuine>,
    /// The highest impostors, highest first.
    pub(crate) tail: Vec<Impostor>,
    pub(crate) total: Total,
    pub(crate) people: usize,
    histogram: Histogram,
}

impl Comparison {
    /// Compares every picture with every other. `people[i]` is the person of embedding `i`.
    pub fn all_pairs(embeddings: &Embeddings, people: &[u32]) -> Self {
        assert_eq!(embeddings.len(), people.len(), "every embedding is somebody's");
        let one = embeddings.one();
        let histograms = for_tiles(
            people.len(),
            || (Histogram::new(one), Vec::new()),
            |(histogram, genuine), a, b| {
                let score = embeddings.score(a, b);
                if people[a] == people[b] {
                    genuine.push(Genuine { score, person: people[a] });
                } else {
                    histogram.add(score);
                }
            },
        );
        let mut histogram = Histogram::new(one);
        let mut genuine = Vec::new();
        for (part, list) in histograms {
            histogram.merge(&part);
            genuine.extend(list);
        }
        let least = histogram.nth_highest((TAIL_SHARE * histogram.count as f64) as u64).unwrap_or(i32::MIN);
        let tails = for_tiles(people.len(), Vec::new, |tail, a, b| {
            let score = embeddings.score(a, b);
            if people[a] != people[b] && score >= least {
                tail.push(Impostor { score, people: [people[a], people[b]] });
            }
        });
        let count = people.iter().max().map_or(0, |&most| most as usize + 1);
        let mut pictures = vec![0; count];
        people.iter().for_each(|&person| pictures[person as usize] += 1);
        Self::new(one, genuine, tails.concat(), Total::AllPairs(pictures), count, histogram)
    }

    /// Compares the given pairs of pictures only.
    pub fn of_pairs(embeddings: &Embeddings, people: &[u32], pairs: &[[usize; 2]]) -> Self {
        let mut histogram = Histogram::new(embeddings.one());
        let (mut genuine, mut tail) = (Vec::new(), Vec::new());
        for &[a, b] in pairs {
            let score = embeddings.score(a, b);
            if people[a] == people[b] {
                genuine.push(Genuine { score, person: people[a] });
            } else {
                histogram.add(score);
                tail.push(Impostor { score, people: [people[a], people[b]] });
            }
        }
        let count = people.iter().max().map_or(0, |&most| most as usize + 1);
        Self::new(embeddings.one(), genuine, tail, Total::Listed, count, histogram)
    }

    /// Impostor scores of all pairs of `people` people with a picture each, in any order.
    #[cfg(test)]
    pub(crate) fn of_scores(one: i32, people: usize, mut score: impl FnMut() -> i32) -> Self {
        let mut histogram = Histogram::new(one);
        let mut tail = Vec::new();
        for a in 0..people as u32 {
            for b in a + 1..people as u32 {
                let score = score();
                histogram.add(score);
                tail.push(Impostor { score, people: [a, b] });
            }
        }
        Self::new(one, Vec::new(), tail, Total::AllPairs(vec![1; people]), people, histogram)
    }

    fn new(
        one: i32,
        mut genuine: Vec<Genuine>,
        mut tail: Vec<Impostor>,
        total: Total,
        people: usize,
        histogram: Histogram,
    ) -> Self {
        // The people break ties, so that the order does not depend on the threads.
        genuine.sort_unstable_by_key(|pair| std::cmp::Reverse((pair.score, pair.person)));
        tail.sort_unstable_by_key(|pair| std::cmp::Reverse((pair.score, pair.people)));
        Self { one, genuine, tail, total, people, histogram }
    }

    /// The score of a cosine of 1.
    pub fn one(&self) -> i32 {
        self.one
    }

    /// Number of comparisons of one person with themselves.
    pub fn genuine_count(&self) -> u64 {
        self.genuine.len() as u64
    }

    /// Number of comparisons of two people.
    pub fn impostor_count(&self) -> u64 {
        self.histogram.count
    }

    /// The least score at which no more than the share `fmr` of impostors is accepted.
    pub fn threshold(&self, fmr: f64) -> Option<i32> {
        let accepted = (fmr * self.histogram.count as f64) as u64;
        self.histogram.nth_highest(accepted).map(|score| score + 1)
    }

    /// The people of the impostor pairs that are most alike: those at or above the threshold of `fmr`, most alike first.
    pub fn most_alike(&self, fmr: f64) -> Vec<[u32; 2]> {
        let threshold = self.threshold(fmr).unwrap_or(i32::MAX);
        self.tail.iter().take_while(|pair| pair.score >= threshold).map(|pair| pair.people).collect()
    }

    /// Share of genuine comparisons with at least `score`.
    pub fn true_accept_rate(&self, score: i32) -> f64 {
        let accepted = self.genuine.partition_point(|pair| pair.score >= score);
        accepted as f64 / self.genuine.len().max(1) as f64
    }

    /// Share of impostor comparisons with at least `score`.
    pub fn false_match_rate(&self, score: i32) -> f64 {
        self.histogram.count_from(score) as f64 / self.histogram.count.max(1) as f64
    }

    /// Number of impostor comparisons with at least `score`.
    pub fn matches(&self, score: i32) -> u64 {
        self.histogram.count_from(score)
    }

    /// The score of the impostor with `n` others before it, the highest first.
    pub(crate) fn score_of(&self, n: u64) -> Option<i32> {
        self.histogram.nth_highest(n)
    }

    /// Whether at least ten impostors lie beyond the threshold of `fmr`.
    pub fn bears_out(&self, fmr: f64) -> bool {
        fmr * self.histogram.count as f64 >= LEAST_IMPOSTORS && !self.genuine.is_empty()
    }

    /// Where as large a share of impostors is accepted as of genuine pairs is refused (ISO/IEC 19795-1);
    /// nothing without either. Scores step, so that it is the mean of the two shares where they cross.
    pub fn equal_error_rate(&self) -> Option<f64> {
        if self.genuine.is_empty() || self.histogram.count == 0 {
            return None;
        }
        let shares = |score: i32| (1.0 - self.true_accept_rate(score), self.false_match_rate(score));
        // Misses rise with the score and false matches fall.
        let (mut below, mut above) = (-self.one, self.one + 1);
        while above - below > 1 {
            let middle = below + (above - below) / 2;
            let (misses, matches) = shares(middle);
            if misses < matches {
                below = middle;
            } else {
                above = middle;
            }
        }
        let mean = |score| {
            let (misses, matches) = shares(score);
            ((misses - matches).abs(), (misses + matches) / 2.0)
        };
        let (left, right) = (mean(below), mean(above));
        Some(if left.0 < right.0 { left.1 } else { right.1 })
    }

    /// Shares of the genuine and of the impostor comparisons in `bins` bins of cosines from -1 to 1.
    pub fn densities(&self, bins: usize) -> [Vec<f64>; 2] {
        let (mut genuine, mut impostors) = (vec![0.0; bins], vec![0.0; bins]);
        let bin = |score: i32| {
            let share = f64::from(score.clamp(-self.one, self.one) + self.one) / f64::from(2 * self.one);
            ((share * bins as f64) as usize).min(bins - 1)
        };
        for pair in &self.genuine {
            genuine[bin(pair.score)] += 1.0 / self.genuine.len() as f64;
        }
        for (at, &count) in self.histogram.bins.iter().enumerate() {
            impostors[bin(at as i32 - self.one)] += f64::from(count) / self.histogram.count as f64;
        }
        [genuine, impostors]
    }

    /// The door at the false-match rate `fmr`, without an interval.
    pub fn at(&self, fmr: f64) -> OperatingPoint {
        let threshold = self.threshold(fmr).filter(|_| self.bears_out(fmr));
        OperatingPoint {
            fmr,
            tar: threshold.map(|score| self.true_accept_rate(score)),
            interval: None,
            threshold: threshold.map(|score| f64::from(score) / f64::from(self.one)),
        }
    }
}

/// How many impostors have each score. Exact: scores are integers.
#[derive(Clone, Debug)]
struct Histogram {
    /// Bin `i` counts the score `i - one`; scores beyond +-1 are rounding and count as +-1.
    bins: Vec<u32>,
    one: i32,
    count: u64,
}

impl Histogram {
    fn new(one: i32) -> Self {
        Self { bins: vec![0; 2 * one as usize + 1], one, count: 0 }
    }

    fn add(&mut self, score: i32) {
        self.bins[(score.clamp(-self.one, self.one) + self.one) as usize] += 1;
        self.count += 1;
    }

    fn merge(&mut self, other: &Self) {
        self.bins.iter_mut().zip(&other.bins).for_each(|(bin, more)| *bin += more);
        self.count += other.count;
    }

    /// The score with `n` scores before it when the highest come first.
    fn nth_highest(&self, n: u64) -> Option<i32> {
        let mut before = 0;
        for (bin, &count) in self.bins.iter().enumerate().rev() {
            before += u64::from(count);
            if before > n {
                return Some(bin as i32 - self.one);
            }
        }
        None
    }

    fn count_from(&self, score: i32) -> u64 {
        let first = (score.clamp(-self.one, self.one + 1) + self.one) as usize;
        self.bins[first..].iter().map(|&count| u64::from(count)).sum()
    }
}

/// Calls `visit` for every pair `a < b` of `0..count`, on all cores, each with an accumulator.
fn for_tiles<A: Send>(
    count: usize,
    new: impl Fn() -> A + Sync,
    visit: impl Fn(&mut A, usize, usize) + Sync,
) -> Vec<A> {
    let tiles = count.div_ceil(TILE);
    let next = AtomicUsize::new(0);
    let worker = |_| {
        let mut accumulator = new();
        loop {
            let row = next.fetch_add(1, Ordering::Relaxed);
            if row >= tiles {
                return accumulator;
            }
            for column in row..tiles {
                for a in row * TILE..((row + 1) * TILE).min(count) {
                    for b in (column * TILE).max(a + 1)..((column + 1) * TILE).min(count) {
                        visit(&mut accumulator, a, b);
                    }
                }
            }
        }
    };
    (0..rayon::current_num_threads()).into_par_iter().map(worker).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn circle(count: usize, seed: u64) -> Vec<Option<Vec<f32>>> {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..count)
            .map(|_| {
                let angle = random.f32() * std::f32::consts::TAU;
                Some(vec![angle.cos(), angle.sin()])
            })
            .collect()
    }

    proptest! {
        #[test]
        fn all_pairs_agree_with_sorting(count in 3usize..200, people in 2u32..9, seed: u64) {
            let embeddings = Embeddings::Float(circle(count, seed));
            let of: Vec<u32> = (0..count as u32).map(|i| i % people).collect();
            let comparison = Comparison::all_pairs(&embeddings, &of);
            let (mut genuine, mut impostors) = (Vec::new(), Vec::new());
            for a in 0..count {
                for b in a + 1..count {
                    let list = if of[a] == of[b] { &mut genuine } else { &mut impostors };
                    list.push(embeddings.score(a, b));
                }
            }
            impostors.sort_unstable_by(|a, b| b.cmp(a));
            prop_assert_eq!(comparison.genuine_count(), genuine.len() as u64);
            prop_assert_eq!(comparison.impostor_count(), impostors.len() as u64);
            for fmr in [0.5, 0.1, 0.01] {
                let accepted = (fmr * impostors.len() as f64) as usize;
                let threshold = comparison.threshold(fmr).unwrap();
                prop_assert_eq!(threshold, impostors[accepted] + 1);
                prop_assert!(comparison.false_match_rate(threshold) <= fmr);
                if !genuine.is_empty() {
                    let above = genuine.iter().filter(|&&score| score > impostors[accepted]).count();
                    prop_assert_eq!(comparison.true_accept_rate(threshold), above as f64 / genuine.len() as f64);
                }
            }
            let kept = comparison.tail.len();
            prop_assert!(kept as f64 >= TAIL_SHARE * impostors.len() as f64);
            prop_assert!(comparison.tail.iter().map(|pair| pair.score).eq(impostors[..kept].iter().copied()));
        }
    }

    #[test]
    fn errors_are_equal_where_the_scores_cross() {
        // One person at 0 and 10 degrees, another at 90 and 100, a third who looks like the first at 5.
        let at = |degrees: f32| Some(vec![degrees.to_radians().cos(), degrees.to_radians().sin()]);
        let of = |degrees: &[f32], people: &[u32]| {
            let vectors = degrees.iter().map(|&degrees| at(degrees)).collect();
            Comparison::all_pairs(&Embeddings::Float(vectors), people).equal_error_rate()
        };
        assert_eq!(of(&[0.0, 10.0, 90.0, 100.0], &[0, 0, 1, 1]), Some(0.0));
        // Two genuine pairs (10 degrees), eight impostors of which two are nearer: 5 degrees.
        assert_eq!(of(&[0.0, 10.0, 90.0, 100.0, 5.0], &[0, 0, 1, 1, 2]), Some(0.125));
        assert_eq!(of(&[0.0, 90.0], &[0, 1]), None);
    }

    #[test]
    fn densities_are_shares_of_all() {
        let embeddings = Embeddings::Float(circle(40, 2));
        let people: Vec<u32> = (0..40).map(|i| i % 8).collect();
        let densities = Comparison::all_pairs(&embeddings, &people).densities(10);
        for shares in &densities {
            assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        }
        // On a circle, cosines near 1 and near -1 are the most frequent.
        assert!(densities[1][0] > densities[1][4] && densities[1][9] > densities[1][5]);
    }

    #[test]
    fn a_rate_that_ten_impostors_do_not_bear_out_is_unknown() {
        let embeddings = Embeddings::Float(circle(20, 1));
        let people: Vec<u32> = (0..20).map(|i| i % 10).collect();
        let comparison = Comparison::all_pairs(&embeddings, &people);
        assert_eq!(comparison.impostor_count(), 180);
        assert!(comparison.at(0.1).tar.is_some());
        assert_eq!(comparison.at(0.01).tar, None);
    }
}
