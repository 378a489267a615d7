//! The costs of Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks",
//! CVPR 2016, with the factors of the course notes by which most people know them.
//!
//! Each function gives a cost and adds its derivative to a gradient, so that a cost of several terms
//! needs no memory for each. Sums run over fixed parts in a fixed order: results are the same on
//! any number of cores.

use std::sync::Mutex;

use autodiff::gemm::{Fill, Panels, multiply};
use autodiff::{Buffer, Shape};
use rayon::prelude::*;

/// Parts that sums over pixels are made in.
const PARTS: usize = 8;

/// Pixels that are multiplied at once.
const BLOCK: usize = 256;

/// How unlike the generated picture's features are to the content's:
/// `1 / (4 nH nW nC) * sum (a_C - a_G)^2`.
///
/// `content` and `generated` hold the values of one layer; `weight` times the derivative by
/// `generated` is added to `gradient`. The cost is returned without the weight.
pub fn content(content: &[f32], generated: &[f32], weight: f64, gradient: &mut [f32]) -> f64 {
    let factor = 1.0 / (4.0 * generated.len() as f64);
    let step = (2.0 * factor * weight) as f32;
    let part = generated.len().div_ceil(PARTS).max(1);
    let sums: Vec<f64> = gradient
        .par_chunks_mut(part)
        .zip(generated.par_chunks(part).zip(content.par_chunks(part)))
        .map(|(gradient, (generated, content))| {
            let mut sum = 0.0;
            for ((gradient, &g), &c) in gradient.iter_mut().zip(generated).zip(content) {
                let difference = g - c;
                sum += f64::from(difference * difference);
                *gradient += step * difference;
            }
            sum
        })
        .collect();
    factor * sums.iter().sum::<f64>()
}

/// The Gram matrix of a layer divided by its pixels: how its channels correlate,
/// wherever in the picture that is. `nC * nC` values.
///
/// `guide`, where given, has a weight for each pixel (Gatys et al., "Controlling Perceptual Factors in
/// Neural Style Transfer", CVPR 2017): values are multiplied by it, and pixels count by its square.
pub fn gram(values: &[f32], shape: Shape, guide: Option<&[f32]>) -> Vec<f32> {
    let channels = shape.channels;
    let part = shape.pixels().div_ceil(PARTS).next_multiple_of(BLOCK);
    let parts: Vec<Buffer> = (0..shape.pixels().div_ceil(part))
        .into_par_iter()
        .map(|number| {
            let mut sum = Buffer::zeros(channels * channels);
            let mut turned = Buffer::default();
            let mut panels = Panels::default();
            let mut guided = Buffer::default();
            let end = ((number + 1) * part).min(shape.pixels());
            for first in (number * part..end).step_by(BLOCK) {
                let last = (first + BLOCK).min(end);
                let mut block = &values[first * channels..last * channels];
                if let Some(guide) = guide {
                    guided.resize(block.len());
                    scale(block, &guide[first..last], &mut guided);
                    block = &guided;
                }
                panels.fill(block, channels);
                turned.resize(block.len());
                turn(block, channels, &mut turned);
                multiply(&turned, &panels, &mut sum, Fill::Add);
            }
            sum
        })
        .collect();
    let share = 1.0 / weight_of(shape, guide);
    (0..channels * channels).map(|place| parts.iter().map(|part| part[place]).sum::<f32>() * share).collect()
}

