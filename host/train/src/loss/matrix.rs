//! A small matrix of a row a picture, and what happens between raw embeddings and unit vectors.
//!
//! Losses compute in `f64`: a batch is small beside the network, and gradients can then be held
//! against numeric differences closely.

use encoder::Embeddings;

/// A row a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// Values of a row.
    pub columns: usize,
    /// Row after row.
    pub values: Vec<f64>,
}

impl Matrix {
    /// Zeros, `rows` by `columns`.
    #[must_use]
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Self { columns, values: vec![0.0; rows * columns] }
    }

    /// The rows in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.values.chunks_exact(self.columns)
    }

    /// The number of rows.
    #[must_use]
    pub fn count(&self) -> usize {
        self.values.len() / self.columns
    }

    /// One row.
    #[must_use]
    pub fn row(&self, index: usize) -> &[f64] {
        &self.values[index * self.columns..][..self.columns]
    }

    /// Adds `factor * what` to one row.
    pub fn add(&mut self, index: usize, factor: f64, what: &[f64]) {
        let row = &mut self.values[index * self.columns..][..self.columns];
        row.iter_mut().zip(what).for_each(|(value, what)| *value += factor * what);
    }

    /// Adds `factor * other` to the whole.
    pub fn add_all(&mut self, factor: f64, other: &Self) {
        self.values.iter_mut().zip(&other.values).for_each(|(value, other)| *value += factor * other);
    }

    /// Whether every value is a number.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        self.values.iter().all(|value| value.is_finite())
    }
}

/// The sum of products.
#[must_use]
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Embeddings scaled to unit length, with the lengths that they had.
#[derive(Clone, Debug)]
pub struct Units {
    /// Vectors of length 1.
    pub vectors: Matrix,
    lengths: Vec<f64>,
}

/// Shorter than this, an embedding has no direction.
const LEAST_LENGTH: f64 = 1e-12;

impl Units {
    /// Scales every row to length 1.
    #[must_use]
    pub fn of(raw: &Embeddings) -> Self {
        let mut vectors =
            Matrix { columns: raw.dimension, values: raw.values.iter().map(|&value| value.into()).collect() };
        let lengths: Vec<f64> = vectors.rows().map(|row| dot(row, row).sqrt().max(LEAST_LENGTH)).collect();
        for (row, length) in vectors.values.chunks_exact_mut(raw.dimension).zip(&lengths) {
            row.iter_mut().for_each(|value| *value /= length);
        }
        Self { vectors, lengths }
    }

    /// From the gradient by the unit vectors to that by the raw embeddings.
    ///
    /// With `u = e / |e|` it is `(g - (g . u) u) / |e|`: what points along `u` changes the length alone.
    #[must_use]
    pub fn back(&self, gradient: &Matrix) -> Embeddings {
        let mut values = Vec::with_capacity(gradient.values.len());
        for ((unit, g), length) in self.vectors.rows().zip(gradient.rows()).zip(&self.lengths) {
            let along = dot(unit, g);
            values.extend(unit.iter().zip(g).map(|(u, g)| ((g - along * u) / length) as f32));
        }
        Embeddings { dimension: gradient.columns, values }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Random rows of unit length.
    pub fn random_units(rows: usize, columns: usize, seed: u64) -> Matrix {
        let mut random = fastrand::Rng::with_seed(seed);
        let values = (0..rows * columns).map(|_| random.f32() - 0.5).collect();
        Units::of(&Embeddings { dimension: columns, values }).vectors
    }

    /// Holds a gradient against central differences of the loss, value by value.
    pub fn check_gradient(at: &Matrix, gradient: &Matrix, loss: impl Fn(&Matrix) -> f64) {
        const STEP: f64 = 1e-5;
        for index in 0..at.values.len() {
            let moved = |by: f64| {
                let mut moved = at.clone();
                moved.values[index] += by;
                loss(&moved)
            };
            let expected = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
            let found = gradient.values[index];
            assert!((found - expected).abs() < 1e-6 * (1.0 + expected.abs()), "{index}: {found} {expected}");
        }
    }

    #[test]
    fn the_way_back_through_the_length_agrees_with_differences() {
        let raw = Embeddings { dimension: 3, values: vec![1.0, -2.0, 0.5, 0.25, 0.5, -1.0] };
        let weights = [0.3, -0.7, 1.1, 0.2, 0.9, -0.4];
        let loss = |raw: &Embeddings| dot(&Units::of(raw).vectors.values, &weights);
        let back = Units::of(&raw).back(&Matrix { columns: 3, values: weights.to_vec() });
        for index in 0..6 {
            let moved = |by: f32| {
                let mut moved = raw.clone();
                moved.values[index] += by;
                loss(&moved)
            };
            // A power of two, so that the step is exact in 32 bits.
            let expected = (moved(1.0 / 1024.0) - moved(-1.0 / 1024.0)) * 512.0;
            assert!((f64::from(back.values[index]) - expected).abs() < 1e-5);
        }
    }

    #[test]
    fn an_embedding_of_zeros_stays_finite() {
        let units = Units::of(&Embeddings { dimension: 2, values: vec![0.0, 0.0] });
        assert!(units.vectors.is_finite());
    }
}
