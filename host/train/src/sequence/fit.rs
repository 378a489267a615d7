//! From presentations to a model.

use std::collections::{BTreeMap, BTreeSet};

use liveness::{
    FEATURES, HIDDEN, INPUT_BITS, LivenessTracker, MIN_SAMPLES, Sample, Sequence, WEIGHT_BITS, features,
};

use super::network::{Example, Network, normalise};

/// Parts of the people by which the threshold is set.
pub const PARTS: usize = 5;

/// A presentation: samples in a row, labelled with what was presented.
#[derive(Clone, Debug)]
pub struct Presentation {
    /// The attack type, or that of a living head.
    pub attack_type: String,
    /// Whether it is of a living head.
    pub alive: bool,
    /// Name of the person.
    pub person: String,
    /// The samples, the oldest first.
    pub looks: Vec<Sample>,
}

/// How to train.
#[derive(Clone, Debug)]
pub struct Options {
    /// Steps of the optimiser.
    pub steps: usize,
    /// Decay of the weights.
    pub decay: f64,
    /// Share of living people that may be refused.
    pub refused: f64,
    /// Samples in a row that must pass.
    pub together: usize,
    /// Seed of the first weights.
    pub seed: u64,
}

/// A model, and its results on people that it was not trained on.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// The model in integers.
    pub model: Sequence,
    /// Windows that it was trained on.
    pub windows: usize,
    /// Share of the presentations of each attack_type that pass the model alone, in cross-validation.
    pub passed: BTreeMap<String, f64>,
}

/// The features of all windows that are long enough, as the door computes them.
pub fn windows(looks: &[Sample]) -> Vec<[i32; FEATURES]> {
    let mut watch = LivenessTracker::new();
    let mut all = Vec::new();
    for look in looks {
        watch.observe(*look, 1);
        if watch.samples().len() >= MIN_SAMPLES {
            all.push(features(watch.samples()));
        }
    }
    all
}

/// Trains; `None` if there are no windows of living heads, or none of attacks.
pub fn fit(presentations: &[Presentation], options: &Options) -> Option<Fitted> {
    let all: Vec<(&Presentation, Vec<[i32; FEATURES]>)> =
        presentations.iter().map(|one| (one, windows(&one.looks))).collect();
    let people: BTreeSet<&str> = all.iter().map(|(one, _)| one.person.as_str()).collect();
    let part: BTreeMap<&str, usize> =
        people.into_iter().enumerate().map(|(at, person)| (person, at % PARTS)).collect();
    let seen = |windows: &[[i32; FEATURES]], trained: &Trained| {
        let logits: Vec<f64> = windows.iter().map(|window| trained.logit(window)).collect();
        let in_a_row = logits.windows(options.together);
        in_a_row.map(|row| row.iter().copied().fold(f64::MAX, f64::min)).fold(f64::MIN, f64::max)
    };
    let mut scores: Vec<(&Presentation, f64)> = Vec::new();
    for held in 0..PARTS {
        let inside = |one: &Presentation| part[one.person.as_str()] == held;
        let rest: Vec<_> = all.iter().filter(|(one, _)| !inside(one)).collect();
        let trained = Trained::new(&rest, options)?;
        let assessed = all.iter().filter(|(one, _)| inside(one));
        scores.extend(assessed.map(|(one, windows)| (*one, seen(windows, &trained))));
    }
    let mut living: Vec<f64> = scores.iter().filter(|(one, _)| one.alive).map(|(_, score)| *score).collect();
    living.sort_by(f64::total_cmp);
    let at = (living.len() as f64 * options.refused) as usize;
    let threshold = (*living.get(at)?).max(-20.0);
    let mut counts: BTreeMap<String, [f64; 2]> = BTreeMap::new();
    for (one, score) in &scores {
        let [passed, all] = counts.entry(one.attack_type.clone()).or_default();
        *passed += f64::from(u8::from(*score >= threshold));
        *all += 1.0;
    }
    let whole: Vec<_> = all.iter().collect();
    let model = Trained::new(&whole, options)?.rounded(threshold);
    let passed = counts.into_iter().map(|(attack_type, [passed, all])| (attack_type, passed / all)).collect();
    Some(Fitted { model, windows: all.iter().map(|(_, windows)| windows.len()).sum(), passed })
}

/// A network with the means and deviations of its training data.
struct Trained {
    means: [f64; FEATURES],
    deviations: [f64; FEATURES],
    network: Network,
}

impl Trained {
    fn new(all: &[&(&Presentation, Vec<[i32; FEATURES]>)], options: &Options) -> Option<Self> {
        let windows = || all.iter().flat_map(|(_, windows)| windows);
        let count = windows().count() as f64;
        let means = std::array::from_fn(|at| windows().map(|one| f64::from(one[at])).sum::<f64>() / count);
        let deviations = std::array::from_fn(|at: usize| {
            let square = |one: &[i32; FEATURES]| (f64::from(one[at]) - means[at]).powi(2);
            (windows().map(square).sum::<f64>() / count).sqrt().max(1.0)
        });
        let mut per_species: BTreeMap<&str, f64> = BTreeMap::new();
        for (one, _) in all.iter().filter(|(_, windows)| !windows.is_empty()) {
            *per_species.entry(&one.attack_type).or_default() += 1.0;
        }
        let attacks: BTreeSet<&str> =
            all.iter().filter(|(one, _)| !one.alive).map(|(one, _)| one.attack_type.as_str()).collect();
        let attacks =
            attacks.iter().filter(|attack_type| per_species.contains_key(*attack_type)).count() as f64;
        let mut examples = Vec::new();
        for (one, _) in all {
            // The door keeps only the last samples, so a window may begin anywhere.
            let starts = (0..one.looks.len().saturating_sub(MIN_SAMPLES - 1)).step_by(2);
            let windows: Vec<_> = starts.flat_map(|start| self::windows(&one.looks[start..])).collect();
            let share = if one.alive { 0.5 } else { 0.5 / attacks };
            for window in &windows {
                examples.push(Example {
                    inputs: normalise(window, &means, &deviations),
                    alive: one.alive,
                    weight: share / per_species[one.attack_type.as_str()] / windows.len() as f64,
                });
            }
        }
        let both = [true, false].iter().all(|alive| examples.iter().any(|one| one.alive == *alive));
        both.then(|| Self {
            means,
            deviations,
            network: Network::train(&examples, options.steps, options.decay, options.seed),
        })
    }

    fn logit(&self, features: &[i32; FEATURES]) -> f64 {
        self.network.logit(&normalise(features, &self.means, &self.deviations))
    }

    /// In integers; what passes has at least this logit.
    fn rounded(&self, threshold: f64) -> Sequence {
        let weight = |value: f64| (value * f64::from(1 << WEIGHT_BITS)).round() as i16;
        let bias = |value: f64| (value * f64::from(1 << (WEIGHT_BITS + INPUT_BITS))).round() as i32;
        let unit = |unit: usize| self.network.unit(unit);
        Sequence {
            means: self.means.map(|mean| mean.round() as i32),
            scales: self
                .deviations
                .map(|deviation| (f64::from(1 << (INPUT_BITS + 12)) / deviation).round() as i32),
            weights: std::array::from_fn::<_, HIDDEN, _>(|at| {
                std::array::from_fn(|feature| weight(unit(at).0[feature]))
            }),
            biases: std::array::from_fn(|at| bias(unit(at).1)),
            output: std::array::from_fn(|at| weight(unit(at).2)),
            bias: bias(self.network.bias() - threshold),
        }
    }
}