/// How unlike the generated picture's style is to a style's in one layer:
/// `1 / (4 nC^2 (nH nW)^2) * sum (G_S - G_G)^2`.
///
/// With Gram matrices divided by their pixels, as [`gram`] gives them, that is
/// `1 / (4 nC^2) * sum (g_S - g_G)^2`, which holds for a style picture of another size too.
/// `style` lists the matrices of styles with their weights; the cost is their weighted sum. `weight`
/// times its derivative by `values` is added to `gradient`.
pub fn style(
    style: &[(f64, Vec<f32>)],
    values: &[f32],
    shape: Shape,
    guide: Option<&[f32]>,
    weight: f64,
    gradient: &mut [f32],
) -> f64 {
    let channels = shape.channels;
    let own = gram(values, shape, guide);
    let factor = 1.0 / (4.0 * (channels * channels) as f64);
    let mut cost = 0.0;
    let mut difference = vec![0.0f64; own.len()];
    for (share, wanted) in style {
        let mut sum = 0.0;
        for ((total, own), wanted) in difference.iter_mut().zip(&own).zip(wanted) {
            let apart = f64::from(*own) - f64::from(*wanted);
            sum += apart * apart;
            *total += share * apart;
        }
        cost += share * factor * sum;
    }
    // By a pixel's values, a Gram matrix changes twice: its rows and its columns.
    let step = 4.0 * factor * weight / f64::from(weight_of(shape, guide));
    let matrix: Vec<f32> = difference.iter().map(|value| (value * step) as f32).collect();
    let mut panels = Panels::default();
    panels.fill(&matrix, channels);
    let length = BLOCK * channels;
    let scratch = Mutex::new(Vec::<Buffer>::new());
    gradient.par_chunks_mut(length).zip(values.par_chunks(length)).enumerate().for_each(
        |(number, (gradient, block))| match guide {
            None => multiply(block, &panels, gradient, Fill::Add),
            Some(guide) => {
                let mut squared = take(&scratch);
                squared.resize(block.len());
                let pixels = block.len() / channels;
                let guide = &guide[number * BLOCK..][..pixels];
                let squares: Vec<f32> = guide.iter().map(|weight| weight * weight).collect();
                scale(block, &squares, &mut squared);
                multiply(&squared, &panels, gradient, Fill::Add);
                put(&scratch, squared);
            }
        },
    );
    cost
}

/// How uneven a picture is from pixel to pixel: the mean, over all values, of the squared differences
/// to the right and lower neighbour. `weight` times its derivative is added to `gradient`.
pub fn total_variation(picture: &[f32], shape: Shape, weight: f64, gradient: &mut [f32]) -> f64 {
    let row = shape.width * shape.channels;
    let factor = 1.0 / shape.len() as f64;
    let step = (2.0 * factor * weight) as f32;
    let mut sum = 0.0;
    let mut pair = |a: usize, b: usize, gradient: &mut [f32]| {
        let difference = picture[b] - picture[a];
        sum += f64::from(difference * difference);
        gradient[b] += step * difference;
        gradient[a] -= step * difference;
    };
    for start in (0..shape.height).map(|y| y * row) {
        for at in start..start + row {
            if at + shape.channels < start + row {
                pair(at, at + shape.channels, gradient);
            }
            if at + row < shape.len() {
                pair(at, at + row, gradient);
            }
        }
    }
    factor * sum
}

/// How many pixels a guide counts for.
fn weight_of(shape: Shape, guide: Option<&[f32]>) -> f32 {
    let sum = guide.map_or(shape.pixels() as f32, |guide| guide.iter().map(|weight| weight * weight).sum());
    // A region that vanishes at a small scale has no style, rather than an infinite one.
    sum.max(f32::MIN_POSITIVE.sqrt())
}

/// Each pixel's channels times its weight.
fn scale(values: &[f32], weights: &[f32], out: &mut [f32]) {
    let channels = values.len() / weights.len().max(1);
    for ((out, pixel), weight) in
        out.chunks_exact_mut(channels).zip(values.chunks_exact(channels)).zip(weights)
    {
        out.iter_mut().zip(pixel).for_each(|(out, value)| *out = value * weight);
    }
}

/// Rows of channels become rows of pixels, a square at a time, so that neither side misses the cache.
fn turn(values: &[f32], channels: usize, out: &mut [f32]) {
    const SQUARE: usize = 16;
    let pixels = values.len() / channels;
    for first in (0..pixels).step_by(SQUARE) {
        for channel in 0..channels {
            let to = &mut out[channel * pixels + first..channel * pixels + pixels.min(first + SQUARE)];
            for (to, pixel) in to.iter_mut().zip(values[first * channels..].chunks_exact(channels)) {
                *to = pixel[channel];
            }
        }
    }
}

fn take(scratch: &Mutex<Vec<Buffer>>) -> Buffer {
    scratch.lock().ok().and_then(|mut spare| spare.pop()).unwrap_or_default()
}

fn put(scratch: &Mutex<Vec<Buffer>>, buffer: Buffer) {
    if let Ok(mut spare) = scratch.lock() {
        spare.push(buffer);
    }
}
