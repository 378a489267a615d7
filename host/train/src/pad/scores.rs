//! The scale of the scores: what a logit must be multiplied by, and moved, so that its score is the share of living faces.
//!
//! The mean over all places of a face gives scores that lie close together, and in the wrong place on people that the training
//! did not have. Two numbers that are fitted on the frames of such people mend both (Platt 1999).

/// How often Newton's method is repeated; it takes about ten.
const ROUNDS: usize = 100;

/// A factor and an offset of logits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Logits are multiplied by it.
    pub factor: f64,
    /// Added to the logit of a living face after that.
    pub offset: f64,
}

impl Scale {
    /// Fits the scale on logits of living faces and of attacks; both count as much, however many there are. `None` if one of
    /// them is missing, or if the logits do not tell them apart.
    ///
    /// What is wanted of a living face is not 1 but a little less (Platt's targets), so that few frames give no steep scale.
    #[must_use]
    pub fn fit(living: &[f64], attacks: &[f64]) -> Option<Self> {
        let kinds = [(living, true), (attacks, false)];
        let targets = kinds.map(|(logits, alive)| {
            let count = logits.len() as f64;
            let wanted = (count + 1.0) / (count + 2.0);
            (logits, if alive { wanted } else { 1.0 - wanted }, 1.0 / count)
        });
        if targets.iter().any(|(logits, ..)| logits.is_empty()) {
            return None;
        }
        let (mut factor, mut offset) = (1.0f64, 0.0f64);
        for _ in 0..ROUNDS {
            // The gradient and the curvature of the cross-entropy.
            let (mut first, mut second) = ([0.0; 2], [1e-9, 0.0, 1e-9]);
            for (logits, wanted, weight) in targets {
                for &logit in logits {
                    let share = 1.0 / (1.0 + (-(factor * logit + offset)).exp());
                    let (error, slope) = (weight * (share - wanted), weight * share * (1.0 - share));
                    first[0] += error * logit;
                    first[1] += error;
                    second[0] += slope * logit * logit;
                    second[1] += slope * logit;
                    second[2] += slope;
                }
            }
            let determinant = second[0] * second[2] - second[1] * second[1];
            let step = [
                (second[2] * first[0] - second[1] * first[1]) / determinant,
                (second[0] * first[1] - second[1] * first[0]) / determinant,
            ];
            // A step of Newton's method may leap; no longer one than this is taken.
            let shorter = (1.0 / step[0].abs().max(step[1].abs())).min(1.0);
            factor -= shorter * step[0];
            offset -= shorter * step[1];
        }
        (factor.is_finite() && offset.is_finite() && factor > 0.0).then_some(Self { factor, offset })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fastrand::Rng;

    /// Logits of which each is that of a living face as often as its score says, times and moved.
    fn drawn(factor: f64, offset: f64) -> [Vec<f64>; 2] {
        let mut random = Rng::with_seed(1);
        let mut kinds = [Vec::new(), Vec::new()];
        for _ in 0..20_000 {
            let logit = 8.0 * random.f64() - 4.0;
            let alive = random.f64() < 1.0 / (1.0 + (-logit).exp());
            kinds[usize::from(!alive)].push((logit - offset) / factor);
        }
        kinds
    }

    #[test]
    fn the_scale_that_the_logits_lost_is_found() {
        let [living, attacks] = drawn(3.0, -1.2);
        let found = Scale::fit(&living, &attacks).unwrap();
        assert!((found.factor - 3.0).abs() < 0.15 && (found.offset + 1.2).abs() < 0.15, "{found:?}");
        // Of an attack each frame ten times: both kinds count as much as before.
        let found = Scale::fit(&living, &attacks.repeat(10)).unwrap();
        assert!((found.factor - 3.0).abs() < 0.15 && (found.offset + 1.2).abs() < 0.15, "{found:?}");
    }

    #[test]
    fn logits_that_lie_apart_give_a_scale_and_those_that_tell_nothing_none() {
        let found = Scale::fit(&[0.5, 0.6, 0.9], &[0.1, 0.2]).unwrap();
        assert!(found.factor > 1.0 && found.factor < 100.0, "{found:?}");
        let middle = found.factor * 0.35 + found.offset;
        assert!(middle.abs() < 1.0, "{found:?}");
        assert_eq!(Scale::fit(&[1.0], &[]), None);
        assert_eq!(Scale::fit(&[0.0, 0.1], &[0.5, 0.6]), None);
    }
}
