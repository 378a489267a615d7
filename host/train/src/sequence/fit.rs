//! From presentations to a model.

use std::collections::{BTreeMap, BTreeSet};

use liveness::{
    FEATURES, HIDDEN, INPUT_BITS, LivenessTracker, MIN_SAMPLES, Sample, Sequence, WEIGHT_BITS, features,
};

use super::network::{Example, Network, normalise};

/// Parts of the people by which the threshold is set.
pub const PARTS: usize = 5;

/// Samples from one beginning of a window to the next.
const STARTS: usize = 5;

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
    /// Share of attacks that may be accepted, and of living people that may be refused: they give the two bounds.
    pub errors: [f64; 2],
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
    /// What becomes of the presentations of each attack_type by the model alone, in cross-validation.
    pub passed: BTreeMap<String, Passed>,
}

/// What becomes of the presentations of an attack type.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Passed {
    /// Share that passes.
    pub share: f64,
    /// Samples until half of those that pass have passed; 0 if none does.
    pub samples: usize,
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

/// A logit for each sample, `None` where the window before it is too short.
fn logits(looks: &[Sample], trained: &Trained) -> Vec<Option<f64>> {
    let mut watch = LivenessTracker::new();
    let logit = |look: &Sample| {
        watch.observe(*look, 1);
        (watch.samples().len() >= MIN_SAMPLES).then(|| trained.logit(&features(watch.samples())))
    };
    looks.iter().map(logit).collect()
}

/// The number of samples after which so many in a row have passed.
fn passes(logits: &[Option<f64>], bound: f64, together: usize) -> Option<usize> {
    let mut row = 0;
    logits.iter().enumerate().find_map(|(at, logit)| {
        row = if logit.is_some_and(|logit| logit >= bound) { row + 1 } else { 0 };
        (row >= together).then_some(at + 1)
    })
}

/// Trains; `None` if there are no windows of living heads, or none of attacks.
pub fn fit(presentations: &[Presentation], options: &Options) -> Option<Fitted> {
    let all: Vec<(&Presentation, Vec<[i32; FEATURES]>)> =
        presentations.iter().map(|one| (one, windows(&one.looks))).collect();
    let people: BTreeSet<&str> = all.iter().map(|(one, _)| one.person.as_str()).collect();
    let part: BTreeMap<&str, usize> =
        people.into_iter().enumerate().map(|(at, person)| (person, at % PARTS)).collect();
    let mut scored: Vec<(&Presentation, Vec<Option<f64>>)> = Vec::new();
    for held in 0..PARTS {
        let inside = |one: &Presentation| part[one.person.as_str()] == held;
        let rest: Vec<_> = all.iter().filter(|(one, _)| !inside(one)).collect();
        let trained = Trained::new(&rest, options)?;
        let assessed = all.iter().filter(|(one, _)| inside(one));
        scored.extend(assessed.map(|(one, _)| (*one, logits(&one.looks, &trained))));
    }
    let line = calibrate(&scored);
    let [accepted, refused] = options.errors;
    let bounds = [((1.0 - refused) / accepted).ln(), (refused / (1.0 - accepted)).ln()];
    // In the uncalibrated logits, which every network has.
    let bound = (bounds[0] - line[1]) / line[0];
    let mut endings: BTreeMap<String, Vec<Option<usize>>> = BTreeMap::new();
    for (one, logits) in &scored {
        let ending = passes(logits, bound, options.together);
        endings.entry(one.attack_type.clone()).or_default().push(ending);
    }
    let passed = endings.into_iter().map(|(attack_type, endings)| {
        let mut samples: Vec<usize> = endings.iter().flatten().copied().collect();
        samples.sort_unstable();
        let share = samples.len() as f64 / endings.len() as f64;
        let samples = samples.get(samples.len().saturating_sub(1) / 2).copied().unwrap_or(0);
        (attack_type, Passed { share, samples })
    });
    let whole: Vec<_> = all.iter().collect();
    let model = Trained::new(&whole, options)?.rounded(line, bounds);
    let windows = all.iter().map(|(_, windows)| windows.len()).sum();
    Some(Fitted { model, windows, passed: passed.collect() })
}

