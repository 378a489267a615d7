//! The inverse of a matrix.

/// The inverse of a symmetric positive definite matrix, row by row, with `rows` rows: Gauss-Jordan, which needs no pivots here.
pub fn inverse(mut matrix: Vec<f64>, rows: usize) -> Vec<f64> {
    for pivot in 0..rows {
        let factor = 1.0 / matrix[pivot * (rows + 1)];
        let mut row = matrix[pivot * rows..][..rows].to_vec();
        row[pivot] = 1.0;
        row.iter_mut().for_each(|value| *value *= factor);
        for (number, other) in matrix.chunks_exact_mut(rows).enumerate() {
            if number == pivot {
                other.copy_from_slice(&row);
                continue;
            }
            let share = std::mem::take(&mut other[pivot]);
            other.iter_mut().zip(&row).for_each(|(value, of_row)| *value -= share * of_row);
        }
    }
    matrix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_times_its_inverse_is_one() {
        const ROWS: usize = 20;
        let random = &mut fastrand::Rng::with_seed(4);
        let half: Vec<f64> = (0..ROWS * ROWS).map(|_| random.f64() - 0.5).collect();
        let product = |a: &[f64], b: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
            let at = |at: usize| (0..ROWS).map(|k| a[at / ROWS * ROWS + k] * b(k, at % ROWS)).sum();
            (0..ROWS * ROWS).map(at).collect()
        };
        let mut matrix = product(&half, &|k, column| half[column * ROWS + k]);
        (0..ROWS).for_each(|at| matrix[at * (ROWS + 1)] += 0.1);
        let inverse = inverse(matrix.clone(), ROWS);
        let one = product(&matrix, &|k, column| inverse[k * ROWS + column]);
        for (at, value) in one.into_iter().enumerate() {
            let wanted = f64::from(u8::from(at / ROWS == at % ROWS));
            assert!((value - wanted).abs() < 1e-9, "{value} at {at}");
        }
    }
}
