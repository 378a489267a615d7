//! Distillation: a small encoder learns where a larger one puts the same pictures.
//!
//! [`embedding_loss`] asks for the teacher's very embedding: the mean of `1 - cos`, which on unit vectors is
//! half of the squared distance. [`relational_loss`] asks for the teacher's geometry alone (distance-wise
//! RKD of Park et al. 2019), so that dimensions may differ:
//!
//! ```text
//! psi(i, j) = |x_i - x_j| / mean of all such distances in the batch
//! L = mean over pairs of huber(psi_student - psi_teacher)
//! ```

use super::Matrix;
use super::matrix::dot;
use super::triplet::square_distance;

/// A loss, and how it changes with each value of the embeddings.
#[derive(Clone, Debug)]
pub struct Loss {
    /// The loss.
    pub value: f64,
    /// By each value of the unit vectors.
    pub gradient: Matrix,
}

/// The mean of `1 - cos` between the student's and the teacher's unit vectors.
#[must_use]
pub fn embedding_loss(student: &Matrix, teacher: &Matrix) -> Loss {
    let count = student.count() as f64;
    let cosines: f64 = student.rows().zip(teacher.rows()).map(|(s, t)| dot(s, t)).sum();
    let gradient =
        Matrix { columns: student.columns, values: teacher.values.iter().map(|t| -t / count).collect() };
    Loss { value: 1.0 - cosines / count, gradient }
}

/// The mean over all pairs of the Huber loss (of threshold 1) between relative distances.
#[must_use]
pub fn relational_loss(student: &Matrix, teacher: &Matrix) -> Loss {
    let mut gradient = Matrix::zeros(student.count(), student.columns);
    let distances = pair_distances(student);
    let count = distances.len().max(1) as f64;
    let mean = mean(&distances);
    let expected = pair_distances(teacher);
    let expected_mean = self::mean(&expected);
    let mut value = 0.0;
    // How the loss changes with each relative distance.
    let slopes: Vec<f64> = distances
        .iter()
        .zip(&expected)
        .map(|(d, t)| {
            let (loss, slope) = huber(d / mean - t / expected_mean);
            value += loss / count;
            slope / count
        })
        .collect();
    // Each distance moves the mean, too.
    let through_mean = dot(&slopes, &distances) / (mean * mean * count);
    for (pair, (a, b)) in pairs(student.count()).enumerate() {
        let by_distance = (slopes[pair] / mean - through_mean) / distances[pair];
        let difference: Vec<f64> = student.row(a).iter().zip(student.row(b)).map(|(x, y)| x - y).collect();
        gradient.add(a, by_distance, &difference);
        gradient.add(b, -by_distance, &difference);
    }
    Loss { value, gradient }
}

/// Two rows are never nearer than this: the root has no slope at zero.
const LEAST_DISTANCE: f64 = 1e-6;

fn pairs(count: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..count).flat_map(move |a| (a + 1..count).map(move |b| (a, b)))
}

fn pair_distances(rows: &Matrix) -> Vec<f64> {
    pairs(rows.count())
        .map(|(a, b)| square_distance(rows.row(a), rows.row(b)).sqrt().max(LEAST_DISTANCE))
        .collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Square near zero, straight beyond 1; with its slope.
fn huber(x: f64) -> (f64, f64) {
    if x.abs() <= 1.0 { (0.5 * x * x, x) } else { (x.abs() - 0.5, x.signum()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::testing::{check_gradient, random_units};

    #[test]
    fn the_teachers_own_embedding_costs_nothing() {
        let teacher = random_units(5, 4, 2);
        assert!(embedding_loss(&teacher, &teacher).value.abs() < 1e-12);
        assert!(relational_loss(&teacher, &teacher).value.abs() < 1e-12);
        let mut opposite = teacher.clone();
        opposite.values.iter_mut().for_each(|value| *value = -*value);
        assert!((embedding_loss(&opposite, &teacher).value - 2.0).abs() < 1e-12);
        // Distances are those of the mirror image.
        assert!(relational_loss(&opposite, &teacher).value.abs() < 1e-12);
    }

    #[test]
    fn gradients_agree_with_differences() {
        let (student, teacher) = (random_units(5, 4, 3), random_units(5, 4, 4));
        let embedding = embedding_loss(&student, &teacher);
        check_gradient(&student, &embedding.gradient, |student| embedding_loss(student, &teacher).value);
        let wide = random_units(5, 7, 5);
        let relational = relational_loss(&student, &wide);
        assert!(relational.value > 0.0);
        check_gradient(&student, &relational.gradient, |student| relational_loss(student, &wide).value);
    }

    #[test]
    fn two_equal_rows_stay_finite() {
        let mut student = random_units(3, 4, 6);
        student.values.copy_within(0..4, 4);
        assert!(relational_loss(&student, &random_units(3, 4, 7)).gradient.is_finite());
    }
}
