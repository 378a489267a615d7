//! Sums, products and the logistic function.

use rayon::prelude::*;

use super::PART;
use crate::gemm::Fill;

/// `out = a + b`.
pub fn add(a: &[f32], b: &[f32], out: &mut [f32]) {
    out.par_chunks_mut(PART).zip(a.par_chunks(PART)).zip(b.par_chunks(PART)).for_each(|((out, a), b)| {
        for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
            *out = a + b;
        }
    });
}

/// Copies or adds.
pub fn carry(from: &[f32], to: &mut [f32], fill: Fill) {
    to.par_chunks_mut(PART).zip(from.par_chunks(PART)).for_each(|(to, from)| match fill {
        Fill::Store => to.copy_from_slice(from),
        Fill::Add => to.iter_mut().zip(from).for_each(|(to, from)| *to += from),
    });
}

/// `out = a b`, where `b` may have one pixel of `channels` for each `map` floats of `a`.
pub fn multiply(a: &[f32], b: &[f32], map: usize, channels: usize, out: &mut [f32]) {
    let spread = b.len() < a.len();
    out.par_chunks_mut(map).zip(a.par_chunks(map)).enumerate().for_each(|(number, (out, a))| {
        let b = if spread { &b[number * channels..][..channels] } else { &b[number * map..][..map] };
        for ((out, a), b) in out.iter_mut().zip(a).zip(b.iter().cycle()) {
            *out = a * b;
        }
    });
}

/// The gradient of one factor of a product, where `other` is the other factor. `to` is that of the second factor where it is
/// smaller than `gradient`.
pub fn multiply_backward(
    gradient: &[f32],
    other: &[f32],
    map: usize,
    channels: usize,
    to: &mut [f32],
    fill: Fill,
) {
    if fill == Fill::Store {
        to.fill(0.0);
    }
    if to.len() < gradient.len() {
        let maps = gradient.par_chunks(map).zip(other.par_chunks(map));
        to.par_chunks_mut(channels).zip(maps).for_each(|(to, (gradient, other))| {
            for (g, o) in gradient.chunks_exact(channels).zip(other.chunks_exact(channels)) {
                to.iter_mut().zip(g).zip(o).for_each(|((to, g), o)| *to += g * o);
            }
        });
        return;
    }
    let spread = other.len() < gradient.len();
    to.par_chunks_mut(map).zip(gradient.par_chunks(map)).enumerate().for_each(|(number, (to, g))| {
        let other =
            if spread { &other[number * channels..][..channels] } else { &other[number * map..][..map] };
        to.iter_mut().zip(g).zip(other.iter().cycle()).for_each(|((to, g), o)| *to += g * o);
    });
}

/// `1 / (1 + exp(-x))`.
pub fn sigmoid(x: &[f32], out: &mut [f32]) {
    out.iter_mut().zip(x).for_each(|(out, x)| *out = 1.0 / (1.0 + (-x).exp()));
}

/// Turns the gradient of the result into that of `x`, in place.
pub fn sigmoid_backward(out: &[f32], gradient: &mut [f32]) {
    gradient.iter_mut().zip(out).for_each(|(g, out)| *g *= out * (1.0 - out));
}

/// The sums over all pixels by channel.
pub fn sum_pixels(gradient: &[f32], channels: usize) -> Vec<f32> {
    let parts = gradient.par_chunks(super::part(channels) * channels).map(|part| {
        let mut sum = vec![0f32; channels];
        for pixel in part.chunks_exact(channels) {
            sum.iter_mut().zip(pixel).for_each(|(sum, g)| *sum += g);
        }
        sum
    });
    let parts: Vec<Vec<f32>> = parts.collect();
    let mut sum = vec![0f64; channels];
    for part in parts {
        sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += f64::from(part));
    }
    sum.into_iter().map(|sum| sum as f32).collect()
}
