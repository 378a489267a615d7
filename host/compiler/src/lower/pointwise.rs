//! Nodes that treat every value, or every channel, by itself: scales, activations, sums.

use onnx::{Node, Problem};

use super::clip::bounds;
use super::length;
use super::values::{Lowering, Rest, Value};
use crate::graph::{Activation, Conv, Function, GateFunction, Graph, Operator};

/// A batch normalisation, whose channels are always the second dimension.
pub fn batch_normalization<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Problem> {
    let input = to.input(node, 0)?;
    if input.channels()?.index != 1 {
        return Err(Problem::unsupported("its channels are not the second dimension"));
    }
    let norm = node.normalization(input.shape.channels)?;
    scale_channels(to, node, 0, input, norm.scale_and_shift());
    Ok(())
}

/// Adds, subtracts, multiplies or divides by a constant, one number or one a channel.
pub fn arithmetic<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Problem> {
    let operand = node.computed_operand().unwrap_or(0);
    let mut input = to.any_input(node, operand)?;
    if input.rest.is_length() {
        return length::guard(to, node, input);
    }
    input = to.input(node, operand)?;
    let by = node.arithmetic(input.axis_for(node.constant(1 - operand))?)?;
    if to.folds && input.tensor == Graph::INPUT && to.is_read_once(node, operand) {
        let before = &mut to.graph.preprocessing;
        if by.join_preparation(&mut before.mean, &mut before.scale) {
            to.alias(node, input);
            return Ok(());
        }
    }
    scale_channels(to, node, operand, input, [by.scale, by.shift]);
    Ok(())
}

/// Multiplies every channel by its scale and adds its offset.
pub fn scale_channels<'a>(
    to: &mut Lowering<'a>,
    node: &Node<'a>,
    operand: usize,
    input: Value,
    [scale, offset]: [Vec<f32>; 2],
) {
    match to.foldable(node, operand, &input) {
        Some(Operator::Conv(conv)) if conv.activation == Activation::Identity => {
            conv.scale_outputs(&scale, &offset);
            to.alias(node, input);
            return;
        }
        Some(Operator::Table(function)) if offset.iter().all(|&by| by == 0.0) && is_uniform(&scale) => {
            function.factor *= scale[0];
            to.alias(node, input);
            return;
        }
        _ => {}
    }
    let conv = Conv::point(scale, offset, Activation::Identity);
    to.push(node, Operator::Conv(conv), vec![input.tensor], input.shape, input.layout);
}

/// Whether all of at least one value are the same.
pub fn is_uniform(values: &[f32]) -> bool {
    values.first().is_some_and(|first| values.iter().all(|value| value == first))
}

/// `HardSwish`: a value times its hard sigmoid.
pub fn hard_swish<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Problem> {
    let input = to.input(node, 0)?;
    let gate = GateFunction::Hard { slope: 1.0 / 6.0, offset: 0.5 };
    let function = Function { gate, factor: 1.0, times_value: true };
    to.push(node, Operator::Table(function), vec![input.tensor], input.shape, input.layout);
    Ok(())
}

/// `Relu`, `PRelu`, `LeakyRelu` and `Clip`.
pub fn activation<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Problem> {
    let clip = node.operator() == "Clip";
    let input = to.any_input(node, 0)?;
    if clip && input.rest.is_length() {
        return length::guard(to, node, input);
    }
    let input = to.input(node, 0)?;
    let activation = match node.operator() {
        "Clip" => bounds(to, node)?,
        "PRelu" | "LeakyRelu" => {
            let axis = input.axis_for(node.constant(1))?;
            Activation::Prelu(node.slopes(axis)?.unwrap_or_default())
        }
        _ => Activation::Relu,
    };
    match to.foldable(node, 0, &input) {
        Some(Operator::Conv(conv)) if conv.activation.is_followed_by(&activation) => {
            conv.activation = activation;
        }
        Some(Operator::Add(after)) if after.is_followed_by(&activation) && !activation.is_prelu() => {
            *after = activation;
        }
        _ => {
            let channels = input.shape.channels;
            let conv = Conv::point(vec![1.0; channels], vec![0.0; channels], activation);
            to.push(node, Operator::Conv(conv), vec![input.tensor], input.shape, input.layout);
            return Ok(());
        }
    }
    to.alias(node, input);
    Ok(())
}

/// A sum of two values of the same dimensions.
pub fn add<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Problem> {
    let (a, b) = (to.input(node, 0)?, to.input(node, 1)?);
    let same_order = a.layout.order == b.layout.order || a.layout.has_order(b.layout.order, a.shape);
    if a.shape != b.shape || a.layout.dims != b.layout.dims || !same_order {
        let reason = format!("its inputs have the dimensions {:?} and {:?}", a.layout.dims, b.layout.dims);
        return Err(Problem::Unsupported(reason));
    }
    let layout = a.layout.clone();
    to.push(node, Operator::Add(Activation::Identity), vec![a.tensor, b.tensor], a.shape, layout);
    Ok(())
}

/// A sigmoid, which a gate, a table or the reader of an output computes.
pub fn sigmoid<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Problem> {
    let function = match node.operator() {
        "HardSigmoid" => GateFunction::Hard {
            slope: node.float("alpha").unwrap_or(0.2),
            offset: node.float("beta").unwrap_or(0.5),
        },
        _ => GateFunction::Sigmoid,
    };
    let value = to.input(node, 0)?;
    to.alias(node, Value { rest: Rest::Gate(function), ..value });
    Ok(())
}

/// A softmax over all values of a row.
pub fn softmax<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Problem> {
    let value = to.input(node, 0)?;
    let dims = &value.layout.dims;
    // Before opset 13 the axis is 1 where nothing is said, and then the last one: the same for a row.
    let axis = node.int("axis").unwrap_or(-1);
    if dims.len() != 2 || dims[1] != value.shape.len() || !matches!(axis, 1 | -1) {
        return Err(Problem::unsupported("only over the values of one row"));
    }
    to.alias(node, Value { rest: Rest::Softmax, ..value });
    Ok(())
}
