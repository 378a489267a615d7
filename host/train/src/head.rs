//! A last layer of fewer values that keeps what embeddings already tell.
//!
//! A new one drawn at random forgets what the old one had learned, and few pictures do not bring it back. The
//! directions in which embeddings vary most (principal components) keep nearly all of it; turned
//! towards a teacher (orthogonal Procrustes problem, Schoenemann 1966) they lose nothing, and are near to where
//! distillation leads.

use nalgebra::{DMatrix, SymmetricEigen};

use crate::Error;
use crate::loss::Matrix;

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
    let rows = DMatrix::from_row_slice(own.count(), own.columns, &own.values);
    let SymmetricEigen { eigenvalues, eigenvectors } = (rows.transpose() * &rows).symmetric_eigen();
    let mut order: Vec<usize> = (0..own.columns).collect();
    order.sort_by(|&a, &b| eigenvalues[b].total_cmp(&eigenvalues[a]));
    let chosen: Vec<_> = order[..dimension].iter().map(|&column| eigenvectors.column(column)).collect();
    let mut map = DMatrix::from_columns(&chosen).transpose();
    if let Some(teacher) = teacher.filter(|teacher| teacher.columns == dimension) {
        let theirs = DMatrix::from_row_slice(teacher.count(), teacher.columns, &teacher.values);
        let svd = (theirs.transpose() * (rows * map.transpose())).svd(true, true);
        let (Some(u), Some(v)) = (svd.u, svd.v_t) else { unreachable!("both were asked for") };
        map = u * v * map;
    }
    Ok(map.transpose().as_slice().iter().map(|&value| value as f32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::testing::random_units;
    use crate::loss::{Units, dot};
    use encoder::Embeddings;

    fn apply(map: &[f32], of: &Matrix, dimension: usize) -> Matrix {
        let value = |row: &[f64], of: &[f32]| row.iter().zip(of).map(|(a, &b)| a * f64::from(b)).sum::<f64>();
        let all = of.rows().flat_map(|row| map.chunks_exact(of.columns).map(move |of| value(row, of) as f32));
        Units::of(&Embeddings { dimension, values: all.collect() }).vectors
    }

    #[test]
    fn faces_that_vary_in_few_directions_keep_their_angles_and_turn_to_the_teacher() {
        // Eight values that vary in four directions only, and a teacher with the same angles elsewhere.
        let inner = random_units(40, 4, 1);
        let spread = random_units(8, 4, 2);
        let basis = DMatrix::from_row_slice(8, 4, &spread.values).qr().q();
        let own = DMatrix::from_row_slice(40, 4, &inner.values) * basis.transpose();
        let own = Matrix { columns: 8, values: own.transpose().as_slice().to_vec() };
        let turn = DMatrix::from_row_slice(4, 4, &random_units(4, 4, 3).values).qr().q();
        let teacher = DMatrix::from_row_slice(40, 4, &inner.values) * turn;
        let teacher = Matrix { columns: 4, values: teacher.transpose().as_slice().to_vec() };
        let alone = apply(&principal_head(&own, 4, None).expect("enough"), &own, 4);
        let turned = apply(&principal_head(&own, 4, Some(&teacher)).expect("enough"), &own, 4);
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
