//! Every operator against a plain one, and its derivative against finite differences.
#![forbid(unsafe_code)]

use autodiff::network::convolution::Convolution;
use autodiff::network::pointwise::Affine;
use autodiff::network::pooling::Pooling;
use autodiff::network::{Node, Operator};
use autodiff::{Network, Pass, Shape, Window};

/// How far a network in single precision may be from one in double, as a share of the largest value.
const TOLERANCE: f64 = 2e-5;

/// How far a derivative may be from finite differences, as a share of the gradient's length.
const DERIVATIVE: f64 = 2e-3;

fn random(length: usize, seed: u64) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..length).map(|_| random.f32() * 2.0 - 1.0).collect()
}

fn window(kernel: usize, stride: usize, pad: usize) -> Window {
    Window { kernel: [kernel; 2], stride: [stride; 2], pads: [pad; 4] }
}

fn convolution(window: Window, inputs: usize, outputs: usize, relu: bool) -> Operator {
    let weights = random(window.kernel[0] * window.kernel[1] * inputs * outputs, 3);
    let mut convolution = Convolution::new(window, &weights, random(outputs, 4), false);
    convolution.relu = relu;
    Operator::Convolution(convolution)
}

/// A network of one operator after another; the last one's output is its layer.
fn chain(channels: usize, operators: Vec<Operator>) -> Network {
    let layers = vec![operators.len()];
    let node = |(input, operator)| Node { operator, inputs: vec![input] };
    Network { nodes: operators.into_iter().enumerate().map(node).collect(), channels, layers }
}

/// A convolution as its definition says, in double precision.
fn plain(
    window: &Window,
    weights: &[f32],
    bias: &[f32],
    input: Shape,
    from: &[f32],
    output: Shape,
) -> Vec<f64> {
    let [rows, columns] = window.kernel;
    let mut out = Vec::new();
    for (y, x) in (0..output.height).flat_map(|y| (0..output.width).map(move |x| (y, x))) {
        for o in 0..output.channels {
            let mut sum = f64::from(bias[o]);
            for (i, dy, dx) in (0..input.channels)
                .flat_map(|i| (0..rows).flat_map(move |dy| (0..columns).map(move |dx| (i, dy, dx))))
            {
                let row =
                    (y * window.stride[0] + dy).checked_sub(window.pads[0]).filter(|&r| r < input.height);
                let column =
                    (x * window.stride[1] + dx).checked_sub(window.pads[1]).filter(|&c| c < input.width);
                if let (Some(row), Some(column)) = (row, column) {
                    let value = from[(row * input.width + column) * input.channels + i];
                    let weight = weights[((o * input.channels + i) * rows + dy) * columns + dx];
                    sum += f64::from(value) * f64::from(weight);
                }
            }
            out.push(sum);
        }
    }
    out
}

fn check_convolution(window: Window, inputs: usize, outputs: usize, [height, width]: [usize; 2]) {
    let weights = random(window.kernel[0] * window.kernel[1] * inputs * outputs, 3);
    let bias = random(outputs, 4);
    let input = Shape { height, width, channels: inputs };
    let from = random(input.len(), 5);
    let convolution = Convolution::new(window, &weights, bias.clone(), false);
    let output = convolution.shape(input).expect("the window fits");
    let mut out = vec![f32::NAN; output.len()];
    convolution.forward(input, &from, &mut out);
    let expected = plain(&window, &weights, &bias, input, &from, output);
    let largest = expected.iter().fold(0.0f64, |most, value| most.max(value.abs()));
    for (got, expected) in out.iter().zip(&expected) {
        let off = (f64::from(*got) - expected).abs() / largest;
        assert!(off < TOLERANCE, "{window:?} {inputs}->{outputs} on {height}x{width}: {got} for {expected}");
    }
}

/// Checks the derivative of `sum(r * output)`, r random, along random directions.
fn check_gradient(network: &Network, size: [usize; 2], step: f32) {
    let shape = Shape { height: size[0], width: size[1], channels: network.channels };
    let picture = random(shape.len(), 7);
    let mut pass = Pass::default();
    let mut value = |picture: &[f32], gradient: Option<&mut [f32]>| {
        pass.forward(network, picture, size).expect("the picture is large enough");
        let (values, output) = pass.layer(network.layers[0]);
        let factors = random(output.len(), 8);
        let sum: f64 = values.iter().zip(&factors).map(|(v, f)| f64::from(*v) * f64::from(*f)).sum();
        if let Some(gradient) = gradient {
            pass.backward(
                network,
                &mut |layer| layer.gradient.iter_mut().zip(&factors).for_each(|(to, f)| *to += f),
                gradient,
            );
        }
        sum
    };
    let mut gradient = vec![f32::NAN; picture.len()];
    value(&picture, Some(&mut gradient));
    let length = gradient.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
    for seed in 20..24 {
        let direction = random(picture.len(), seed);
        let norm = direction.iter().map(|d| f64::from(*d).powi(2)).sum::<f64>().sqrt();
        let moved = |by: f32| picture.iter().zip(&direction).map(|(p, d)| p + by * d).collect::<Vec<f32>>();
        let (up, down) = (value(&moved(step), None), value(&moved(-step), None));
        let measured = (up - down) / (2.0 * f64::from(step)) / norm;
        let told: f64 =
            gradient.iter().zip(&direction).map(|(g, d)| f64::from(*g) * f64::from(*d)).sum::<f64>() / norm;
        assert!(
            (measured - told).abs() < DERIVATIVE * length,
            "{told} told, {measured} measured of {length}"
        );
    }
}

