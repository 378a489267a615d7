//! A last layer of fewer values that keeps what embeddings already tell.
//!
//! A new one drawn at random forgets what the old one had learned, and few pictures do not bring it back. The
//! directions in which embeddings vary most (principal components) keep nearly all of it; turned
//! towards a teacher (orthogonal Procrustes problem, Schoenemann 1966) they lose nothing, and are near to where
//! distillation leads.

use crate::Error;
use crate::jacobi::{Columns, Svd, svd};
use crate::loss::{Matrix, dot};

/// The map from the embeddings `own` to `dimension` values, a row each: their principal components, turned
/// towards the `teacher`'s embeddings of the same pictures where there are so many values.
///
/// Both are of unit length. Angles between faces change only by what the dropped directions held.
///
/// # Errors
/// [`Error::TooFew`]: fewer pictures than values, or more values than before.
pub fn principal_head(own: &Matrix, dimension: usize, teacher: Option<&Matrix>) -> Result<Vec<f32>, Error> {
    if dimension > own.columns || dimension > own.count() {
        let (columns, count) = (own.columns, own.count());
        return Err(Error::TooFew(format!(
            "{dimension} principal components of embeddings of {columns} values take that many values and \
             faces, and there are {count} faces"
        )));
    }
    // The eigenvectors of the second moments are the principal components.
    let mut map: Vec<Vec<f64>> = svd(products(own, own)).v.into_iter().take(dimension).collect();
    if let Some(teacher) = teacher.filter(|teacher| teacher.columns == dimension) {
        let projected = apply(&map, own);
        // Of M = T^T P = U S V^T, U V^T is the rotation that turns P towards T.
        let Svd { u, v } = svd(products(teacher, &projected));
        map = (0..dimension)
            .map(|row| {
                let turned = u.iter().zip(&v).fold(vec![0.0; dimension], |mut sum, (u, v)| {
                    sum.iter_mut().zip(v).for_each(|(sum, v)| *sum += u[row] * v);
                    sum
                });
                combine(&turned, &map)
            })
            .collect();
    }
    Ok(map.into_iter().flatten().map(|value| value as f32).collect())
}

/// The matrix `a^T b` as columns, for the rows of both.
fn products(a: &Matrix, b: &Matrix) -> Columns {
    let mut columns = vec![vec![0.0; a.columns]; b.columns];
    for (a, b) in a.rows().zip(b.rows()) {
        for (column, b) in columns.iter_mut().zip(b) {
            column.iter_mut().zip(a).for_each(|(sum, a)| *sum += a * b);
        }
    }
    columns
}

/// The rows of `of` along the directions in the rows of `map`.
fn apply(map: &[Vec<f64>], of: &Matrix) -> Matrix {
    let values = of.rows().flat_map(|row| map.iter().map(move |direction| dot(row, direction))).collect();
    Matrix { columns: map.len(), values }
}

/// The sum of `rows` with these factors.
fn combine(factors: &[f64], rows: &[Vec<f64>]) -> Vec<f64> {
    let mut sum = vec![0.0; rows.first().map_or(0, Vec::len)];
    for (factor, row) in factors.iter().zip(rows) {
        sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += factor * value);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::Units;
    use crate::loss::testing::random_units;
    use encoder::Embeddings;

    fn embed(map: &[f32], of: &Matrix, dimension: usize) -> Matrix {
        let value = |row: &[f64], of: &[f32]| row.iter().zip(of).map(|(a, &b)| a * f64::from(b)).sum::<f64>();
        let all = of.rows().flat_map(|row| map.chunks_exact(of.columns).map(move |of| value(row, of) as f32));
        Units::of(&Embeddings { dimension, values: all.collect() }).vectors
    }

    #[test]
    fn faces_that_vary_in_few_directions_keep_their_angles_and_turn_to_the_teacher() {
        // Eight values that vary in four directions only, and a teacher with the same angles elsewhere.
        let inner = random_units(40, 4, 1);
        // The left singular vectors of random columns are a random basis.
        let basis = |rows: usize, values: &Matrix| {
            let mut columns: Columns = values.rows().map(<[f64]>::to_vec).collect();
            columns.resize(rows, vec![0.0; rows]);
            svd(columns).u
        };
        let spread = Matrix { columns: 8, values: random_units(4, 8, 2).values };
        let rows = |basis: &[Vec<f64>]| -> Vec<f64> {
            inner.rows().flat_map(|row| combine(row, &basis[..4])).collect()
        };
        let own = Matrix { columns: 8, values: rows(&basis(8, &spread)) };
        let teacher = Matrix { columns: 4, values: rows(&basis(4, &random_units(4, 4, 3))) };
        let alone = embed(&principal_head(&own, 4, None).expect("enough"), &own, 4);
        let turned = embed(&principal_head(&own, 4, Some(&teacher)).expect("enough"), &own, 4);
        for a in 0..40 {
            for b in 0..a {
                let expected = dot(inner.row(a), inner.row(b));
                assert!((dot(alone.row(a), alone.row(b)) - expected).abs() < 1e-5);
            }
            assert!(dot(turned.row(a), teacher.row(a)) > 1.0 - 1e-5);
        }
    }

    #[test]
    fn too_few_faces_make_no_head() {
        assert!(matches!(principal_head(&random_units(3, 8, 1), 4, None), Err(Error::TooFew(_))));
        assert!(matches!(principal_head(&random_units(20, 8, 1), 16, None), Err(Error::TooFew(_))));
    }
}
