//! Verification as binary classification: is this pair of pictures one person?
//!
//! The other way to train a Siamese network. A logistic regression looks at a vector of differences of
//! the two embeddings, and its cross-entropy is the loss:
//!
//! ```text
//! p(same) = sigmoid(b + sum over k of w_k phi_k)
//! phi_k = |f(a)_k - f(b)_k|                                       absolute
//! phi_k = (f(a)_k - f(b)_k)² / (|f(a)_k| + |f(b)_k|)              chi-squared
//! ```
//! The second is the form of DeepFace (Taigman et al. 2014), whose features are not negative; ours have
//! signs, so that the denominator takes their magnitudes.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

use super::parameters::Parameters;
use super::{Loss, Matrix};

/// What the regression sees of two embeddings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Difference {
    /// The magnitudes of the differences.
    Absolute,
    /// DeepFace's chi-squared form.
    ChiSquared,
}

/// Keeps the chi-squared form and its slope finite near zero.
const SMALL: f64 = 1e-6;

/// The regression learns so many times as fast as the network: it begins with no knowledge at all.
const FASTER: f64 = 30.0;

impl Difference {
    /// `phi_k`, and its slopes by `a_k` and `b_k`.
    fn of(self, a: f64, b: f64) -> [f64; 3] {
        let difference = a - b;
        match self {
            Self::Absolute => {
                let sign = if difference == 0.0 { 0.0 } else { difference.signum() };
                [difference.abs(), sign, -sign]
            }
            Self::ChiSquared => {
                let sum = a.abs() + b.abs() + SMALL;
                let ratio = difference / sum;
                let by = |sign: f64, own: f64| 2.0 * sign * ratio - ratio * ratio * own.signum();
                [difference * ratio, by(1.0, a), by(-1.0, b)]
            }
        }
    }
}

/// Two rows of a batch, and whether they show one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The two rows.
    pub rows: [usize; 2],
    /// Whether one person is in both.
    pub same: bool,
}

/// A logistic regression over differences of embeddings.
#[derive(Clone, Debug, PartialEq)]
pub struct Verifier {
    form: Difference,
    /// A weight a dimension, then the bias.
    parameters: Parameters,
}

impl Verifier {
    /// One that holds every difference against the pair.
    #[must_use]
    pub fn new(form: Difference, dimension: usize) -> Self {
        let mut values = vec![-1.0; dimension + 1];
        values[dimension] = 0.0;
        Self { form, parameters: Parameters::new(values) }
    }

    /// The log-odds that two embeddings are of one person.
    #[must_use]
    pub fn logit(&self, a: &[f64], b: &[f64]) -> f64 {
        let (weights, bias) = self.parameters.values.split_at(a.len());
        let terms = weights.iter().zip(a.iter().zip(b));
        bias[0] + terms.map(|(w, (&a, &b))| w * self.form.of(a, b)[0]).sum::<f64>()
    }

    /// The mean cross-entropy of `pairs`, its gradient by the unit vectors, and by the parameters.
    #[must_use]
    pub fn loss(&self, units: &Matrix, pairs: &[Pair]) -> (Loss, Vec<f64>) {
        let dimension = units.columns;
        let mut gradient = Matrix::zeros(units.count(), dimension);
        let mut by_parameters = vec![0.0; dimension + 1];
        let mut value = 0.0;
        let count = pairs.len().max(1) as f64;
        for &Pair { rows: [first, second], same } in pairs {
            let (a, b) = (units.row(first), units.row(second));
            let logit = self.logit(a, b);
            value += softplus(if same { -logit } else { logit }) / count;
            let slope = (sigmoid(logit) - f64::from(u8::from(same))) / count;
            let (mut by_a, mut by_b) = (vec![0.0; dimension], vec![0.0; dimension]);
            for k in 0..dimension {
                let [phi, slope_a, slope_b] = self.form.of(a[k], b[k]);
                by_parameters[k] += slope * phi;
                by_a[k] = self.parameters.values[k] * slope_a;
                by_b[k] = self.parameters.values[k] * slope_b;
            }
            by_parameters[dimension] += slope;
            gradient.add(first, slope, &by_a);
            gradient.add(second, slope, &by_b);
        }
        (Loss { value, gradient }, by_parameters)
    }

    /// Moves the regression against the gradient by its parameters, where `rate` is the network's.
    pub fn step(&mut self, gradient: &[f64], rate: f64) {
        self.parameters.step(gradient, rate * FASTER);
    }

    /// Fits the regression to embeddings that stay as they are, by full passes over `pairs`.
    pub fn fit(&mut self, units: &Matrix, pairs: &[Pair], passes: usize) {
        const RATE: f64 = 0.05;
        for pass in 0..passes {
            let (_, gradient) = self.loss(units, pairs);
            self.parameters.step(&gradient, RATE * (1.0 - pass as f64 / passes as f64));
        }
    }

