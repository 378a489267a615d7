//! Margin softmax: every person of the training has a centre, and a face must lie nearer to its own
//! than to any other, by an angle (ArcFace, Deng et al. 2019).
//!
//! ```text
//! logit_j = s cos(theta_j), logit_own = s cos(theta_own + m), loss = cross-entropy, mean over the batch
//! ```
//! Where `theta_own + m` passes 180 degrees the cosine would rise again; there it goes on as
//! `cos(theta) - m sin(m)`, as the authors' code does. It needs many people with several pictures each;
//! the centres are thrown away after the training.

use std::io::{self, Read, Write};

use super::matrix::dot;
use super::parameters::Parameters;
use super::{Loss, Matrix};

/// Centres learn so many times as fast as the network.
const FASTER: f64 = 10.0;

/// Cosines are kept this far from 1, where the angle has no slope.
const NEAR_ONE: f64 = 1e-7;

/// The centres of the people.
#[derive(Clone, Debug, PartialEq)]
pub struct ArcFace {
    scale: f64,
    margin: f64,
    dimension: usize,
    centres: Parameters,
}

impl ArcFace {
    /// Random centres for `people`; `scale` is `s`, and `margin` the angle `m` in radians.
    #[must_use]
    pub fn new(people: usize, dimension: usize, scale: f64, margin: f64, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        // A sum of uniform numbers is near enough to a normal one to have no favoured direction.
        let mut normal = || (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
        let centres = Parameters::new((0..people * dimension).map(|_| normal() * 0.1).collect());
        Self { scale, margin, dimension, centres }
    }

    /// The loss of a batch whose rows show `people`, its gradient, and that by the centres.
    #[must_use]
    pub fn loss(&self, units: &Matrix, people: &[usize]) -> (Loss, Vec<f64>) {
        let rows = units.count() as f64;
        let raw = self.centres.values.chunks_exact(self.dimension);
        let lengths: Vec<f64> = raw.clone().map(|row| dot(row, row).sqrt().max(1e-12)).collect();
        let centres: Vec<Vec<f64>> =
            raw.zip(&lengths).map(|(row, length)| row.iter().map(|value| value / length).collect()).collect();
        let mut gradient = Matrix::zeros(units.count(), units.columns);
        let mut by_centres = Matrix::zeros(centres.len(), self.dimension);
        let mut value = 0.0;
        for (row, &own) in people.iter().enumerate() {
            let unit = units.row(row);
            let cosines: Vec<f64> = centres.iter().map(|centre| dot(unit, centre)).collect();
            let (with_margin, slope) = self.with_margin(cosines[own]);
            let logit = |j: usize| self.scale * if j == own { with_margin } else { cosines[j] };
            let greatest = (0..centres.len()).map(logit).fold(f64::MIN, f64::max);
            let total: f64 = (0..centres.len()).map(|j| (logit(j) - greatest).exp()).sum();
            value += (total.ln() + greatest - logit(own)) / rows;
            for (j, centre) in centres.iter().enumerate() {
                let probability = (logit(j) - greatest).exp() / total;
                let by_cosine = if j == own { (probability - 1.0) * slope } else { probability };
                let by_cosine = by_cosine * self.scale / rows;
                gradient.add(row, by_cosine, centre);
                by_centres.add(j, by_cosine, unit);
            }
        }
        // Back through the centres' own lengths.
        for ((g, centre), length) in
            by_centres.values.chunks_exact_mut(self.dimension).zip(&centres).zip(&lengths)
        {
            let along = dot(g, centre);
            g.iter_mut().zip(centre).for_each(|(g, c)| *g = (*g - along * c) / length);
        }
        (Loss { value, gradient }, by_centres.values)
    }

    /// The cosine of the angle with the margin, and its slope by the cosine without.
    fn with_margin(&self, cosine: f64) -> (f64, f64) {
        let (sine_m, cosine_m) = self.margin.sin_cos();
        let cosine = cosine.clamp(NEAR_ONE - 1.0, 1.0 - NEAR_ONE);
        if cosine <= -cosine_m {
            return (cosine - self.margin * sine_m, 1.0);
        }
        let sine = (1.0 - cosine * cosine).sqrt();
        (cosine * cosine_m - sine * sine_m, cosine_m + cosine * sine_m / sine)
    }

    /// Moves the centres, where `rate` is the network's.
    pub fn step(&mut self, gradient: &[f64], rate: f64) {
        self.centres.step(gradient, rate * FASTER);
    }

    pub(crate) fn save(&self, to: &mut dyn Write) -> io::Result<()> {
        self.centres.save(to)
    }

    pub(crate) fn load(&mut self, from: &mut dyn Read) -> io::Result<()> {
        self.centres.load(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::testing::{check_gradient, random_units};

    #[test]
    fn without_a_margin_it_is_softmax() {
        let mut arcface = ArcFace::new(2, 2, 2.0, 0.0, 1);
        arcface.centres.values = vec![1.0, 0.0, 0.0, 3.0];
        let units = Matrix { columns: 2, values: vec![1.0, 0.0] };
        // Logits 2 and 0; the length of a centre does not count.
        let (loss, _) = arcface.loss(&units, &[0]);
        assert!((loss.value - (1.0 + (-2f64).exp()).ln()).abs() < 1e-5);
    }

    #[test]
    fn the_margin_is_an_angle() {
        let arcface = ArcFace::new(2, 2, 1.0, 0.5, 1);
        let (value, _) = arcface.with_margin(0.3);
        assert!((value - (0.3f64.acos() + 0.5).cos()).abs() < 1e-12);
        let (beyond, slope) = arcface.with_margin(-0.95);
        assert!(beyond < -0.95 && slope == 1.0);
    }

    #[test]
    fn gradients_agree_with_differences() {
        let units = random_units(6, 4, 11);
        let people = [0, 1, 2, 0, 1, 2];
        let arcface = ArcFace::new(3, 4, 8.0, 0.4, 2);
        let (loss, by_centres) = arcface.loss(&units, &people);
        check_gradient(&units, &loss.gradient, |units| arcface.loss(units, &people).0.value);
        let centres = Matrix { columns: 4, values: arcface.centres.values.clone() };
        check_gradient(&centres, &Matrix { columns: 4, values: by_centres }, |centres| {
            let mut moved = arcface.clone();
            moved.centres.values.clone_from(&centres.values);
            moved.loss(&units, &people).0.value
        });
    }
}
