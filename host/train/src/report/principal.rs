//! The two directions in which embeddings vary most (principal components), by power iteration.

use crate::loss::{Matrix, dot};

/// Enough for a picture; the directions need not be exact.
const ITERATIONS: usize = 100;

/// The rows of `of`, less their mean, along their first two principal components.
#[must_use]
pub fn principal(of: &Matrix) -> Vec<[f64; 2]> {
    let mut centred = of.clone();
    let count = of.count().max(1) as f64;
    let mut mean = vec![0.0; of.columns];
    for row in of.rows() {
        mean.iter_mut().zip(row).for_each(|(mean, value)| *mean += value / count);
    }
    for row in 0..of.count() {
        centred.add(row, -1.0, &mean);
    }
    let mut places = vec![[0.0; 2]; of.count()];
    for axis in 0..2 {
        let direction = greatest(&centred);
        for (row, place) in places.iter_mut().enumerate() {
            place[axis] = dot(centred.row(row), &direction);
            centred.add(row, -place[axis], &direction);
        }
    }
    places
}

/// The unit direction along which the rows vary most.
fn greatest(rows: &Matrix) -> Vec<f64> {
    let mut random = fastrand::Rng::with_seed(1);
    let mut direction: Vec<f64> = (0..rows.columns).map(|_| random.f64() - 0.5).collect();
    for _ in 0..ITERATIONS {
        let mut next = vec![0.0; rows.columns];
        for row in rows.rows() {
            let along = dot(row, &direction);
            next.iter_mut().zip(row).for_each(|(next, value)| *next += along * value);
        }
        let length = dot(&next, &next).sqrt();
        if length < 1e-300 {
            break;
        }
        direction = next.into_iter().map(|value| value / length).collect();
    }
    direction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_direction_comes_first() {
        // Along (3, 4) / 5 by +-5, across it by +-1.
        let values = vec![3.0, 4.0, 0.0, -3.0, -4.0, 0.0, 0.8, -0.6, 0.0, -0.8, 0.6, 0.0];
        let places = principal(&Matrix { columns: 3, values });
        let rounded: Vec<[i64; 2]> =
            places.iter().map(|place| place.map(|value| value.abs().round() as i64)).collect();
        assert_eq!(rounded, [[5, 0], [5, 0], [0, 1], [0, 1]]);
    }
}
