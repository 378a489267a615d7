//! Batch normalisation and activation in one go, and their gradients.
//!
//! Forwards, one pass finds the moments of the batch and one writes the result; backwards, one pass sums
//! up what each channel needs and one turns the gradient around in its place. The value between
//! normalisation and activation is computed again, not kept.

use rayon::prelude::*;

use super::part;
use crate::vector::{Kernel, vectorized};

/// Mean and variance by channel, of a batch or running.
#[derive(Clone, Debug, Default)]
pub struct Moments {
    /// Means.
    pub mean: Vec<f32>,
    /// Variances, divided by the number of values.
    pub variance: Vec<f32>,
}

/// The operation on each channel: `u = x * scale + shift`, then `u > 0 ? u : u * slope`.
#[derive(Clone, Debug)]
pub struct Affine {
    /// Factor.
    pub scale: Vec<f32>,
    /// Summand.
    pub shift: Vec<f32>,
    /// Slope below zero: 1 without an activation, 0 for a ReLU.
    pub slope: Vec<f32>,
}

/// The gradients by channel of gain, offset and slope.
#[derive(Debug, Default)]
pub struct Gradients {
    /// Of the gain.
    pub gain: Vec<f32>,
    /// Of the offset.
    pub offset: Vec<f32>,
    /// Of the slope below zero.
    pub slope: Vec<f32>,
}

impl Moments {
    /// The moments of a batch of pixels with `channels`.
    ///
    /// Each part sums the distances from its first pixel, which keeps them exact where the mean is large;
    /// the parts are put together in double precision (Chan, Golub and LeVeque 1983).
    #[must_use]
    pub fn of(x: &[f32], channels: usize) -> Self {
        let parts = x.par_chunks(part(channels) * channels).map(|x| {
            let base = &x[..channels];
            let (mut sums, mut squares) = (vec![0f32; channels], vec![0f32; channels]);
            vectorized(Distances { x, base, sums: &mut sums, squares: &mut squares });
            let count = (x.len() / channels) as f64;
            let part = (0..channels).map(|c| {
                let (sum, square) = (f64::from(sums[c]), f64::from(squares[c]));
                (f64::from(base[c]) + sum / count, square - sum * sum / count)
            });
            (count, part.collect::<Vec<(f64, f64)>>())
        });
        let parts: Vec<(f64, Vec<(f64, f64)>)> = parts.collect();
        let (mut total, mut all) = (0.0, vec![(0.0, 0.0); channels]);
        for (count, part) in parts {
            let sum = total + count;
            for ((mean, spread), (part_mean, part_spread)) in all.iter_mut().zip(part) {
                let distance = part_mean - *mean;
                *mean += distance * count / sum;
                *spread += part_spread + distance * distance * total * count / sum;
            }
            total = sum;
        }
        Self {
            mean: all.iter().map(|(mean, _)| *mean as f32).collect(),
            variance: all.iter().map(|(_, spread)| (spread / total).max(0.0) as f32).collect(),
        }
    }

    /// One over the standard deviation.
    fn inverse(&self, epsilon: f32) -> Vec<f32> {
        self.variance.iter().map(|variance| 1.0 / (variance + epsilon).sqrt()).collect()
    }

    /// The normalisation by these moments, with what follows it.
    #[must_use]
    pub fn affine(&self, gain: &[f32], offset: &[f32], epsilon: f32, slope: Vec<f32>) -> Affine {
        let scale: Vec<f32> = gain.iter().zip(self.inverse(epsilon)).map(|(g, i)| g * i).collect();
        let shift = offset.iter().zip(&self.mean).zip(&scale).map(|((o, m), s)| o - m * s).collect();
        Affine { scale, shift, slope }
    }
}

impl Affine {
    /// Applies it to every pixel.
    pub fn forward(&self, x: &[f32], out: &mut [f32]) {
        let channels = self.scale.len();
        let size = part(channels) * channels;
        out.par_chunks_mut(size).zip(x.par_chunks(size)).for_each(|(out, x)| {
            vectorized(Apply { affine: self, x, out });
        });
    }

    /// Turns the gradient of the result into that of `x` where scale and shift depend on `x` as the
    /// moments of its batch.
    pub fn backward(&self, x: &[f32], moments: &Moments, epsilon: f32, gradient: &mut [f32]) -> Gradients {
        let inverse = moments.inverse(epsilon);
        let gradients = self.sums(x, gradient, &moments.mean, &inverse);
        let count = (x.len() / self.scale.len()) as f32;
        // dx = scale * (g - mean(g) - (x - mean) / deviation * mean(g (x - mean) / deviation))
        let by_x: Vec<f32> =
            (0..self.scale.len()).map(|c| -self.scale[c] * inverse[c] * gradients.gain[c] / count).collect();
        let constant: Vec<f32> = (0..self.scale.len())
            .map(|c| -self.scale[c] * gradients.offset[c] / count - by_x[c] * moments.mean[c])
            .collect();
        self.turn(x, gradient, &by_x, &constant);
        gradients
    }

    /// The same where scale and shift do not depend on `x`; they are made of `moments`.
    pub fn backward_fixed(
        &self,
        x: &[f32],
        moments: &Moments,
        epsilon: f32,
        gradient: &mut [f32],
    ) -> Gradients {
        let gradients = self.sums(x, gradient, &moments.mean, &moments.inverse(epsilon));
        let zeros = vec![0.0; self.scale.len()];
        self.turn(x, gradient, &zeros, &zeros);
        gradients
    }

