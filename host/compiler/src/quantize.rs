//! From floats to integers, by the rules of the TFLite int8 specification.

mod domain;
mod fit;
mod network;
mod range;
mod scale;

pub use network::{Network, OperatorKind, QuantizedOperator, QuantizedTensor};
pub use range::RangeRule;

use kernels::weights::{pack, packed_len};
use kernels::{GATE_STEPS, TABLE_STEPS};

use crate::Error;
use crate::graph::{Activation, Conv, Function, GateFunction, Graph, Node, Operator};
use crate::observe::Statistics;
use scale::sum_factors;

/// How ranges are chosen, what is done about the errors, and whether dead channels stay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Method {
    /// What range of an activation the 256 steps cover.
    pub range: RangeRule,
    /// Even out channels first, see [`crate::equalize`].
    pub equalize: bool,
    /// Take the mean error off the biases last, see [`crate::correct`].
    pub correct_bias: bool,
    /// Remove dead channels after that, see [`crate::prune`].
    pub prune: bool,
}

impl Default for Method {
    fn default() -> Self {
        Self { range: RangeRule::MinMax, equalize: true, correct_bias: true, prune: true }
    }
}

/// Quantizes `graph` with the ranges that `statistics` and `method` give.
pub fn quantize(graph: &Graph, statistics: &[Statistics], method: &Method) -> Result<Network, Error> {
    let tensors = tensors(graph, statistics, method);
    let mut network =
        Network { tensors, operators: Vec::new(), outputs: graph.outputs.clone(), removed: Vec::new() };
    for node in &graph.nodes {
        if let (Operator::MaxPool(_) | Operator::Resize2x, input) = (&node.operator, node.inputs[0]) {
            // Nothing is computed here, so the numbers keep their meaning.
            let QuantizedTensor { scale, zero_point, narrowed, .. } = network.tensors[input];
            let output = &mut network.tensors[node.output];
            (output.scale, output.zero_point, output.narrowed) = (scale, zero_point, narrowed);
        }
        let operator = fit::fitted(&mut network, node, |network| match &node.operator {
            Operator::Conv(conv) => convolution(network, node, conv, graph),
            Operator::AveragePool => average(network, node),
            Operator::Add(after) => sum(network, node, after),
            Operator::MaxPool(window) => network::plain(node, OperatorKind::MaxPool, *window),
            Operator::Resize2x => network::plain(node, OperatorKind::Resize2x, kernels::Window::POINT),
            Operator::Gate(function) => gate(network, node, *function),
            Operator::Table(function) => table(network, node, *function),
        });
        if network.tensors[node.output].bytes == 2 && !operator.kind.writes_i16() {
            let reason = "a network's output must come from a convolution or an average".into();
            return Err(Error::Invalid { node: graph.tensors[node.output].name.clone(), reason });
        }
        network.operators.push(operator);
    }
    Ok(network)
}

/// Scale and zero point of every tensor.
fn tensors(graph: &Graph, statistics: &[Statistics], method: &Method) -> Vec<QuantizedTensor> {
    let mut tensors: Vec<QuantizedTensor> = Vec::new();
    for (id, tensor) in graph.tensors.iter().enumerate() {
        let writer = graph.writer(id).map(|n| &graph.nodes[n]);
        let quantized = match writer {
            None if id == Graph::INPUT => QuantizedTensor::input(tensor, graph.preprocessing),
            _ if graph.outputs.contains(&id) => QuantizedTensor::output(tensor, &statistics[id]),
            _ => {
                let chosen = || method.range.choose(&statistics[id]);
                let range = graph.ranges.get(&id).copied().unwrap_or_else(chosen);
                let narrow = domain::narrow(graph, id, range);
                QuantizedTensor { narrowed: narrow != range, ..QuantizedTensor::activation(tensor, narrow) }
            }
        };
        tensors.push(quantized);
    }
    // An output scale that is finer than its accumulators would only have them shifted left.
    for node in &graph.nodes {
        if let Operator::Conv(conv) = &node.operator
            && tensors[node.output].bytes == 2
        {
            let input = tensors[node.inputs[0]].scale;
            let finest = weight_scales(conv, input).into_iter().fold(0.0, f32::max) * input;
            tensors[node.output].coarsen(finest);
        }
    }
    tensors
}

/// One scale a filter: the greatest weight becomes 127, unless the bias would then be too large.
fn weight_scales(conv: &Conv, input: f32) -> Vec<f32> {
    let channels = conv.bias.len();
    let per_filter = conv.weights.len() / channels;
    let mut greatest = vec![0f32; channels];
    for (i, weight) in conv.weights.iter().enumerate() {
        let channel = if conv.depthwise { i % channels } else { i / per_filter };
        greatest[channel] = greatest[channel].max(weight.abs());
    }
    let scales = greatest.iter().zip(&conv.bias);
    scales
        .map(|(w, b)| (w / 127.0).max(b.abs() / (input * (1 << 28) as f32)).max(f32::MIN_POSITIVE))
        .collect()
}

