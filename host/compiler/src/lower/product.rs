//! Products of two computed values: a gate, or a function of one value that the file writes as several nodes.
//!
//! | the file | becomes |
//! |---|---|
//! | `x * Sigmoid(x)`, `x * HardSigmoid(x)` | a table: SiLU and hard swish |
//! | `x * Clip(x * a + b, 0, c)`, the clip scaled or not | a table: hard swish before opset 14 |
//! | a map times the sigmoid of one value a channel | a gate |
//! | a map times one value a channel that lies between 0 and a bound | a gate, scaled |
//! | a map times one value a channel that is never negative | a gate: beyond the greatest value of the samples it saturates, as each tensor |

use onnx::{Node, Problem};

use super::length;
use super::pointwise::{is_uniform, scale_channels};
use super::values::{Lowering, Rest, Value};
use crate::graph::{Activation, Conv, Function, GateFunction, Graph, Operator, TensorId};

/// `Mul` of two computed values.
pub fn product<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Problem> {
    let (a, b) = factors(to, node)?;
    if let Some(value) = length::product(&a, &b) {
        to.alias(node, value);
        return Ok(());
    }
    for (value, other) in [(&a, &b), (&b, &a)] {
        if let (Rest::None, Some(function)) = (value.rest, function_of(&to.graph, value, other)) {
            let input = value.clone();
            to.push(node, Operator::Table(function), vec![input.tensor], input.shape, input.layout);
            return Ok(());
        }
    }
    for (index, map, logits) in [(0, &a, &b), (1, &b, &a)] {
        if !matches!(map.rest, Rest::None | Rest::Gate(_)) || !repeats(to, map, logits)? {
            continue;
        }
        let (function, greatest) = match logits.rest {
            Rest::Gate(function) => (function, 1.0),
            Rest::None => match greatest(&to.graph, logits.tensor) {
                Some(greatest) => (GateFunction::Hard { slope: 1.0 / greatest, offset: 0.0 }, greatest),
                None if is_positive(&to.graph, logits.tensor) => (GateFunction::Positive, 1.0),
                None => continue,
            },
            _ => continue,
        };
        let map = to.input(node, index)?;
        let inputs = vec![map.tensor, logits.tensor];
        to.push(node, Operator::Gate(function), inputs, map.shape, map.layout.clone());
        if greatest != 1.0 {
            let tensor = to.graph.tensors.len() - 1;
            let channels = map.shape.channels;
            let by = [vec![greatest; channels], vec![0.0; channels]];
            scale_channels(to, node, 0, Value { tensor, ..map }, by);
        }
        return Ok(());
    }
    Err(Problem::unsupported(
        "a product of two computed values is taken only where one is a gate: one value a channel, and that never \
         negative: a sigmoid, a Relu, or a Clip whose lower end is zero or more; or where a value is multiplied by its own sigmoid",
    ))
}

/// Both factors; of one that an `Expand` repeated to the dimensions of the other, what it repeated.
fn factors<'a>(to: &Lowering<'a>, node: &Node<'a>) -> Result<(Value, Value), Problem> {
    if to.is_expanded(node, 0) {
        let b = to.any_input(node, 1)?;
        return Ok((to.repeated_input(node, 0, &b.layout.dims)?, b));
    }
    let a = to.any_input(node, 0)?;
    let b = to.repeated_input(node, 1, &a.layout.dims)?;
    Ok((a, b))
}

/// Whether `logits` has one value a channel of `map`, which is repeated over the pixels and nothing else.
fn repeats(to: &Lowering, map: &Value, logits: &Value) -> Result<bool, Problem> {
    let mut wanted = vec![1; map.layout.dims.len()];
    wanted[0] = to.batch;
    let axis = map.channels()?;
    wanted[axis.index] = axis.length;
    let is_row = logits.layout.dims == wanted && logits.shape.channels == axis.length;
    Ok(is_row && map.tensor != logits.tensor)
}

