//! Every operator of a batch alone: its gradients against differences.
#![forbid(unsafe_code)]

mod differences;

use autodiff::gemm::Fill;
use autodiff::gemm::tall::transposed_by_rows;
use autodiff::operators::normalize::{Affine, Moments};
use autodiff::operators::{Sweep, convolution, depthwise, pointwise, pool};
use autodiff::{Shape, Window};
use differences::{check, dot, random};
use fastrand::Rng;

/// Checks a convolution's three gradients, and that `Fill::Add` adds.
fn convolves(channels: usize, outputs: usize, window: Window, dense: bool, size: [usize; 2]) {
    let rng = &mut Rng::with_seed(3);
    let input = Shape { height: size[0], width: size[1], channels };
    let [height, width] = window.output(size).expect("the window fits");
    let output = Shape { height, width, channels: outputs };
    let depth = window.kernel[0] * window.kernel[1] * if dense { channels } else { 1 };
    let name = format!("{window:?} of {channels} to {outputs}");
    let sweep = Sweep { window, input, output };
    let count = 3;
    let x = random(rng, count * input.len());
    let weights = random(rng, depth * outputs);
    let bias = random(rng, outputs);
    let chosen = random(rng, count * output.len());
    let run = if dense { convolution::forward } else { depthwise::forward };
    let loss = |x: &[f32], weights: &[f32], bias: &[f32]| {
        let mut out = vec![f32::NAN; count * output.len()];
        run(&sweep, x, weights, Some(bias), &mut out);
        dot(&out, &chosen)
    };
    let mut by_weights = vec![f32::NAN; weights.len()];
    let mut by_x = vec![f32::NAN; x.len()];
    let mut twice = vec![1.0; x.len()];
    if dense {
        convolution::of_weights(&sweep, &x, &chosen, &mut by_weights);
        convolution::of_input(&sweep, &chosen, &weights, &mut by_x, Fill::Store);
        convolution::of_input(&sweep, &chosen, &weights, &mut twice, Fill::Add);
    } else {
        let to = Some((&mut by_x[..], Fill::Store));
        depthwise::backward(&sweep, &x, &weights, &chosen, &mut by_weights, to);
        let to = Some((&mut twice[..], Fill::Add));
        depthwise::backward(&sweep, &x, &weights, &chosen, &mut by_weights, to);
        let mut alone = vec![f32::NAN; weights.len()];
        depthwise::backward(&sweep, &x, &weights, &chosen, &mut alone, None);
        assert_eq!(alone, by_weights, "{name}");
    }
    // Sums of products, so a long step makes no error.
    check(&name, &x, &by_x, 0.5, &|x| loss(x, &weights, &bias));
    check(&name, &weights, &by_weights, 0.5, &|weights| loss(&x, weights, &bias));
    let by_bias = pointwise::sum_pixels(&chosen, outputs);
    check(&name, &bias, &by_bias, 0.5, &|bias| loss(&x, &weights, bias));
    for (twice, once) in twice.iter().zip(&by_x) {
        assert!((twice - once - 1.0).abs() < 1e-4, "{name}: {twice} is not {once} and one");
    }
}

fn window(kernel: [usize; 2], stride: [usize; 2], pads: [usize; 4]) -> Window {
    Window { kernel, stride, pads }
}

#[test]
fn dense_convolutions() {
    convolves(24, 40, window([1, 1], [1, 1], [0; 4]), true, [5, 7]);
    convolves(16, 67, window([1, 1], [1, 1], [0; 4]), true, [12, 12]);
    convolves(3, 17, window([3, 3], [2, 2], [1; 4]), true, [9, 8]);
    convolves(5, 16, window([3, 2], [1, 2], [0, 1, 2, 0]), true, [6, 7]);
    convolves(8, 12, window([4, 5], [1, 1], [0; 4]), true, [4, 5]);
    convolves(4, 8, window([1, 1], [2, 2], [0; 4]), true, [5, 5]);
}

#[test]
fn depthwise_convolutions() {
    convolves(24, 24, window([3, 3], [1, 1], [1; 4]), false, [5, 7]);
    convolves(9, 9, window([3, 3], [2, 2], [1; 4]), false, [7, 6]);
    convolves(16, 16, window([5, 7], [1, 1], [0; 4]), false, [5, 7]);
    convolves(70, 70, window([1, 3], [1, 1], [0, 2, 0, 0]), false, [3, 4]);
}

#[test]
fn products_with_many_rows_are_those_of_arithmetic() {
    let rng = &mut Rng::with_seed(8);
    for (rows, depth, columns) in [(7, 5, 3), (700, 13, 70), (2500, 24, 33), (300, 200, 200)] {
        let (x, g) = (random(rng, rows * depth), random(rng, rows * columns));
        let mut out = vec![f32::NAN; depth * columns];
        transposed_by_rows(&x, depth, &g, &mut out);
        for (place, found) in out.iter().enumerate().step_by(7) {
            let (k, n) = (place / columns, place % columns);
            let sum = (0..rows).map(|r| f64::from(x[r * depth + k]) * f64::from(g[r * columns + n]));
            let expected: f64 = sum.sum();
            assert!((expected - f64::from(*found)).abs() < 1e-3, "{rows} {depth} {columns} at {place}");
        }
    }
}