    /// Sums by channel over all pixels.
    fn sums(&self, x: &[f32], gradient: &[f32], mean: &[f32], inverse: &[f32]) -> Gradients {
        let channels = self.scale.len();
        let size = part(channels) * channels;
        let parts = x.par_chunks(size).zip(gradient.par_chunks(size)).map(|(x, gradient)| {
            let mut sums = vec![0f32; 3 * channels];
            vectorized(Sum { affine: self, mean, x, gradient, sums: &mut sums });
            sums
        });
        let parts: Vec<Vec<f32>> = parts.collect();
        let mut sums = vec![0f64; 3 * channels];
        for part in parts {
            sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += f64::from(part));
        }
        let single =
            |range: std::ops::Range<usize>| sums[range].iter().map(|s| *s as f32).collect::<Vec<f32>>();
        Gradients {
            gain: single(0..channels).iter().zip(inverse).map(|(sum, inverse)| sum * inverse).collect(),
            offset: single(channels..2 * channels),
            slope: single(2 * channels..3 * channels),
        }
    }

    /// `gradient = gradient' * scale + x * by_x + constant`, where `'` is through the activation.
    fn turn(&self, x: &[f32], gradient: &mut [f32], by_x: &[f32], constant: &[f32]) {
        let channels = self.scale.len();
        let size = part(channels) * channels;
        gradient.par_chunks_mut(size).zip(x.par_chunks(size)).for_each(|(gradient, x)| {
            vectorized(Turn { affine: self, by_x, constant, x, gradient });
        });
    }
}

/// Sums of distances from `base`, and of their squares.
struct Distances<'a> {
    x: &'a [f32],
    base: &'a [f32],
    sums: &'a mut [f32],
    squares: &'a mut [f32],
}

impl Kernel for Distances<'_> {
    #[inline(always)]
    fn run(self) {
        let channels = self.base.len();
        let (base, sums, squares) = (self.base, &mut self.sums[..channels], &mut self.squares[..channels]);
        for pixel in self.x.chunks_exact(channels) {
            for c in 0..channels {
                let distance = pixel[c] - base[c];
                sums[c] += distance;
                squares[c] = distance.mul_add(distance, squares[c]);
            }
        }
    }
}

/// [`Affine::forward`].
struct Apply<'a> {
    affine: &'a Affine,
    x: &'a [f32],
    out: &'a mut [f32],
}

impl Kernel for Apply<'_> {
    #[inline(always)]
    fn run(self) {
        let channels = self.affine.scale.len();
        let (scale, shift) = (&self.affine.scale[..channels], &self.affine.shift[..channels]);
        let slope = &self.affine.slope[..channels];
        for (to, x) in self.out.chunks_exact_mut(channels).zip(self.x.chunks_exact(channels)) {
            for c in 0..channels {
                let u = x[c].mul_add(scale[c], shift[c]);
                to[c] = if u > 0.0 { u } else { u * slope[c] };
            }
        }
    }
}

/// [`Affine::sums`] of a part: of the gradient by `x - mean`, of the gradient, and of that of the slope.
struct Sum<'a> {
    affine: &'a Affine,
    mean: &'a [f32],
    x: &'a [f32],
    gradient: &'a [f32],
    sums: &'a mut [f32],
}

impl Kernel for Sum<'_> {
    #[inline(always)]
    fn run(self) {
        let channels = self.affine.scale.len();
        let (scale, shift) = (&self.affine.scale[..channels], &self.affine.shift[..channels]);
        let (slope, mean) = (&self.affine.slope[..channels], &self.mean[..channels]);
        let (by_x, rest) = self.sums.split_at_mut(channels);
        let (plain, below) = rest.split_at_mut(channels);
        let below = &mut below[..channels];
        for (x, gradient) in self.x.chunks_exact(channels).zip(self.gradient.chunks_exact(channels)) {
            for c in 0..channels {
                let u = x[c].mul_add(scale[c], shift[c]);
                let g = if u > 0.0 { gradient[c] } else { gradient[c] * slope[c] };
                let down = if u > 0.0 { 0.0 } else { u };
                by_x[c] = g.mul_add(x[c] - mean[c], by_x[c]);
                plain[c] += g;
                below[c] = gradient[c].mul_add(down, below[c]);
            }
        }
    }
}

/// [`Affine::turn`].
struct Turn<'a> {
    affine: &'a Affine,
    by_x: &'a [f32],
    constant: &'a [f32],
    x: &'a [f32],
    gradient: &'a mut [f32],
}

impl Kernel for Turn<'_> {
    #[inline(always)]
    fn run(self) {
        let channels = self.affine.scale.len();
        let (scale, shift) = (&self.affine.scale[..channels], &self.affine.shift[..channels]);
        let (slope, by_x) = (&self.affine.slope[..channels], &self.by_x[..channels]);
        let constant = &self.constant[..channels];
        for (g, x) in self.gradient.chunks_exact_mut(channels).zip(self.x.chunks_exact(channels)) {
            for c in 0..channels {
                let u = x[c].mul_add(scale[c], shift[c]);
                let through = if u > 0.0 { g[c] } else { g[c] * slope[c] };
                g[c] = through.mul_add(scale[c], x[c].mul_add(by_x[c], constant[c]));
            }
        }
    }
}
