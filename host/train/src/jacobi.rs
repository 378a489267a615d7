//! The singular value decomposition of a small square matrix, by one-sided Jacobi rotations (Hestenes 1958).
//!
//! The method is accurate to the last digits, deterministic, and fast enough for a few hundred columns. Of a
//! symmetric positive semi-definite matrix it gives the eigenvectors and eigenvalues.

/// Sweeps over all pairs of columns at most; ten are usual.
const SWEEPS: usize = 60;

/// The cosine between two columns below which they count as orthogonal.
const ORTHOGONAL: f64 = 1e-15;

/// Columns of a matrix.
pub(crate) type Columns = Vec<Vec<f64>>;

/// `M = U diag(s) V^T`, sorted by falling singular value.
pub(crate) struct Svd {
    /// The left singular vectors, as columns: a complete orthonormal basis.
    pub u: Columns,
    /// The right singular vectors, as columns.
    pub v: Columns,
}

/// Decomposes the square matrix with these columns.
pub(crate) fn svd(mut columns: Columns) -> Svd {
    let count = columns.len();
    let mut v: Columns =
        (0..count).map(|at| (0..count).map(|row| f64::from(u8::from(row == at))).collect()).collect();
    for _ in 0..SWEEPS {
        let mut rotated = false;
        for a in 0..count {
            for b in a + 1..count {
                if let Some((cos, sin)) = rotation(&columns[a], &columns[b]) {
                    rotate(&mut columns, a, b, cos, sin);
                    rotate(&mut v, a, b, cos, sin);
                    rotated = true;
                }
            }
        }
        if !rotated {
            break;
        }
    }
    let lengths: Vec<f64> = columns.iter().map(|column| dot(column, column).sqrt()).collect();
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| lengths[b].total_cmp(&lengths[a]));
    let least = order.first().map_or(0.0, |&first| lengths[first] * 1e-13);
    let mut u: Columns = Vec::with_capacity(count);
    for &at in order.iter().filter(|&&at| lengths[at] > least) {
        u.push(columns[at].iter().map(|value| value / lengths[at]).collect());
    }
    complete(&mut u, count);
    Svd { u, v: order.into_iter().map(|at| std::mem::take(&mut v[at])).collect() }
}

/// The rotation that makes two columns orthogonal; `None` if they are.
fn rotation(a: &[f64], b: &[f64]) -> Option<(f64, f64)> {
    let (aa, bb, ab) = (dot(a, a), dot(b, b), dot(a, b));
    if ab.abs() <= ORTHOGONAL * (aa * bb).sqrt() {
        return None;
    }
    let tau = (bb - aa) / (2.0 * ab);
    let tangent = tau.signum() / (tau.abs() + (1.0 + tau * tau).sqrt());
    let cos = 1.0 / (1.0 + tangent * tangent).sqrt();
    Some((cos, cos * tangent))
}

fn rotate(columns: &mut Columns, a: usize, b: usize, cos: f64, sin: f64) {
    let (left, right) = columns.split_at_mut(b);
    for (x, y) in left[a].iter_mut().zip(right[0].iter_mut()) {
        (*x, *y) = (cos * *x - sin * *y, sin * *x + cos * *y);
    }
}

/// Adds orthonormal columns until there are `count` (Gram-Schmidt on the unit vectors).
fn complete(u: &mut Columns, count: usize) {
    for unit in 0..count {
        if u.len() == count {
            return;
        }
        let mut column: Vec<f64> = (0..count).map(|row| f64::from(u8::from(row == unit))).collect();
        // Twice, for the digits that the first pass loses.
        for _ in 0..2 {
            for other in u.iter() {
                let along = dot(&column, other);
                column.iter_mut().zip(other).for_each(|(value, other)| *value -= along * other);
            }
        }
        let length = dot(&column, &column).sqrt();
        // Of all unit vectors, enough are this far from the columns before.
        if length > 0.5 / (count as f64).sqrt() {
            u.push(column.into_iter().map(|value| value / length).collect());
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_basis(columns: &Columns) {
        for (at, a) in columns.iter().enumerate() {
            for (other, b) in columns.iter().enumerate() {
                assert!((dot(a, b) - f64::from(u8::from(at == other))).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_decomposition_gives_bases_that_diagonalise_the_matrix() {
        let mut random = fastrand::Rng::with_seed(3);
        for rank in [9, 4] {
            let mut matrix = vec![vec![0.0; 9]; 9];
            for _ in 0..rank {
                let [a, b] = [0, 1].map(|_| (0..9).map(|_| random.f64() - 0.5).collect::<Vec<f64>>());
                for (column, b) in matrix.iter_mut().zip(&b) {
                    column.iter_mut().zip(&a).for_each(|(value, a)| *value += a * b);
                }
            }
            let Svd { u, v } = svd(matrix.clone());
            assert_eq!((u.len(), v.len()), (9, 9));
            check_basis(&u);
            check_basis(&v);
            let mut last = f64::INFINITY;
            for (i, u) in u.iter().enumerate() {
                for (j, v) in v.iter().enumerate() {
                    // u_i^T M v_j
                    let image: f64 = matrix.iter().zip(v).map(|(column, v)| dot(u, column) * v).sum();
                    if i == j {
                        assert!(image > -1e-12 && image <= last + 1e-12);
                        last = image;
                    } else {
                        assert!(image.abs() < 1e-12, "{rank}: {i}, {j}: {image}");
                    }
                }
            }
        }
    }
}