/// Checks a normalisation with its activation.
fn normalizes(slope: impl Fn(&mut Rng) -> f32) {
    let rng = &mut Rng::with_seed(4);
    let (channels, pixels) = (11, 60);
    let mut x = random(rng, channels * pixels);
    // A mean far from zero, where sums of squares would lose their digits.
    x.iter_mut().skip(2).step_by(channels).for_each(|value| *value += 40.0);
    let gain: Vec<f32> = random(rng, channels).iter().map(|g| g + 1.5).collect();
    let offset = random(rng, channels);
    let slope: Vec<f32> = (0..channels).map(|_| slope(rng)).collect();
    let chosen = random(rng, x.len());
    let epsilon = 1e-3;
    let loss = |x: &[f32], gain: &[f32], offset: &[f32], slope: &[f32]| {
        let affine = Moments::of(x, channels).affine(gain, offset, epsilon, slope.to_vec());
        let mut out = vec![f32::NAN; x.len()];
        affine.forward(x, &mut out);
        dot(&out, &chosen)
    };
    let moments = Moments::of(&x, channels);
    let affine = moments.affine(&gain, &offset, epsilon, slope.clone());
    let mut by_x = chosen.clone();
    let gradients = affine.backward(&x, &moments, epsilon, &mut by_x);
    check("x", &x, &by_x, 2e-3, &|x| loss(x, &gain, &offset, &slope));
    check("gain", &gain, &gradients.gain, 1e-3, &|gain| loss(&x, gain, &offset, &slope));
    check("offset", &offset, &gradients.offset, 1e-3, &|offset| loss(&x, &gain, offset, &slope));
    if slope.iter().any(|slope| *slope != 1.0) {
        check("slope", &slope, &gradients.slope, 1e-2, &|slope| loss(&x, &gain, &offset, slope));
    }
    // By moments that do not depend on x.
    let mut by_x = chosen.clone();
    let fixed = affine.backward_fixed(&x, &moments, epsilon, &mut by_x);
    assert_eq!(fixed.gain, gradients.gain);
    let loss = |x: &[f32]| {
        let mut out = vec![f32::NAN; x.len()];
        Affine::forward(&affine, x, &mut out);
        dot(&out, &chosen)
    };
    check("x alone", &x, &by_x, 2e-3, &loss);
}

#[test]
fn normalisations_and_activations() {
    normalizes(|_| 1.0);
    normalizes(|rng| rng.f32() * 2.0 - 1.0);
}

#[test]
fn moments_are_exact_where_the_mean_is_large() {
    let rng = &mut Rng::with_seed(5);
    let channels = 3;
    let x: Vec<f32> = random(rng, channels * 50_000).iter().map(|value| 1000.0 + value).collect();
    let moments = Moments::of(&x, channels);
    for c in 0..channels {
        let values: Vec<f64> = x.iter().skip(c).step_by(channels).map(|value| f64::from(*value)).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / values.len() as f64;
        assert!((f64::from(moments.mean[c]) - mean).abs() < 1e-4);
        assert!((f64::from(moments.variance[c]) / variance - 1.0).abs() < 1e-4, "{moments:?}, {variance}");
    }
}

#[test]
fn pools() {
    let rng = &mut Rng::with_seed(6);
    let input = Shape { height: 6, width: 7, channels: 5 };
    let count = 2;
    let x = random(rng, count * input.len());
    let output = Shape { height: 3, width: 4, channels: 5 };
    let sweep = Sweep { window: window([3, 2], [2, 2], [1, 0, 0, 1]), input, output };
    let chosen = random(rng, count * output.len());
    let mut by_x = vec![f32::NAN; x.len()];
    pool::greatest_backward(&sweep, &x, &chosen, &mut by_x, Fill::Store);
    check("greatest", &x, &by_x, 1e-3, &|x| {
        let mut out = vec![f32::NAN; chosen.len()];
        pool::greatest(&sweep, x, &mut out);
        dot(&out, &chosen)
    });
    let chosen = random(rng, count * input.channels);
    pool::mean_backward(input, &chosen, &mut by_x, Fill::Store);
    check("mean", &x, &by_x, 0.5, &|x| {
        let mut out = vec![f32::NAN; chosen.len()];
        pool::mean(input, x, &mut out);
        dot(&out, &chosen)
    });
}

#[test]
fn products_of_maps_and_sigmoids() {
    let rng = &mut Rng::with_seed(7);
    let (map, channels, count) = (20, 4, 3);
    for other in [map, channels] {
        let (a, b) = (random(rng, count * map), random(rng, count * other));
        let chosen = random(rng, a.len());
        let loss = |a: &[f32], b: &[f32]| {
            let mut out = vec![f32::NAN; a.len()];
            pointwise::multiply(a, b, map, channels, &mut out);
            dot(&out, &chosen)
        };
        let (mut by_a, mut by_b) = (vec![f32::NAN; a.len()], vec![f32::NAN; b.len()]);
        pointwise::multiply_backward(&chosen, &b, map, channels, &mut by_a, Fill::Store);
        pointwise::multiply_backward(&chosen, &a, map, channels, &mut by_b, Fill::Store);
        check("first", &a, &by_a, 0.5, &|a| loss(a, &b));
        check("second", &b, &by_b, 0.5, &|b| loss(&a, b));
    }
    let x = random(rng, 50);
    let chosen = random(rng, 50);
    let mut out = vec![0.0; 50];
    pointwise::sigmoid(&x, &mut out);
    let mut by_x = chosen.clone();
    pointwise::sigmoid_backward(&out, &mut by_x);
    check("sigmoid", &x, &by_x, 1e-2, &|x| {
        let mut out = vec![0.0; 50];
        pointwise::sigmoid(x, &mut out);
        dot(&out, &chosen)
    });
}