/// The line that makes logits of people who were not trained on logarithms of likelihood ratios: slope and shift of a
/// logistic regression (Platt 1999). Living heads and attacks weigh the same, so do attack types, and presentations of one type.
fn calibrate(scored: &[(&Presentation, Vec<Option<f64>>)]) -> [f64; 2] {
    let of_type = Weights::new(scored.iter().map(|(one, logits)| (*one, logits.iter().flatten().count())));
    let mut points = Vec::new();
    for (one, logits) in scored {
        let count = logits.iter().flatten().count();
        let weight = of_type.of(one) / count.max(1) as f64;
        points.extend(logits.iter().flatten().map(|logit| (*logit, one.alive, weight)));
    }
    let loss = |[slope, shift]: [f64; 2]| {
        let of = |(logit, alive, weight): &(f64, bool, f64)| {
            let z = slope * logit + shift;
            // ln(1 + exp(-z)), for any z.
            let z = if *alive { z } else { -z };
            weight * ((-z.abs()).exp().ln_1p() + (-z).max(0.0))
        };
        points.iter().map(of).sum::<f64>()
    };
    let mut line = [0.0, 0.0];
    // Newton's method, with halved steps where a whole one goes too far; the problem is convex in two unknowns.
    for _ in 0..50 {
        let (mut gradient, mut curve) = ([0.0; 2], [1e-9, 0.0, 1e-9]);
        for (logit, alive, weight) in &points {
            let p = 1.0 / (1.0 + f64::exp(-(line[0] * logit + line[1])));
            let (off, flat) = (weight * (p - f64::from(u8::from(*alive))), weight * p * (1.0 - p));
            gradient = [gradient[0] + off * logit, gradient[1] + off];
            curve = [curve[0] + flat * logit * logit, curve[1] + flat * logit, curve[2] + flat];
        }
        let determinant = (curve[0] * curve[2] - curve[1] * curve[1]).max(1e-12);
        let step = [
            (curve[2] * gradient[0] - curve[1] * gradient[1]) / determinant,
            (curve[0] * gradient[1] - curve[1] * gradient[0]) / determinant,
        ];
        let before = loss(line);
        let to = |share: f64| [line[0] - share * step[0], line[1] - share * step[1]];
        let shares = (0..30).map(|halved| 0.5f64.powi(halved));
        match shares.map(to).find(|line| loss(*line) < before) {
            Some(better) => line = better,
            None => break,
        }
    }
    // A network that tells nothing apart has no slope; the bounds are then out of reach.
    [line[0].max(0.01), line[1]]
}

/// What a presentation weighs: living heads half, attacks half; each type of either the same, and each presentation of a type.
struct Weights {
    /// Presentations of each type.
    counts: BTreeMap<String, f64>,
    /// Types of living heads and of attacks.
    types: [f64; 2],
}