#[test]
fn winograd_is_a_convolution() {
    // Sizes that are, and are not, whole tiles; channels of one vector, a panel, and between.
    check_convolution(window(3, 1, 1), 16, 16, [8, 8]);
    check_convolution(window(3, 1, 1), 32, 64, [13, 18]);
    check_convolution(window(3, 1, 1), 64, 80, [5, 41]);
    check_convolution(window(3, 1, 1), 128, 64, [1, 1]);
}

#[test]
fn other_windows_are_convolutions() {
    check_convolution(window(3, 1, 1), 3, 64, [9, 11]);
    check_convolution(window(3, 2, 1), 16, 24, [9, 12]);
    check_convolution(window(1, 1, 0), 20, 7, [4, 5]);
    check_convolution(window(5, 3, 2), 4, 16, [17, 16]);
    let uneven = Window { kernel: [2, 3], stride: [1, 2], pads: [0, 1, 1, 0] };
    check_convolution(uneven, 5, 6, [7, 10]);
}

#[test]
fn convolutions_lead_back() {
    for (kernel, stride, pad, inputs, outputs) in
        [(3, 1, 1, 16, 32), (3, 1, 1, 3, 16), (3, 2, 1, 16, 8), (1, 1, 0, 8, 24), (5, 3, 2, 4, 16)]
    {
        let operator = convolution(window(kernel, stride, pad), inputs, outputs, false);
        check_gradient(&chain(inputs, vec![operator]), [23, 18], 1e-2);
    }
}

#[test]
fn depthwise_convolutions_lead_back() {
    let weights = random(9 * 12, 3);
    let convolution = Convolution::new(window(3, 2, 1), &weights, random(12, 4), true);
    check_gradient(&chain(12, vec![Operator::Convolution(convolution)]), [21, 18], 1e-2);
}

#[test]
fn rectified_convolutions_lead_back() {
    // Small steps, as few values may pass zero on the way.
    for inputs in [3, 16] {
        let operators =
            vec![convolution(window(3, 1, 1), inputs, 16, true), convolution(window(3, 1, 1), 16, 16, true)];
        check_gradient(&chain(inputs, operators), [16, 13], 1e-4);
    }
}

#[test]
fn pools_lead_back() {
    for (window, stride) in [(2, 2), (3, 2), (3, 3)] {
        for mean in [false, true] {
            let pool = Pooling { window: [window; 2], stride: [stride; 2], mean };
            check_gradient(&chain(16, vec![Operator::Pool(pool)]), [13, 16], 1e-3);
        }
    }
}

#[test]
fn pointwise_operators_lead_back() {
    let affine = Affine { scale: random(8, 1), shift: random(8, 2) };
    let slopes = random(8, 3);
    check_gradient(&chain(8, vec![Operator::Affine(affine), Operator::Rectify(slopes)]), [6, 7], 1e-4);
}

#[test]
fn gradients_of_branches_add_up() {
    let mut network = chain(
        16,
        vec![convolution(window(3, 1, 1), 16, 16, true), convolution(window(1, 1, 0), 16, 16, false)],
    );
    network.nodes.push(Node { operator: Operator::Add, inputs: vec![1, 2] });
    network.layers = vec![3];
    check_gradient(&network, [9, 10], 1e-4);
}

#[test]
fn a_pass_over_another_size_forgets_the_first() {
    let network = chain(
        3,
        vec![convolution(window(3, 1, 1), 3, 16, true), convolution(window(3, 1, 1), 16, 16, false)],
    );
    let mut pass = Pass::default();
    let small = random(3 * 6 * 5, 1);
    pass.forward(&network, &small, [6, 5]).expect("the picture is large enough");
    let before = pass.layer(2).0.to_vec();
    pass.forward(&network, &random(3 * 9 * 9, 2), [9, 9]).expect("the picture is large enough");
    pass.forward(&network, &small, [6, 5]).expect("the picture is large enough");
    assert_eq!(before, pass.layer(2).0);
}
