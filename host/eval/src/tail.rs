//! A generalised Pareto tail: how often impostors score higher than any that were counted.
//!
//! Above a high enough score, the excesses over it follow a generalised Pareto distribution, whatever the distribution of
//! the scores is (Pickands 1975; Balkema and de Haan 1974). This is the method of peaks over threshold:
//!
//! `rate(score) = rate(start) * (1 + shape * (score - start) / scale)^(-1 / shape)`
//!
//! A tail of shape 0 is exponential. One of negative shape ends, as that of cosines does. Shape and scale are those of
//! greatest likelihood. The search has one dimension, the ratio of the two (Grimshaw 1993).

/// The least shape: below it the likelihood has no maximum within (Smith 1985).
const LEAST_SHAPE: f64 = -0.5;

/// The greatest shape that is looked for. Tails of bounded scores have none above zero.
const GREATEST_SHAPE: f64 = 0.5;

/// Ratios that are tried before the best one is refined.
const COARSE: usize = 24;

/// Steps of the refinement: each makes the interval narrower by a third.
const FINE: usize = 30;

/// An excess over the start, and how many times it counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Excess {
    pub above: f64,
    pub weight: f64,
}

/// A tail that begins at a score.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tail {
    pub start: f64,
    /// The share of impostors above the start.
    pub rate: f64,
    pub shape: f64,
    pub scale: f64,
}

impl Tail {
    /// The tail of greatest likelihood of the `excesses` over `start`, which `rate` of the impostors have.
    /// `None` if they are all equal or there is none.
    pub(crate) fn fit(start: f64, rate: f64, excesses: &[Excess]) -> Option<Self> {
        // What counts not at all may lie beyond the end of the tail, where the likelihood is no number.
        let excesses: Vec<Excess> = excesses.iter().filter(|excess| excess.weight > 0.0).copied().collect();
        let total: f64 = excesses.iter().map(|excess| excess.weight).sum();
        let sum: f64 = excesses.iter().map(|excess| excess.weight * excess.above).sum();
        let most = excesses.iter().map(|excess| excess.above).fold(0.0, f64::max);
        let mean = sum / total;
        if !(mean > 0.0 && most > mean) {
            return None;
        }
        // With the ratio of shape to scale given, the best shape is the mean of `ln(1 + ratio * excess)`.
        let shape = |ratio: f64| {
            let logarithms = excesses.iter().map(|excess| excess.weight * (ratio * excess.above).ln_1p());
            logarithms.sum::<f64>() / total
        };
        let with = |ratio: f64| {
            if ratio.abs() * mean < 1e-9 {
                return (0.0, mean, -mean.ln() - 1.0);
            }
            let shape = shape(ratio);
            let scale = shape / ratio;
            let likelihood = -scale.ln() - 1.0 - shape;
            let within = (LEAST_SHAPE..=GREATEST_SHAPE).contains(&shape);
            (shape, scale, if within { likelihood } else { f64::NEG_INFINITY })
        };
        let likelihood = |ratio: f64| with(ratio).2;
        let (low, high) = (-(1.0 - 1e-9) / most, 2.0 / mean);
        let at = |step: usize| low + (high - low) * (step as f64 / COARSE as f64).powi(2);
        let best = (0..=COARSE).max_by(|a, b| likelihood(at(*a)).total_cmp(&likelihood(at(*b))))?;
        let (mut low, mut high) = (at(best.saturating_sub(1)), at((best + 1).min(COARSE)));
        for _ in 0..FINE {
            let third = (high - low) / 3.0;
            if likelihood(low + third) < likelihood(high - third) {
                low += third;
            } else {
                high -= third;
            }
        }
        let (shape, scale, likelihood) = with((low + high) / 2.0);
        let exponential = with(0.0);
        let (shape, scale) =
            if likelihood >= exponential.2 { (shape, scale) } else { (exponential.0, exponential.1) };
        Some(Self { start, rate, shape, scale })
    }

    /// The score that a share of `rate` of the impostors reaches, at most the share at the start.
    pub(crate) fn score(&self, rate: f64) -> f64 {
        let ratio = (self.rate / rate).max(1.0);
        let excess = if self.shape.abs() < 1e-9 {
            ratio.ln()
        } else {
            (self.shape * ratio.ln()).exp_m1() / self.shape
        };
        self.start + self.scale * excess
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Excesses drawn from a generalised Pareto distribution.
    fn drawn(shape: f64, scale: f64, count: usize, seed: u64) -> Vec<Excess> {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut draw = || {
            let left = 1.0 - random.f64();
            if shape == 0.0 { -left.ln() * scale } else { scale * (left.powf(-shape) - 1.0) / shape }
        };
        (0..count).map(|_| Excess { above: draw(), weight: 1.0 }).collect()
    }

    #[test]
    fn a_fit_recovers_the_tail_that_the_scores_were_drawn_from() {
        for (seed, shape) in [-0.4, -0.25, -0.1, 0.0, 0.1, 0.3].into_iter().enumerate() {
            let tail = Tail::fit(9000.0, 1e-3, &drawn(shape, 700.0, 20_000, seed as u64)).unwrap();
            assert!((tail.shape - shape).abs() < 0.03, "{shape}: {tail:?}");
            assert!((tail.scale / 700.0 - 1.0).abs() < 0.04, "{shape}: {tail:?}");
            let known = Tail { shape, scale: 700.0, ..tail };
            for rate in [1e-4, 1e-6] {
                let (found, right) = (tail.score(rate) - 9000.0, known.score(rate) - 9000.0);
                assert!((found / right - 1.0).abs() < 0.15, "{shape}, {rate}: {found} for {right}");
            }
        }
    }

    #[test]
    fn a_score_that_counts_twice_is_as_two() {
        let once = drawn(-0.2, 500.0, 1000, 7);
        let doubled: Vec<Excess> = once.iter().chain(&once).copied().collect();
        let heavy: Vec<Excess> = once
            .iter()
            .map(|excess| Excess { weight: 2.0, ..*excess })
            .chain(once[..1].iter().map(|excess| Excess { weight: 0.0, above: excess.above * 1e6 }))
            .collect();
        let fits = [&doubled, &heavy].map(|excesses| Tail::fit(0.0, 1e-2, excesses).unwrap());
        assert!((fits[0].shape - fits[1].shape).abs() < 1e-6, "{fits:?}");
        assert!((fits[0].scale - fits[1].scale).abs() < 1e-3, "{fits:?}");
    }

    #[test]
    fn scores_without_a_tail_have_no_fit() {
        assert!(Tail::fit(0.0, 0.1, &[]).is_none());
        assert!(Tail::fit(0.0, 0.1, &[Excess { above: 3.0, weight: 1.0 }; 50]).is_none());
    }
}
