//! Dead channels out of the integer network, exactly: every output keeps its bytes.
//!
//! A trained network may hold channels that cannot matter. Two kinds are found:
//!
//! | kind | how it is seen | what is done |
//! |---|---|---|
//! | constant | all weights of its filter are zero, so that it has one value for every input | its products go to the biases of the dense convolutions that read it |
//! | unread | every dense convolution that reads it has a zero weight for it | it is removed |
//!
//! The first makes channels of the second kind. Some operators keep channels apart (depthwise convolutions, sums,
//! pooling, resizing, gates): they tie the channels of their inputs to those of their output, and tied tensors lose a
//! channel together or not at all. A removed channel may leave another one unread before it, so both steps repeat until nothing
//! changes.
//!
//! # Invariants
//! - A constant behind padding is folded only if the padding has the same value. Elsewhere the sum differs at the edges.
//! - The kernels are fastest on whole pieces of [`PIECE`] channels. A tensor that had whole pieces keeps whole pieces: up to
//!   15 unread channels stay where they fill the last one.
//! - The network's input and outputs keep their shapes.

use std::collections::BTreeMap;

use kernels::weights::{PIECE, pack, packed_len, row_len};
use kernels::{OutputStage, Scale};
use nn::format::RemovedRecord;

use crate::graph::TensorId;
use crate::quantize::{Network, OperatorKind, QuantizedOperator};

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Channels, a group of tied tensors counted once.
    pub channels: usize,
    /// Multiply-adds of one inference.
    pub multiply_adds: usize,
    /// Weights.
    pub weights: usize,
}

/// Removes the dead channels of `network`, and records what it removed from each operator.
pub fn prune(network: &mut Network) -> Removed {
    let before = (multiply_adds(network), weights(network));
    let sides_before: Vec<[usize; 2]> = network.operators.iter().map(|it| sides(network, it)).collect();
    let mut folded_into = vec![0; network.operators.len()];
    let mut channels = 0;
    loop {
        let folded = fold_constants(network, &mut folded_into);
        let removed = remove_unread(network);
        channels += removed;
        if folded == 0 && removed == 0 {
            break;
        }
    }
    let records = network.operators.iter().zip(sides_before).zip(folded_into).enumerate();
    let records = records.filter(|(_, ((operator, _), _))| is_convolution(operator)).map(
        |(number, ((operator, before), folded))| {
            let [channels, filters] = sides(network, operator);
            RemovedRecord {
                operator: number as u32,
                filters: (before[1] - filters) as u32,
                channels: (before[0] - channels) as u32,
                folded,
            }
        },
    );
    network.removed = records.filter(|it| it.filters + it.channels + it.folded > 0).collect();
    Removed {
        channels,
        multiply_adds: before.0 - multiply_adds(network),
        weights: before.1 - weights(network),
    }
}

/// Channels of an operator's input and output.
fn sides(network: &Network, operator: &QuantizedOperator) -> [usize; 2] {
    [operator.inputs[0], operator.output].map(|tensor| network.tensors[tensor].shape.channels)
}

/// Products of one inference.
fn multiply_adds(network: &Network) -> usize {
    let of = |operator: &QuantizedOperator| {
        let pixels = network.tensors[operator.output].shape.pixels();
        pixels * operator.scales.len() * depth(network, operator)
    };
    network.operators.iter().filter(|operator| is_convolution(operator)).map(of).sum()
}

fn weights(network: &Network) -> usize {
    network.operators.iter().map(|operator| operator.scales.len() * depth(network, operator)).sum()
}

fn is_convolution(operator: &QuantizedOperator) -> bool {
    matches!(operator.kind, OperatorKind::Dense | OperatorKind::Depthwise)
}

/// Weights of a filter; none for an operator without weights.
fn depth(network: &Network, operator: &QuantizedOperator) -> usize {
    let taps = operator.window.kernel[0] * operator.window.kernel[1];
    match operator.kind {
        OperatorKind::Dense => taps * network.tensors[operator.inputs[0]].shape.channels,
        OperatorKind::Depthwise => taps,
        _ => 0,
    }
}

/// Place of weight `index` of `filter` in a dense convolution's packed weights, or in a depthwise one's.
fn place(operator: &QuantizedOperator, filter: usize, index: usize) -> usize {
    let filters = operator.scales.len();
    match operator.kind {
        OperatorKind::Depthwise => index * filters + filter,
        _ => index / PIECE * row_len(filters) + filter * PIECE + index % PIECE,
    }
}

