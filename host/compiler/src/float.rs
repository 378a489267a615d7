//! The float network, run as it is: what quantization is measured against.

use std::sync::atomic::{AtomicUsize, Ordering};

use kernels::Shape;
use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2};
use rayon::prelude::*;

use crate::graph::{Conv, Graph, Operator, TensorId};

/// What [`run`] shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// The sums of a convolution with their bias, before the activation.
    Sum,
    /// The finished tensor.
    Value,
}

/// Runs `graph` on a picture (RGB bytes) and hands every tensor to `see` as soon as it is there.
pub fn run(graph: &Graph, pixels: &[u8], mut see: impl FnMut(TensorId, Point, &[f32])) -> Vec<Vec<f32>> {
    let mut values: Vec<Vec<f32>> = vec![Vec::new(); graph.tensors.len()];
    let before = graph.preprocessing;
    values[Graph::INPUT] = pixels.iter().map(|&p| (f32::from(p) - before.mean) * before.scale).collect();
    see(Graph::INPUT, Point::Value, &values[Graph::INPUT]);
    for (n, node) in graph.nodes.iter().enumerate() {
        let input = |i: usize| (&values[node.inputs[i]][..], graph.tensors[node.inputs[i]].shape);
        let shape = graph.tensors[node.output].shape;
        let mut output = match &node.operator {
            Operator::Conv(conv) => {
                let mut sums = convolve(conv, input(0).0, input(0).1, shape);
                see(node.output, Point::Sum, &sums);
                conv.activation.apply(&mut sums);
                sums
            }
            Operator::Add(after) => {
                let mut sum: Vec<f32> = input(0).0.iter().zip(input(1).0).map(|(a, b)| a + b).collect();
                after.apply(&mut sum);
                sum
            }
            Operator::MaxPool(window) => windows(*window, input(0).0, input(0).1, shape),
            Operator::AveragePool => {
                let pixels = input(0).1.pixels();
                let channels = shape.channels;
                (0..channels)
                    .map(|c| input(0).0.iter().skip(c).step_by(channels).sum::<f32>() / pixels as f32)
                    .collect()
            }
            Operator::Gate(function) => {
                let gates: Vec<f32> =
                    input(1).0.iter().map(|&logit| function.of(logit.into()) as f32).collect();
                input(0).0.iter().zip(gates.iter().cycle()).map(|(x, gate)| x * gate).collect()
            }
            Operator::Table(function) => {
                input(0).0.iter().map(|&value| function.of(value.into()) as f32).collect()
            }
            Operator::Resize2x => {
                let (from, from_shape) = input(0);
                let pixel = |y: usize, x: usize| {
                    &from[(y / 2 * from_shape.width + x / 2) * shape.channels..][..shape.channels]
                };
                (0..shape.pixels())
                    .flat_map(|at| pixel(at / shape.width, at % shape.width))
                    .copied()
                    .collect()
            }
        };
        if let Some(range) = graph.ranges.get(&node.output) {
            quantize(&mut output, *range);
        }
        see(node.output, Point::Value, &output);
        values[node.output] = output;
        for &tensor in &node.inputs {
            let read_later = graph.nodes[n + 1..].iter().any(|node| node.inputs.contains(&tensor));
            if !read_later && !graph.outputs.contains(&tensor) {
                values[tensor] = Vec::new();
            }
        }
    }
    graph.outputs.iter().map(|&output| values[output].clone()).collect()
}

/// What a file that was quantized before makes of `values`: 256 steps over `range`, rounded to even as ONNX does.
fn quantize(values: &mut [f32], [low, high]: [f32; 2]) {
    let step = (high - low) / 255.0;
    values.iter_mut().for_each(|value| *value = ((*value / step).round_ties_even() * step).clamp(low, high));
}

/// Samples that share a state in [`fold_samples`].
const CHUNK: usize = 8;

