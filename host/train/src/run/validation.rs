//! How well an encoder separates people that it was not trained on.

use encoder::{Embeddings, Images, Trainable};
use eval::Comparison;
use schemars::JsonSchema;
use serde::Serialize;

use crate::Error;
use crate::data::{Data, images};
use crate::loss::{Difference, Matrix, Pair, Units, Verifier, balanced_pairs, square_distance};

/// Pictures embedded at a time.
const AT_A_TIME: usize = 32;

/// The embeddings of `pictures` by `encoder`, of unit length.
///
/// `seen` hears how many are done.
///
/// # Errors
/// [`Error::Read`] of the crops.
pub fn embed(
    encoder: &dyn Trainable,
    data: &Data,
    pictures: &[usize],
    seen: &mut dyn FnMut(usize),
) -> Result<Matrix, Error> {
    let mut values = Vec::with_capacity(pictures.len() * encoder.dimension());
    for some in pictures.chunks(AT_A_TIME) {
        let faces = some.iter().map(|&picture| data.crops.read(picture)).collect::<Result<Vec<_>, _>>()?;
        let Embeddings { values: found, .. } = encoder.embed(&images(faces, encoder.input()));
        values.extend(found);
        seen(some.len());
    }
    Ok(Units::of(&Embeddings { dimension: encoder.dimension(), values }).vectors)
}

/// At most `count` faces of the training, evenly spread, as an encoder of this input takes them.
///
/// # Errors
/// [`Error::Read`] of the crops.
pub fn samples(data: &Data, input: (usize, usize), count: usize) -> Result<Images, Error> {
    let step = data.train.len().div_ceil(count).max(1);
    let faces = data.train.iter().step_by(step).map(|&picture| data.crops.read(picture));
    Ok(images(faces.collect::<Result<_, _>>()?, input))
}

/// All pairs of `pictures` by their unit vectors.
#[must_use]
pub fn validate(units: &Matrix, data: &Data, pictures: &[usize]) -> Comparison {
    let vectors = units.rows().map(|row| Some(row.iter().map(|&value| value as f32).collect())).collect();
    let people: Vec<u32> = pictures.iter().map(|&picture| data.people[picture] as u32).collect();
    Comparison::all_pairs(&eval::Embeddings::Float(vectors), &people)
}

/// Ways to decide whether two faces are one person's, as shares of right answers on pairs of unseen people.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize)]
pub struct Verification {
    /// By a threshold on `d = |f(a) - f(b)|²`.
    pub threshold: f64,
    /// By a logistic regression on `|f(a) - f(b)|`.
    pub absolute: f64,
    /// By a logistic regression on DeepFace's chi-squared form.
    pub chi_squared: f64,
}

/// Pictures of the training that a verifier is fitted to, at the most.
const MOST_FITTED: usize = 400;

/// Passes of a fit.
const PASSES: usize = 200;

/// Fits verifiers to the embeddings of the people of the training, and asks them about unseen people.
///
/// The encoder stays as it is. As many pairs of one person as of two are asked about.
#[must_use]
pub fn verifiers(train: (&Matrix, &[usize]), unseen: (&Matrix, &[usize]), seed: u64) -> Verification {
    let mut random = fastrand::Rng::with_seed(seed);
    let known = balanced_pairs(&train.1[..train.1.len().min(MOST_FITTED)], &mut random);
    let asked = balanced_pairs(&unseen.1[..unseen.1.len().min(MOST_FITTED)], &mut random);
    let nearness = |units: &Matrix, pair: &Pair| {
        let [a, b] = pair.rows;
        -square_distance(units.row(a), units.row(b))
    };
    let scores =
        |units, pairs: &[Pair]| pairs.iter().map(|pair| (nearness(units, pair), pair.same)).collect();
    let threshold = best_threshold(scores(train.0, &known));
    let right = |answers: &dyn Fn(&Pair) -> bool| {
        asked.iter().filter(|pair| answers(pair) == pair.same).count() as f64 / asked.len().max(1) as f64
    };
    let fitted = |form| {
        let mut verifier = Verifier::new(form, train.0.columns);
        verifier.fit(train.0, &known, PASSES);
        right(&|pair| verifier.logit(unseen.0.row(pair.rows[0]), unseen.0.row(pair.rows[1])) > 0.0)
    };
    Verification {
        threshold: right(&|pair| nearness(unseen.0, pair) >= threshold),
        absolute: fitted(Difference::Absolute),
        chi_squared: fitted(Difference::ChiSquared),
    }
}

/// The score from which to answer "same" so that most of `scores` are answered right.
fn best_threshold(mut scores: Vec<(f64, bool)>) -> f64 {
    scores.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut right = scores.iter().filter(|(_, same)| !same).count();
    let mut best = (right, f64::INFINITY);
    for (score, same) in scores {
        right = if same { right + 1 } else { right - 1 };
        if right > best.0 {
            best = (right, score);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_answers_most_right() {
        let scores = vec![(0.9, true), (0.8, true), (0.7, false), (0.6, true), (0.2, false), (0.1, false)];
        let threshold = best_threshold(scores);
        assert!(threshold == 0.8 || threshold == 0.6);
        assert_eq!(best_threshold(vec![(0.9, false), (0.5, false)]), f64::INFINITY);
    }

    #[test]
    fn people_in_directions_of_their_own_are_told_apart_by_all() {
        let people: Vec<usize> = (0..40).map(|row| row / 4).collect();
        let embeddings = |seed: u64| {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut values = Vec::new();
            for _ in 0..10 {
                let own: Vec<f32> = (0..16).map(|_| random.f32() - 0.5).collect();
                for _ in 0..4 {
                    values.extend(own.iter().map(|value| value + 0.1 * (random.f32() - 0.5)));
                }
            }
            Units::of(&Embeddings { dimension: 16, values }).vectors
        };
        let (train, unseen) = (embeddings(1), embeddings(2));
        let found = verifiers((&train, &people), (&unseen, &people), 3);
        assert!(found.threshold > 0.95 && found.absolute > 0.9 && found.chi_squared > 0.85, "{found:?}");
    }
}
