//! The triplet loss of FaceNet (Schroff et al. 2015): one's own picture must be nearer than a
//! stranger's, by a margin.
//!
//! ```text
//! L(A, P, N) = max(|f(A) - f(P)|² - |f(A) - f(N)|² + alpha, 0),   J = sum of L over the triplets
//! ```
//! on embeddings of unit length. A triplet whose loss is zero teaches nothing: its gradient is zero, too.

use super::Matrix;

/// FaceNet's margin.
pub const ALPHA: f64 = 0.2;

/// Rows of a batch: two pictures of one person, and one of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Triplet {
    /// A picture of somebody.
    pub anchor: usize,
    /// Another one of the same person.
    pub positive: usize,
    /// One of another person.
    pub negative: usize,
}

/// The loss over some triplets.
#[derive(Clone, Debug)]
pub struct TripletLoss {
    /// The sum over the triplets.
    pub sum: f64,
    /// How the sum changes with each value.
    pub gradient: Matrix,
    /// How many triplets have a loss above zero.
    pub active: usize,
    /// Mean of d(A, P) = |f(A) - f(P)|² over the triplets.
    pub positive_distance: f64,
    /// Mean of d(A, N).
    pub negative_distance: f64,
}

/// The loss of `triplets` over the unit vectors of a batch.
#[must_use]
pub fn triplet_loss(units: &Matrix, triplets: &[Triplet], alpha: f64) -> TripletLoss {
    let mut loss = TripletLoss {
        sum: 0.0,
        gradient: Matrix::zeros(units.count(), units.columns),
        active: 0,
        positive_distance: 0.0,
        negative_distance: 0.0,
    };
    for &Triplet { anchor, positive, negative } in triplets {
        let [a, p, n] = [anchor, positive, negative].map(|index| units.row(index));
        let (to_positive, to_negative) = (square_distance(a, p), square_distance(a, n));
        loss.positive_distance += to_positive;
        loss.negative_distance += to_negative;
        let one = to_positive - to_negative + alpha;
        // A loss that is no number must show, and not pass for zero.
        if one <= 0.0 {
            continue;
        }
        loss.sum += one;
        loss.active += 1;
        let difference = |x: &[f64], y: &[f64]| -> Vec<f64> { x.iter().zip(y).map(|(x, y)| x - y).collect() };
        loss.gradient.add(anchor, 2.0, &difference(n, p));
        loss.gradient.add(positive, 2.0, &difference(p, a));
        loss.gradient.add(negative, 2.0, &difference(a, n));
    }
    let count = triplets.len().max(1) as f64;
    loss.positive_distance /= count;
    loss.negative_distance /= count;
    loss
}

/// `|a - b|²`.
#[must_use]
pub fn square_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::testing::{check_gradient, random_units};

    /// By hand: A = (1, 0), P = (0.6, 0.8), N = (0, 1).
    /// d(A,P) = 0.4² + 0.8² = 0.8; d(A,N) = 2; 0.8 - 2 + 0.2 < 0. With P and N exchanged: 2 - 0.8 + 0.2 = 1.4.
    #[test]
    fn values_worked_out_by_hand() {
        let units = Matrix { columns: 2, values: vec![1.0, 0.0, 0.6, 0.8, 0.0, 1.0] };
        let easy = triplet_loss(&units, &[Triplet { anchor: 0, positive: 1, negative: 2 }], ALPHA);
        assert_eq!((easy.sum, easy.active), (0.0, 0));
        assert!(easy.gradient.values.iter().all(|&value| value == 0.0));
        assert!((easy.positive_distance - 0.8).abs() < 1e-12);
        assert!((easy.negative_distance - 2.0).abs() < 1e-12);

        let hard = triplet_loss(&units, &[Triplet { anchor: 0, positive: 2, negative: 1 }], ALPHA);
        assert!((hard.sum - 1.4).abs() < 1e-12);
        // By A: 2(N - P) = 2(0.6, -0.2); by P: 2(P - A) = 2(-1, 1); by N: 2(A - N) = 2(0.4, -0.8).
        let expected = [1.2, -0.4, 0.8, -1.6, -2.0, 2.0];
        for (found, expected) in hard.gradient.values.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12);
        }
    }

    /// At d(A,P) - d(A,N) = -alpha exactly the loss is zero, and it rises with slope one from there.
    #[test]
    fn the_margin_is_where_the_loss_begins() {
        // d(A,P) = 0, d(A,N) = 2 - 2 cos.
        let at = |cosine: f64| {
            let sine = (1.0 - cosine * cosine).sqrt();
            let units = Matrix { columns: 2, values: vec![1.0, 0.0, 1.0, 0.0, cosine, sine] };
            triplet_loss(&units, &[Triplet { anchor: 0, positive: 1, negative: 2 }], ALPHA).sum
        };
        assert!(at(0.9) < 1e-12, "d(A,N) = 0.2");
        assert_eq!(at(0.8), 0.0);
        assert!((at(0.95) - 0.1).abs() < 1e-12, "d(A,N) = 0.1");
    }

    #[test]
    fn the_sum_and_its_gradient_agree_with_differences() {
        let units = random_units(6, 5, 1);
        let triplets = [(0, 1, 2), (1, 0, 3), (4, 5, 0), (5, 4, 2)]
            .map(|(anchor, positive, negative)| Triplet { anchor, positive, negative });
        let loss = triplet_loss(&units, &triplets, 0.7);
        assert!(loss.active > 0);
        let each: f64 = triplets.iter().map(|&one| triplet_loss(&units, &[one], 0.7).sum).sum();
        assert!((loss.sum - each).abs() < 1e-12);
        check_gradient(&units, &loss.gradient, |units| triplet_loss(units, &triplets, 0.7).sum);
    }

    #[test]
    fn what_is_no_number_is_not_taken_for_a_loss_of_zero() {
        let units = Matrix { columns: 1, values: vec![f64::NAN, 1.0, 1.0] };
        let loss = triplet_loss(&units, &[Triplet { anchor: 0, positive: 1, negative: 2 }], ALPHA);
        assert!(loss.sum.is_nan());
    }
}