    pub(crate) fn save(&self, to: &mut dyn Write) -> io::Result<()> {
        self.parameters.save(to)
    }

    pub(crate) fn load(&mut self, from: &mut dyn Read) -> io::Result<()> {
        self.parameters.load(from)
    }
}

/// Every pair of one person, and as many of two people, drawn at random.
#[must_use]
pub fn balanced_pairs(people: &[usize], random: &mut fastrand::Rng) -> Vec<Pair> {
    let all = |same: bool| {
        let pairs = (0..people.len()).flat_map(move |a| (a + 1..people.len()).map(move |b| [a, b]));
        pairs.filter(move |&[a, b]| (people[a] == people[b]) == same).map(move |rows| Pair { rows, same })
    };
    let mut pairs: Vec<Pair> = all(true).collect();
    let mut impostors: Vec<Pair> = all(false).collect();
    random.shuffle(&mut impostors);
    impostors.truncate(pairs.len());
    pairs.append(&mut impostors);
    pairs
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// `ln(1 + e^x)` without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::testing::{check_gradient, random_units};

    const FORMS: [Difference; 2] = [Difference::Absolute, Difference::ChiSquared];

    fn pairs() -> Vec<Pair> {
        [([0, 1], true), ([2, 3], true), ([0, 2], false), ([1, 3], false)]
            .map(|(rows, same)| Pair { rows, same })
            .to_vec()
    }

    #[test]
    fn a_probability_worked_out_by_hand() {
        let absolute = Verifier::new(Difference::Absolute, 2);
        // -|0.6 - 0.8| - |0.8 - 0.6| = -0.4; p = 1 / (1 + e^0.4).
        let units = Matrix { columns: 2, values: vec![0.6, 0.8, 0.8, 0.6] };
        assert!((absolute.logit(units.row(0), units.row(1)) + 0.4).abs() < 1e-12);
        let (loss, _) = absolute.loss(&units, &[Pair { rows: [0, 1], same: true }]);
        assert!((loss.value - (1.0 + 0.4f64.exp()).ln()).abs() < 1e-12);
        // -(0.04 / 1.4) twice.
        let chi = Verifier::new(Difference::ChiSquared, 2);
        assert!((chi.logit(units.row(0), units.row(1)) + 0.08 / 1.4).abs() < 1e-6);
    }

    #[test]
    fn gradients_agree_with_differences() {
        let units = random_units(4, 5, 8);
        for form in FORMS {
            let mut verifier = Verifier::new(form, 5);
            verifier.parameters.values = vec![-1.5, 0.5, -0.3, -2.0, -0.7, 0.4];
            let (loss, by_parameters) = verifier.loss(&units, &pairs());
            check_gradient(&units, &loss.gradient, |units| verifier.loss(units, &pairs()).0.value);
            let values = Matrix { columns: 6, values: verifier.parameters.values.clone() };
            check_gradient(&values, &Matrix { columns: 6, values: by_parameters }, |values| {
                let mut moved = verifier.clone();
                moved.parameters.values.clone_from(&values.values);
                moved.loss(&units, &pairs()).0.value
            });
        }
    }

    #[test]
    fn a_fit_finds_the_dimensions_that_tell_people_apart() {
        // The first two values are the person's, the others chance.
        let mut random = fastrand::Rng::with_seed(9);
        let (mut values, mut people) = (Vec::new(), Vec::new());
        for person in 0..12 {
            let own = [f64::from(person as u8 % 4), f64::from(person as u8 / 4)];
            for _ in 0..4 {
                values.extend(own);
                values.extend((0..4).map(|_| random.f64()));
                people.push(person);
            }
        }
        let units = Matrix { columns: 6, values };
        let pairs = balanced_pairs(&people, &mut random);
        for form in FORMS {
            let mut verifier = Verifier::new(form, 6);
            let before = verifier.loss(&units, &pairs).0.value;
            verifier.fit(&units, &pairs, 300);
            assert!(verifier.loss(&units, &pairs).0.value < before / 2.0);
            let right = pairs.iter().filter(|pair| {
                let [a, b] = pair.rows.map(|row| units.row(row));
                (verifier.logit(a, b) > 0.0) == pair.same
            });
            assert!(right.count() * 100 >= pairs.len() * 95);
        }
    }

    #[test]
    fn as_many_pairs_of_two_people_as_of_one() {
        let pairs = balanced_pairs(&[0, 0, 1, 1, 2, 2], &mut fastrand::Rng::with_seed(1));
        assert_eq!(pairs.iter().filter(|pair| pair.same).count(), 3);
        assert_eq!(pairs.len(), 6);
    }
}