fn convolution(network: &Network, node: &Node, conv: &Conv, graph: &Graph) -> QuantizedOperator {
    let (input, output) = (&network.tensors[node.inputs[0]], &network.tensors[node.output]);
    let channels = conv.bias.len();
    let per_filter = conv.weights.len() / channels;
    let scales = weight_scales(conv, input.scale);
    let mut weights = Vec::with_capacity(conv.weights.len());
    let mut sums = vec![0i64; channels];
    for (i, weight) in conv.weights.iter().enumerate() {
        let channel = if conv.depthwise { i % channels } else { i / per_filter };
        let quantized = (weight / scales[channel]).round().clamp(-127.0, 127.0) as i8;
        sums[channel] += i64::from(quantized);
        weights.push(quantized);
    }
    // Half a step that the input's zero point could not express.
    let rest = if node.inputs[0] == Graph::INPUT {
        f64::from(graph.preprocessing.mean - 128.0) - f64::from(input.zero_point)
    } else {
        0.0
    };
    let channel = |c: usize| {
        let accumulator = f64::from(input.scale) * f64::from(scales[c]);
        let bias = (f64::from(conv.bias[c]) / accumulator - rest * sums[c] as f64).round() as i64
            - i64::from(input.zero_point) * sums[c];
        let bias = bias.clamp(i32::MIN.into(), i32::MAX.into()) as i32;
        let real = accumulator / f64::from(output.scale);
        let slope = match &conv.activation {
            Activation::Prelu(slopes) => f64::from(slopes[c]),
            _ => 1.0,
        };
        scale::channel(bias, real, real * slope)
    };
    if !conv.depthwise {
        let mut packed = vec![0; packed_len(per_filter, channels)];
        pack(&weights, channels, &mut packed);
        weights = packed;
    }
    QuantizedOperator {
        kind: if conv.depthwise { OperatorKind::Depthwise } else { OperatorKind::Dense },
        inputs: node.inputs.clone(),
        output: node.output,
        window: conv.window,
        weights,
        scales: (0..channels).map(channel).collect(),
        table: None,
        prelu: conv.activation.is_prelu(),
        clamp: output.clamp(conv.activation.bounds()),
        factor: [0; 2],
        sum_shift: 0,
        accumulator_scale: scales.iter().map(|scale| scale * input.scale).collect(),
    }
}

fn average(network: &Network, node: &Node) -> QuantizedOperator {
    let (input, output) = (&network.tensors[node.inputs[0]], &network.tensors[node.output]);
    let pixels = input.shape.pixels();
    let real = f64::from(input.scale) / f64::from(output.scale) / pixels as f64;
    let scale = scale::channel(-input.zero_point * pixels as i32, real, real);
    QuantizedOperator {
        scales: vec![scale; input.shape.channels],
        clamp: output.clamp(Activation::Identity.bounds()),
        ..network::plain(node, OperatorKind::AveragePool, kernels::Window::POINT)
    }
}

/// A gate, whose logits become factors by a table: any scale of theirs will do.
fn gate(network: &Network, node: &Node, function: GateFunction) -> QuantizedOperator {
    let [input, logits] = [0, 1].map(|i| &network.tensors[node.inputs[i]]);
    let logit = |step: usize| f64::from(logits.scale) * (step as f64 - 128.0 - f64::from(logits.zero_point));
    // The table holds shares of the greatest factor, which the scale then multiplies by.
    let greatest = match function {
        GateFunction::Sigmoid | GateFunction::Hard { .. } => 1.0,
        GateFunction::Positive => function.of(logit(GATE_STEPS - 1)).max(f64::MIN_POSITIVE.sqrt()),
    };
    let steps = f64::from(network.tensors[node.output].scale) * f64::from(1 << 15);
    let real = f64::from(input.scale) * greatest / steps;
    let factor =
        |step: usize| (f64::from(1 << 15) * function.of(logit(step)) / greatest).round().min(32767.0) as i16;
    QuantizedOperator {
        scales: vec![scale::channel(0, real, real)],
        table: Some(Box::new(std::array::from_fn(factor))),
        ..network::plain(node, OperatorKind::Gate, kernels::Window::POINT)
    }
}

/// A function of each value, by the steps of both tensors.
fn table(network: &Network, node: &Node, function: Function) -> QuantizedOperator {
    let [input, output] = [node.inputs[0], node.output].map(|tensor| &network.tensors[tensor]);
    let entry = |step: i32| {
        let value = f64::from(input.scale) * f64::from(step - 128 - input.zero_point);
        let steps = (function.of(value) / f64::from(output.scale)).round() + f64::from(output.zero_point);
        steps.clamp(-128.0, 127.0) as i8
    };
    QuantizedOperator {
        weights: (0..TABLE_STEPS as i32).map(entry).collect(),
        ..network::plain(node, OperatorKind::Table, kernels::Window::POINT)
    }
}

fn sum(network: &Network, node: &Node, after: &Activation) -> QuantizedOperator {
    let output = &network.tensors[node.output];
    let ratio = |i: usize| f64::from(network.tensors[node.inputs[i]].scale) / f64::from(output.scale);
    let (factor, sum_shift) = sum_factors([ratio(0), ratio(1)]);
    QuantizedOperator {
        factor,
        sum_shift,
        clamp: output.clamp(after.bounds()),
        ..network::plain(node, OperatorKind::Add, kernels::Window::POINT)
    }
}