/// Whether the operator gives the same value everywhere in `channel`, whatever its input.
fn is_constant(network: &Network, operator: &QuantizedOperator, channel: usize) -> bool {
    is_convolution(operator)
        && (0..depth(network, operator)).all(|index| operator.weights[place(operator, channel, index)] == 0)
}

/// Folds constant channels into the biases of their readers, and counts them for each reader; how many columns of weights
/// became zero.
fn fold_constants(network: &mut Network, into: &mut [u32]) -> usize {
    let mut folded = 0;
    for writer in 0..network.operators.len() {
        let operator = &network.operators[writer];
        let output = operator.output;
        if network.tensors[output].bytes != 1 || network.outputs.contains(&output) {
            continue;
        }
        let constants: Vec<(usize, i32)> = (0..operator.scales.len())
            .filter(|&channel| is_constant(network, operator, channel))
            .map(|channel| (channel, value(network, operator, channel)))
            .collect();
        for (reader, into) in into.iter_mut().enumerate() {
            let operator = &network.operators[reader];
            if operator.kind == OperatorKind::Dense && operator.inputs[0] == output {
                let done = constants
                    .iter()
                    .filter(|(channel, value)| fold(network, reader, *channel, *value))
                    .count();
                *into += done as u32;
                folded += done;
            }
        }
    }
    folded
}

/// What a constant channel holds.
fn value(network: &Network, operator: &QuantizedOperator, channel: usize) -> i32 {
    let stage = OutputStage {
        scales: &operator.scales,
        prelu: operator.prelu,
        zero_point: network.tensors[operator.output].zero_point,
        min: operator.clamp[0].into(),
        max: operator.clamp[1].into(),
    };
    stage.apply(channel, 0)
}

/// Moves what input `channel` of constant `value` contributes to the biases of a dense convolution. Returns whether it
/// did: not behind padding of another value, and not where a bias would overflow.
fn fold(network: &mut Network, reader: usize, channel: usize, value: i32) -> bool {
    let operator = &network.operators[reader];
    let input = &network.tensors[operator.inputs[0]];
    let channels = input.shape.channels;
    if value != input.zero_point && reaches_outside(network, operator) {
        return false;
    }
    let taps: Vec<usize> =
        (0..depth(network, operator) / channels).map(|tap| tap * channels + channel).collect();
    let mut is_read = false;
    let mut biases = Vec::with_capacity(operator.scales.len());
    for (filter, scale) in operator.scales.iter().enumerate() {
        let weights = taps.iter().map(|&index| i32::from(operator.weights[place(operator, filter, index)]));
        is_read |= weights.clone().any(|weight| weight != 0);
        let Some(bias) = scale.bias.checked_add(value * weights.sum::<i32>()) else { return false };
        biases.push(bias);
    }
    if is_read {
        let operator = &mut network.operators[reader];
        for (filter, bias) in biases.into_iter().enumerate() {
            operator.scales[filter].bias = bias;
            for &index in &taps {
                let at = place(operator, filter, index);
                operator.weights[at] = 0;
            }
        }
    }
    is_read
}

/// Whether a window of the operator reaches over an edge of its input.
fn reaches_outside(network: &Network, operator: &QuantizedOperator) -> bool {
    let (input, output) = (network.tensors[operator.inputs[0]].shape, network.tensors[operator.output].shape);
    let over = |input: usize, output: usize, axis: usize| {
        let window = operator.window;
        window.pad[axis] > 0 || (output - 1) * window.stride[axis] + window.kernel[axis] > input
    };
    over(input.height, output.height, 0) || over(input.width, output.width, 1)
}

/// Removes channels that nothing reads; how many.
fn remove_unread(network: &mut Network) -> usize {
    let mut groups: BTreeMap<TensorId, Vec<TensorId>> = BTreeMap::new();
    let roots = ties(network);
    let is_used = |tensor: TensorId| {
        network
            .operators
            .iter()
            .any(|operator| operator.output == tensor || operator.inputs.contains(&tensor))
    };
    for tensor in (0..network.tensors.len()).filter(|&tensor| is_used(tensor)) {
        groups.entry(roots[tensor]).or_default().push(tensor);
    }
    let mut removed = 0;
    for tensors in groups.into_values() {
        let keeps_shape = |tensor: &TensorId| *tensor == 0 || network.outputs.contains(tensor);
        if tensors.iter().any(keeps_shape) {
            continue;
        }
        let kept = kept_channels(network, &tensors);
        let channels = network.tensors[tensors[0]].shape.channels;
        if kept.len() < channels {
            removed += channels - kept.len();
            keep(network, &tensors, &kept);
        }
    }
    removed
}