/// Runs `see` over all samples on all cores.
///
/// Samples are always divided and merged in the same way, so that sums of floats, and with them
/// the bytes of an image, do not depend on the number of cores.
pub fn fold_samples<S: Send>(
    graph: &Graph,
    samples: &[Vec<u8>],
    start: impl Fn() -> S + Sync + Send,
    see: impl Fn(&mut S, TensorId, Point, &[f32]) + Sync + Send,
    merge: impl Fn(S, S) -> S + Sync + Send,
    done: &(dyn Fn(usize) + Sync),
) -> S {
    let count = AtomicUsize::new(0);
    let states: Vec<S> = samples
        .par_chunks(CHUNK)
        .map(|chunk| {
            let mut state = start();
            for sample in chunk {
                run(graph, sample, |tensor, point, values| see(&mut state, tensor, point, values));
                done(1 + count.fetch_add(1, Ordering::Relaxed));
            }
            state
        })
        .collect();
    states.into_iter().fold(start(), merge)
}

fn convolve(conv: &Conv, input: &[f32], shape: Shape, output: Shape) -> Vec<f32> {
    let mut out: Vec<f32> = conv.bias.iter().copied().cycle().take(output.len()).collect();
    if conv.depthwise {
        depthwise(conv, input, shape, output, &mut out);
    } else {
        dense(conv, input, shape, output, &mut out);
    }
    out
}

/// im2row and a matrix product.
fn dense(conv: &Conv, input: &[f32], shape: Shape, output: Shape, out: &mut [f32]) {
    let depth = conv.weights.len() / conv.bias.len();
    let patches;
    let rows = if conv.window.is_point() {
        input
    } else {
        patches = im2row(conv, input, shape, output, depth);
        &patches
    };
    let (pixels, channels) = (output.pixels(), output.channels);
    let view =
        |m, n, values| ArrayView2::from_shape((m, n), values).expect("shapes were lowered from the file");
    let (rows, weights) = (view(pixels, depth, rows), view(channels, depth, &conv.weights));
    let mut out = ArrayViewMut2::from_shape((pixels, channels), out).expect("made with this shape");
    general_mat_mul(1.0, &rows, &weights.t(), 1.0, &mut out);
}

fn im2row(conv: &Conv, input: &[f32], shape: Shape, output: Shape, depth: usize) -> Vec<f32> {
    let mut rows = vec![0.0; output.pixels() * depth];
    for (at, row) in rows.chunks_exact_mut(depth).enumerate() {
        let (y, x) = (at / output.width, at % output.width);
        for (tap, to) in row.chunks_exact_mut(shape.channels).enumerate() {
            let (ky, kx) = (tap / conv.window.kernel[1], tap % conv.window.kernel[1]);
            let place =
                conv.window.source(0, y, ky, shape.height).zip(conv.window.source(1, x, kx, shape.width));
            if let Some((row, column)) = place {
                let start = (row * shape.width + column) * shape.channels;
                to.copy_from_slice(&input[start..start + shape.channels]);
            }
        }
    }
    rows
}

fn depthwise(conv: &Conv, input: &[f32], shape: Shape, output: Shape, out: &mut [f32]) {
    let channels = output.channels;
    for (at, out) in out.chunks_exact_mut(channels).enumerate() {
        let (y, x) = (at / output.width, at % output.width);
        for (tap, weights) in conv.weights.chunks_exact(channels).enumerate() {
            let (ky, kx) = (tap / conv.window.kernel[1], tap % conv.window.kernel[1]);
            let place =
                conv.window.source(0, y, ky, shape.height).zip(conv.window.source(1, x, kx, shape.width));
            let Some((row, column)) = place else { continue };
            let pixels = &input[(row * shape.width + column) * channels..][..channels];
            for ((out, x), w) in out.iter_mut().zip(pixels).zip(weights) {
                *out += x * w;
            }
        }
    }
}

fn windows(window: kernels::Window, input: &[f32], shape: Shape, output: Shape) -> Vec<f32> {
    let channels = output.channels;
    let mut out = vec![f32::NEG_INFINITY; output.len()];
    for (at, out) in out.chunks_exact_mut(channels).enumerate() {
        let (y, x) = (at / output.width, at % output.width);
        for tap in 0..window.kernel[0] * window.kernel[1] {
            let (ky, kx) = (tap / window.kernel[1], tap % window.kernel[1]);
            let place = window.source(0, y, ky, shape.height).zip(window.source(1, x, kx, shape.width));
            let Some((row, column)) = place else { continue };
            let pixels = &input[(row * shape.width + column) * channels..][..channels];
            for (out, x) in out.iter_mut().zip(pixels) {
                *out = out.max(*x);
            }
        }
    }
    out
}