/// What `value * other` is, where `other` is a function of `value`, value by value.
fn function_of(graph: &Graph, value: &Value, other: &Value) -> Option<Function> {
    let same_order =
        value.layout.order == other.layout.order || value.layout.has_order(other.layout.order, value.shape);
    if value.layout.dims != other.layout.dims || value.shape != other.shape || !same_order {
        return None;
    }
    let (gate, factor) = match other.rest {
        Rest::Gate(gate) if value.tensor == other.tensor => (gate, 1.0),
        Rest::None => clipped(graph, value.tensor, other.tensor)?,
        _ => return None,
    };
    Some(Function { gate, factor, times_value: true })
}

/// `y` as a hard sigmoid of `x`, and a factor, where it is a line of `x`, clipped to no less than zero, and scaled.
fn clipped(graph: &Graph, x: TensorId, y: TensorId) -> Option<(GateFunction, f32)> {
    let (input, [scale, offset], activation) = line(graph, y)?;
    match *activation {
        Activation::Clip([0.0, high]) if high > 0.0 => {
            let [before, summand] = between(graph, x, input)?;
            let (slope, offset) = (before * scale / high, (summand * scale + offset) / high);
            Some((GateFunction::Hard { slope, offset }, high))
        }
        Activation::Identity if offset == 0.0 && scale > 0.0 => {
            let (gate, factor) = clipped(graph, x, input)?;
            Some((gate, factor * scale))
        }
        _ => None,
    }
}

/// Factor and summand of `y`, where it is a line of `x` by one or more operators.
fn between(graph: &Graph, x: TensorId, y: TensorId) -> Option<[f32; 2]> {
    if x == y {
        return Some([1.0, 0.0]);
    }
    let (input, [scale, offset], activation) = line(graph, y)?;
    let [before, summand] = between(graph, x, input)?;
    (*activation == Activation::Identity).then_some([before * scale, summand * scale + offset])
}

/// The upper bound of `tensor`, where it is never negative and has one.
fn greatest(graph: &Graph, tensor: TensorId) -> Option<f32> {
    let Operator::Conv(conv) = &graph.nodes[graph.writer(tensor)?].operator else { return None };
    match conv.activation {
        Activation::Clip([low, high]) if low >= 0.0 && high > 0.0 && high.is_finite() => Some(high),
        Activation::Identity => {
            let (input, [scale, offset], _) = line(graph, tensor)?;
            (offset == 0.0 && scale > 0.0).then_some(scale * greatest(graph, input)?)
        }
        _ => None,
    }
}

/// Whether no value of `tensor` can be negative: it is written by a Relu, or by a Clip from zero or more.
fn is_positive(graph: &Graph, tensor: TensorId) -> bool {
    let Some(writer) = graph.writer(tensor) else { return false };
    match &graph.nodes[writer].operator {
        Operator::Conv(Conv { activation: Activation::Identity, .. }) => {
            line(graph, tensor).is_some_and(|(input, [scale, offset], _)| {
                scale >= 0.0 && offset >= 0.0 && is_positive(graph, input)
            })
        }
        Operator::Conv(Conv { activation, .. }) | Operator::Add(activation) => activation.bounds()[0] >= 0.0,
        _ => false,
    }
}

/// The tensor that `tensor` is a line of, the same for all channels: its factor and its summand, and what follows them.
///
/// What the file rounds is a staircase, not a line.
fn line(graph: &Graph, tensor: TensorId) -> Option<(TensorId, [f32; 2], &Activation)> {
    if graph.ranges.contains_key(&tensor) {
        return None;
    }
    let node = &graph.nodes[graph.writer(tensor)?];
    let Operator::Conv(Conv { window, depthwise: true, weights, bias, activation }) = &node.operator else {
        return None;
    };
    let plain = window.is_point() && is_uniform(weights) && is_uniform(bias);
    plain.then(|| (node.inputs[0], [weights[0], bias[0]], activation))
}
