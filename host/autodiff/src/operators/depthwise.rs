//! Convolutions of one filter a channel; a pixel's channels are summed up a few vectors at a time.

use std::ops::Range;

use rayon::prelude::*;

use super::Sweep;
use crate::gemm::Fill;
use crate::vector::{Kernel, vectorized};

/// Channels whose sums stay in registers.
const HELD: usize = 32;

/// Convolves; `weights` has a row of channels for each tap.
pub fn forward(sweep: &Sweep, x: &[f32], weights: &[f32], bias: Option<&[f32]>, out: &mut [f32]) {
    let channels = sweep.output.channels;
    let row = sweep.output.width * channels;
    let none = vec![0.0; channels];
    let bias = bias.unwrap_or(&none);
    out.par_chunks_mut(row).enumerate().for_each(|(number, out)| {
        let (picture, y) = (number / sweep.output.height, number % sweep.output.height);
        let x = &x[picture * sweep.input.len()..][..sweep.input.len()];
        vectorized(Row { sweep, x, weights, bias, y, out });
    });
}

/// A row of the output.
struct Row<'a> {
    sweep: &'a Sweep,
    x: &'a [f32],
    weights: &'a [f32],
    bias: &'a [f32],
    y: usize,
    out: &'a mut [f32],
}

impl Kernel for Row<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { sweep, x, weights, bias, y, out } = self;
        let channels = bias.len();
        let (rows, top) = sweep.inside(0, y);
        for (place, pixel) in out.chunks_exact_mut(channels).enumerate() {
            let (columns, left) = sweep.inside(1, place);
            for first in (0..channels).step_by(HELD) {
                let count = HELD.min(channels - first);
                let mut sums = [0f32; HELD];
                sums[..count].copy_from_slice(&bias[first..first + count]);
                for i in rows.clone() {
                    let line = (top + i - rows.start) * sweep.input.width;
                    for j in columns.clone() {
                        let start = (line + left + j - columns.start) * channels + first;
                        let tap = (i * sweep.window.kernel[1] + j) * channels + first;
                        if count == HELD {
                            let (x, w) = (&x[start..start + HELD], &weights[tap..tap + HELD]);
                            for c in 0..HELD {
                                sums[c] = x[c].mul_add(w[c], sums[c]);
                            }
                        } else {
                            let (x, w) = (&x[start..start + count], &weights[tap..tap + count]);
                            for c in 0..count {
                                sums[c] = x[c].mul_add(w[c], sums[c]);
                            }
                        }
                    }
                }
                pixel[first..first + count].copy_from_slice(&sums[..count]);
            }
        }
    }
}

/// The gradients of the weights and, where it is wanted, of the input.
pub fn backward(
    sweep: &Sweep,
    x: &[f32],
    weights: &[f32],
    gradient: &[f32],
    to_weights: &mut [f32],
    to_input: Option<(&mut [f32], Fill)>,
) {
    let pictures = x.par_chunks(sweep.input.len()).zip(gradient.par_chunks(sweep.output.len()));
    let sums: Vec<Vec<f32>> = match to_input {
        Some((to, fill)) => pictures
            .zip(to.par_chunks_mut(sweep.input.len()))
            .map(|((x, gradient), to)| {
                if fill == Fill::Store {
                    to.fill(0.0);
                }
                picture(sweep, x, weights, gradient, to)
            })
            .collect(),
        None => pictures.map(|(x, gradient)| picture(sweep, x, weights, gradient, &mut [])).collect(),
    };
    to_weights.fill(0.0);
    for sum in sums {
        to_weights.iter_mut().zip(sum).for_each(|(to, sum)| *to += sum);
    }
}

/// Gradients of one picture: of the weights, and, unless `to` is empty, added to `to`.
fn picture(sweep: &Sweep, x: &[f32], weights: &[f32], gradient: &[f32], to: &mut [f32]) -> Vec<f32> {
    let mut sums = vec![0.0; weights.len()];
    vectorized(Picture { sweep, x, weights, gradient, to, sums: &mut sums });
    sums
}

/// The way back through one picture.
struct Picture<'a> {
    sweep: &'a Sweep,
    x: &'a [f32],
    weights: &'a [f32],
    gradient: &'a [f32],
    to: &'a mut [f32],
    sums: &'a mut [f32],
}

impl Picture<'_> {
    /// Goes over the taps `i` by `columns` for a pixel whose gradient is `gradient`.
    #[inline(always)]
    fn taps(&mut self, i: usize, line: usize, columns: &Range<usize>, left: usize, gradient: &[f32]) {
        let channels = gradient.len();
        for j in columns.clone() {
            let start = (line + left + j - columns.start) * channels;
            let tap = (i * self.sweep.window.kernel[1] + j) * channels;
            let sums = &mut self.sums[tap..tap + channels];
            let x = &self.x[start..start + channels];
            for c in 0..channels {
                sums[c] = gradient[c].mul_add(x[c], sums[c]);
            }
            if !self.to.is_empty() {
                let to = &mut self.to[start..start + channels];
                let weights = &self.weights[tap..tap + channels];
                for c in 0..channels {
                    to[c] = gradient[c].mul_add(weights[c], to[c]);
                }
            }
        }
    }
}

impl Kernel for Picture<'_> {
    #[inline(always)]
    fn run(mut self) {
        let sweep = self.sweep;
        let channels = sweep.output.channels;
        let gradient = self.gradient;
        for y in 0..sweep.output.height {
            let (rows, top) = sweep.inside(0, y);
            for x in 0..sweep.output.width {
                let (columns, left) = sweep.inside(1, x);
                let start = (y * sweep.output.width + x) * channels;
                let gradient = &gradient[start..start + channels];
                for i in rows.clone() {
                    let line = (top + i - rows.start) * sweep.input.width;
                    self.taps(i, line, &columns, left, gradient);
                }
            }
        }
    }
}
