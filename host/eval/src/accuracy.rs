//! Accuracy by folds: the protocol's own figure.
//!
//! For each fold the threshold is the one that answers most pairs of the *other* folds right, on a
//! grid of cosines from -0.2 to 0.9 in steps of 0.0005, the lowest of equals.

use schemars::JsonSchema;
use serde::Serialize;

use crate::Error;

const GRID_START: f64 = -0.2;
const GRID_STEP: f64 = 0.0005;
const GRID_POINTS: usize = 2201;

/// The share of pairs answered right.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct Accuracy {
    /// Mean over the folds, 0 to 1.
    pub mean: f64,
    /// Standard error of the mean over the folds.
    pub standard_error: f64,
    /// Mean of the folds' thresholds, a cosine.
    pub threshold: f64,
    /// How many folds there were.
    pub folds: usize,
}

/// One compared pair: its fold, its cosine, and whether it shows one person.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub fold: usize,
    pub cosine: f64,
    pub genuine: bool,
}

/// The accuracy of `(fold, cosine, genuine)` answers over `folds` folds.
///
/// # Errors
/// Fewer than two folds hold pairs: the threshold for a fold comes from the others.
pub fn accuracy(answers: &[(usize, f64, bool)], folds: usize) -> Result<Accuracy, Error> {
    let answers: Vec<Answer> =
        answers.iter().map(|&(fold, cosine, genuine)| Answer { fold, cosine, genuine }).collect();
    if folds < 2 || (0..folds).any(|fold| answers.iter().all(|answer| answer.fold != fold)) {
        return Err(Error::TooFew(
            "accuracy takes at least two folds, each with pairs: a fold's threshold comes from the others",
        ));
    }
    // right[fold][t]: how many pairs of the fold the threshold grid[t] answers right.
    let right: Vec<Vec<u32>> = (0..folds).map(|fold| right_answers(&answers, fold)).collect();
    let sizes: Vec<f64> =
        (0..folds).map(|fold| answers.iter().filter(|answer| answer.fold == fold).count() as f64).collect();
    let mut shares = Vec::with_capacity(folds);
    let mut thresholds = 0.0;
    for fold in 0..folds {
        let others = |t: usize| (0..folds).filter(|&f| f != fold).map(|f| right[f][t]).sum::<u32>();
        let mut best = 0;
        for t in 1..GRID_POINTS {
            if others(t) > others(best) {
                best = t;
            }
        }
        shares.push(f64::from(right[fold][best]) / sizes[fold]);
        thresholds += grid(best);
    }
    let count = folds as f64;
    let mean = shares.iter().sum::<f64>() / count;
    let variance = shares.iter().map(|share| (share - mean).powi(2)).sum::<f64>() / count;
    Ok(Accuracy { mean, standard_error: (variance / count).sqrt(), threshold: thresholds / count, folds })
}

/// The share of right answers on folds that had no part in anything before.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct HeldOut {
    /// Share of their pairs answered right, 0 to 1.
    pub accuracy: f64,
    /// The cosine that answers most pairs of the other folds right.
    pub threshold: f64,
    /// How many pairs the held-out folds have.
    pub pairs: usize,
}

/// The accuracy on the folds `held_out`, at the threshold that the other folds choose.
///
/// # Errors
/// Either side has no pairs.
pub fn held_out(answers: &[(usize, f64, bool)], held_out: &[usize]) -> Result<HeldOut, Error> {
    let (own, others): (Vec<Answer>, Vec<Answer>) = answers
        .iter()
        .map(|&(fold, cosine, genuine)| Answer {
            fold: usize::from(!held_out.contains(&fold)),
            cosine,
            genuine,
        })
        .partition(|answer| answer.fold == 0);
    if own.is_empty() || others.is_empty() {
        return Err(Error::TooFew(
            "to hold folds out takes pairs in them, and in others to choose the threshold",
        ));
    }
    let right = right_answers(&others, 1);
    let best = (0..GRID_POINTS).rev().max_by_key(|&t| right[t]).unwrap_or(0);
    let accuracy = f64::from(right_answers(&own, 0)[best]) / own.len() as f64;
    Ok(HeldOut { accuracy, threshold: grid(best), pairs: own.len() })
}

fn grid(t: usize) -> f64 {
    GRID_START + GRID_STEP * t as f64
}

fn right_answers(answers: &[Answer], fold: usize) -> Vec<u32> {
    let in_fold: Vec<&Answer> = answers.iter().filter(|answer| answer.fold == fold).collect();
    (0..GRID_POINTS)
        .map(|t| {
            let right = |answer: &&&Answer| (answer.cosine > grid(t)) == answer.genuine;
            in_fold.iter().filter(right).count() as u32
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separated_scores_are_all_right() {
        let answers: Vec<_> = (0..40).map(|i| (i % 4, if i < 20 { 0.6 } else { 0.1 }, i < 20)).collect();
        let accuracy = accuracy(&answers, 4).unwrap();
        assert_eq!((accuracy.mean, accuracy.standard_error), (1.0, 0.0));
        assert!((0.1..0.6).contains(&accuracy.threshold));
    }

    #[test]
    fn a_fold_never_chooses_its_own_threshold() {
        // Fold 0 is separated at 0.5; in fold 1 every genuine pair is below 0.3. Each fold's own
        // threshold would give 1; the other fold's gives what is counted here by hand.
        let answers = [(0, 0.6, true), (0, 0.4, false), (1, 0.2, true), (1, 0.1, false)];
        let accuracy = accuracy(&answers, 2).unwrap();
        assert_eq!(accuracy.mean, 0.5);
        assert_eq!(accuracy.standard_error, 0.0);
    }

    #[test]
    fn held_out_folds_do_not_choose_their_threshold() {
        let answers = [(0, 0.6, true), (0, 0.4, false), (1, 0.2, true), (1, 0.1, false), (2, 0.3, false)];
        let held = held_out(&answers, &[1, 2]).unwrap();
        // Between 0.4 and 0.6 the first fold is right; there the second fold's genuine pair is missed.
        assert_eq!((held.pairs, held.accuracy), (3, 2.0 / 3.0));
        assert!((0.4..0.6).contains(&held.threshold));
        assert!(held_out(&answers, &[]).is_err());
        assert!(held_out(&answers, &[0, 1, 2]).is_err());
    }

    #[test]
    fn one_fold_is_refused() {
        assert!(accuracy(&[(0, 0.5, true)], 1).is_err());
        assert!(accuracy(&[(0, 0.5, true)], 2).is_err());
    }
}