impl Weights {
    /// Of presentations with so many windows each.
    fn new<'a>(all: impl Iterator<Item = (&'a Presentation, usize)>) -> Self {
        let mut counts: BTreeMap<String, f64> = BTreeMap::new();
        let mut types = [BTreeSet::new(), BTreeSet::new()];
        for (one, _) in all.filter(|(_, windows)| *windows > 0) {
            *counts.entry(one.attack_type.clone()).or_default() += 1.0;
            types[usize::from(!one.alive)].insert(one.attack_type.clone());
        }
        Self { counts, types: types.map(|types| types.len() as f64) }
    }

    fn of(&self, one: &Presentation) -> f64 {
        let count = self.counts.get(&one.attack_type).copied().unwrap_or(1.0);
        0.5 / self.types[usize::from(!one.alive)].max(1.0) / count
    }
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
        let weights = Weights::new(all.iter().map(|(one, windows)| (*one, windows.len())));
        let mut examples = Vec::new();
        for (one, _) in all {
            // The door keeps only the last samples, so a window may begin anywhere.
            let starts = (0..one.looks.len().saturating_sub(MIN_SAMPLES - 1)).step_by(STARTS);
            let windows: Vec<_> = starts.flat_map(|start| self::windows(&one.looks[start..])).collect();
            for window in &windows {
                examples.push(Example {
                    inputs: normalise(window, &means, &deviations),
                    alive: one.alive,
                    weight: weights.of(one) / windows.len() as f64,
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

    /// In integers; `line` calibrates the logit, and `bounds` are those of what passes and of what is refused.
    fn rounded(&self, line: [f64; 2], bounds: [f64; 2]) -> Sequence {
        let weight = |value: f64| (value * f64::from(1 << WEIGHT_BITS)).round() as i16;
        let bias = |value: f64| (value * f64::from(1 << (WEIGHT_BITS + INPUT_BITS))).round() as i32;
        let logit = |value: f64| (value * f64::from(1 << INPUT_BITS)).round() as i32;
        let unit = |unit: usize| self.network.unit(unit);
        let [slope, shift] = line;
        Sequence {
            means: self.means.map(|mean| mean.round() as i32),
            scales: self
                .deviations
                .map(|deviation| (f64::from(1 << (INPUT_BITS + 12)) / deviation).round() as i32),
            weights: std::array::from_fn::<_, HIDDEN, _>(|at| {
                std::array::from_fn(|feature| weight(unit(at).0[feature]))
            }),
            biases: std::array::from_fn(|at| bias(unit(at).1)),
            output: std::array::from_fn(|at| weight(slope * unit(at).2)),
            bias: bias(slope * self.network.bias() + shift),
            alive: logit(bounds[0]),
            attack: logit(bounds[1]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presentation(attack_type: &str, alive: bool) -> Presentation {
        Presentation { attack_type: attack_type.to_owned(), alive, person: String::new(), looks: Vec::new() }
    }

    #[test]
    fn a_presentation_passes_when_enough_samples_in_a_row_do() {
        let logits = [None, None, Some(1.0), Some(3.0), Some(1.0), Some(3.0), Some(4.0), Some(3.0)];
        assert_eq!(
            [1, 2, 3, 4].map(|together| passes(&logits, 2.0, together)),
            [Some(4), Some(7), Some(8), None]
        );
    }

    #[test]
    fn calibration_finds_the_line_on_which_logits_are_true() {
        // Of each logit z there are as many living heads as 1 / (1 + exp(-z / 2)) says: the logits are twice too sure.
        let [alive, attack] = [presentation("bona-fide", true), presentation("print", false)];
        let mut scored = [(&alive, Vec::new()), (&attack, Vec::new())];
        for step in -8..=8 {
            let logit = f64::from(step) / 2.0;
            let share = 1.0 / (1.0 + (-(logit / 2.0)).exp());
            let living = (share * 1000.0).round() as usize;
            scored[0].1.extend(std::iter::repeat_n(Some(logit), living));
            scored[1].1.extend(std::iter::repeat_n(Some(logit), 1000 - living));
        }
        let [slope, shift] = calibrate(&scored);
        assert!((slope - 0.5).abs() < 0.01 && shift.abs() < 0.01, "{slope} {shift}");
    }

    #[test]
    fn types_weigh_the_same_however_many_presentations_they_have() {
        let all =
            [presentation("bona-fide", true), presentation("print", false), presentation("screen", false)];
        let weights = Weights::new([&all[0], &all[1], &all[1], &all[2]].map(|one| (one, 1)).into_iter());
        assert_eq!([0, 1, 2].map(|at| weights.of(&all[at])), [0.5, 0.125, 0.25]);
    }
}
