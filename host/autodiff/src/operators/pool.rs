//! The greatest value of each window, and the mean of all pixels.

use rayon::prelude::*;

use super::Sweep;
use crate::Shape;
use crate::gemm::Fill;

/// The greatest value of each window.
pub fn greatest(sweep: &Sweep, x: &[f32], out: &mut [f32]) {
    let pictures = out.par_chunks_mut(sweep.output.len()).zip(x.par_chunks(sweep.input.len()));
    pictures.for_each(|(out, x)| {
        for (place, out) in out.chunks_exact_mut(sweep.output.channels).enumerate() {
            out.fill(f32::NEG_INFINITY);
            sweep.taps(place / sweep.output.width, place % sweep.output.width, |_, start| {
                out.iter_mut().zip(&x[start..]).for_each(|(out, x)| *out = out.max(*x));
            });
        }
    });
}

/// Takes the gradient to the first of the greatest values of each window.
pub fn greatest_backward(sweep: &Sweep, x: &[f32], gradient: &[f32], to: &mut [f32], fill: Fill) {
    let pictures = to.par_chunks_mut(sweep.input.len()).zip(x.par_chunks(sweep.input.len()));
    pictures.zip(gradient.par_chunks(sweep.output.len())).for_each(|((to, x), gradient)| {
        if fill == Fill::Store {
            to.fill(0.0);
        }
        for (place, gradient) in gradient.chunks_exact(sweep.output.channels).enumerate() {
            for (c, gradient) in gradient.iter().enumerate() {
                let mut best: Option<usize> = None;
                sweep.taps(place / sweep.output.width, place % sweep.output.width, |_, start| {
                    if best.is_none_or(|best| x[start + c] > x[best]) {
                        best = Some(start + c);
                    }
                });
                if let Some(best) = best {
                    to[best] += gradient;
                }
            }
        }
    });
}

/// The mean of all pixels.
pub fn mean(input: Shape, x: &[f32], out: &mut [f32]) {
    let share = 1.0 / (input.height * input.width) as f32;
    out.par_chunks_mut(input.channels).zip(x.par_chunks(input.len())).for_each(|(out, x)| {
        out.fill(0.0);
        for pixel in x.chunks_exact(input.channels) {
            out.iter_mut().zip(pixel).for_each(|(out, x)| *out += x);
        }
        out.iter_mut().for_each(|out| *out *= share);
    });
}

/// Shares the gradient out to all pixels.
pub fn mean_backward(input: Shape, gradient: &[f32], to: &mut [f32], fill: Fill) {
    let share = 1.0 / (input.height * input.width) as f32;
    to.par_chunks_mut(input.len()).zip(gradient.par_chunks(input.channels)).for_each(|(to, gradient)| {
        for pixel in to.chunks_exact_mut(input.channels) {
            for (to, g) in pixel.iter_mut().zip(gradient) {
                *to = if fill == Fill::Store { g * share } else { *to + g * share };
            }
        }
    });
}