/// For each tensor the lowest tensor to which channelwise operators tie it.
fn ties(network: &Network) -> Vec<TensorId> {
    let mut roots: Vec<TensorId> = (0..network.tensors.len()).collect();
    for operator in network.operators.iter().filter(|operator| operator.kind != OperatorKind::Dense) {
        for &input in &operator.inputs {
            let (a, b) = (roots[input], roots[operator.output]);
            roots.iter_mut().filter(|root| **root == a.max(b)).for_each(|root| *root = a.min(b));
        }
    }
    roots
}

/// The channels of tied `tensors` that some dense convolution reads, filled up to whole pieces where there were such.
fn kept_channels(network: &Network, tensors: &[TensorId]) -> Vec<usize> {
    let channels = network.tensors[tensors[0]].shape.channels;
    let mut is_read = vec![false; channels];
    for operator in &network.operators {
        if operator.kind != OperatorKind::Dense || !tensors.contains(&operator.inputs[0]) {
            continue;
        }
        for filter in 0..operator.scales.len() {
            for index in 0..depth(network, operator) {
                is_read[index % channels] |= operator.weights[place(operator, filter, index)] != 0;
            }
        }
    }
    let read = is_read.iter().filter(|is_read| **is_read).count().max(1);
    let wanted = if channels.is_multiple_of(PIECE) { read.next_multiple_of(PIECE) } else { read };
    let mut spare = wanted - is_read.iter().filter(|is_read| **is_read).count();
    for is_read in is_read.iter_mut().filter(|is_read| !**is_read) {
        if spare > 0 {
            *is_read = true;
            spare -= 1;
        }
    }
    (0..channels).filter(|&channel| is_read[channel]).collect()
}

/// Cuts the operators that read or write `tensors` down to the channels `kept`.
fn keep(network: &mut Network, tensors: &[TensorId], kept: &[usize]) {
    for n in 0..network.operators.len() {
        let operator = &network.operators[n];
        if !is_convolution(operator) && operator.kind != OperatorKind::AveragePool {
            continue;
        }
        let reads = tensors.contains(&operator.inputs[0]);
        let writes = tensors.contains(&operator.output);
        if !reads && !writes {
            continue;
        }
        let channels = network.tensors[operator.inputs[0]].shape.channels;
        let indices: Vec<usize> = (0..depth(network, operator))
            .filter(|index| {
                operator.kind != OperatorKind::Dense || !reads || kept.contains(&(index % channels))
            })
            .collect();
        let all: Vec<usize> = (0..operator.scales.len()).collect();
        let filters = if writes { kept } else { &all };
        network.operators[n] = cut(operator, filters, &indices);
    }
    for &tensor in tensors {
        network.tensors[tensor].shape.channels = kept.len();
    }
}

/// The operator with these of its filters alone, and in each filter with these weights alone.
fn cut(operator: &QuantizedOperator, filters: &[usize], indices: &[usize]) -> QuantizedOperator {
    let scales: Vec<Scale> = filters.iter().map(|&filter| operator.scales[filter]).collect();
    let weight = |filter: usize, index: usize| operator.weights[place(operator, filter, index)];
    let weights = match operator.kind {
        OperatorKind::Dense => {
            let rows: Vec<i8> = filters
                .iter()
                .flat_map(|&filter| indices.iter().map(move |&index| (filter, index)))
                .map(|(filter, index)| weight(filter, index))
                .collect();
            let mut packed = vec![0; packed_len(indices.len(), filters.len())];
            pack(&rows, filters.len(), &mut packed);
            packed
        }
        _ => indices
            .iter()
            .flat_map(|&index| filters.iter().map(move |&filter| (filter, index)))
            .map(|(filter, index)| weight(filter, index))
            .collect(),
    };
    let pick = |values: &[f32]| filters.iter().filter_map(|&filter| values.get(filter).copied()).collect();
    QuantizedOperator {
        accumulator_scale: pick(&operator.accumulator_scale),
        scales,
        weights,
        ..operator.clone()
    }
}
