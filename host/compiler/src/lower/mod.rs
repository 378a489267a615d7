//! From ONNX nodes to the operators of the engine.
//!
//! Nodes are taken in the order of the file. A value of the file becomes a `values::Value`: a tensor of
//! the graph, with the dimensions and the order in which the file sees it (`layout`). Batch norms, constants added
//! or multiplied, and activations are folded into the convolution before them where nothing else
//! reads it. Otherwise they become a scale by channel, an operator of its own, and `fold` tries to merge
//! it into the convolutions that follow. What a node means is decoded by [`onnx::layers`].
//!
//! [`Folding::None`] does without all of that, and gives what the fidelity of an image is measured against: a mistake in a fold
//! would otherwise be on both sides.
//!
//! # Invariants
//! - The graph computes what the file says, or the file is refused with the name of the node. An attribute or an input
//!   that no step asks for is refused ([`onnx::Node::finish`]), and so is a constant that varies along anything but
//!   channels ([`onnx::Constant::along`]), and a number that is not finite ([`onnx::Node::has_finite_numbers`]).
//! - An output leaves nothing to do but what its reader does (`outputs::set`).

mod clip;
mod fold;
mod layout;
mod length;
mod nodes;
mod outputs;
mod pointwise;
mod product;
mod quantization;
mod values;

use crate::graph::{Activation, Conv, GateFunction, Graph, Operator, Preprocessing, Tensor};
use crate::{Error, Kind};
use kernels::Shape;
use layout::Layout;
use onnx::Model;
use values::Lowering;

/// Height and width of the input that the file is for; `None` where it leaves one open.
pub fn input_size(model: &Model) -> Result<Option<[usize; 2]>, Error> {
    let (_, _, [_, height, width]) = input(model)?;
    Ok(height.zip(width).map(|(height, width)| [height, width]))
}

/// Batch, whether channels come last, and the sides of the input: channels, height, width.
fn input(model: &Model) -> Result<(usize, bool, [Option<usize>; 3]), Error> {
    let (name, dims) = model.input()?;
    let invalid = |reason: String| Error::Invalid { node: name.into(), reason };
    let [batch, a, b, c] = dims[..] else {
        return Err(invalid(format!("the input has {} dimensions; NCHW is expected", dims.len())));
    };
    let is_colours = |side: Option<usize>| matches!(side, Some(1 | 3));
    let last = is_colours(c) && !is_colours(a);
    let sides = if last { [c, a, b] } else { [a, b, c] };
    Ok((batch.unwrap_or(1), last, sides))
}

/// The most values of a tensor: in 8 bits they fill more than any board's memory many times.
const MOST_VALUES: usize = 1 << 28;

/// Whether a tensor has values, and not too many.
fn has_size(shape: Shape) -> bool {
    let values = shape.height.checked_mul(shape.width).and_then(|pixels| pixels.checked_mul(shape.channels));
    values.is_some_and(|values| (1..=MOST_VALUES).contains(&values))
}

/// Whether all numbers of an operator are; a bound may be infinite.
fn is_finite(operator: &Operator) -> bool {
    let activation = match operator {
        Operator::Conv(Conv { activation, .. }) | Operator::Add(activation) => activation,
        _ => &Activation::Identity,
    };
    let gate = |gate: &GateFunction| match gate {
        GateFunction::Sigmoid | GateFunction::Positive => true,
        GateFunction::Hard { slope, offset } => slope.is_finite() && offset.is_finite(),
    };
    let sound = match operator {
        Operator::Conv(conv) => conv.weights.iter().chain(&conv.bias).all(|number| number.is_finite()),
        Operator::Gate(function) => gate(function),
        Operator::Table(function) => gate(&function.gate) && function.factor.is_finite(),
        _ => true,
    };
    sound
        && match activation {
            Activation::Prelu(slopes) => slopes.iter().all(|slope| slope.is_finite()),
            Activation::Clip(bounds) => !bounds.iter().any(|bound| bound.is_nan()),
            Activation::Identity | Activation::Relu => true,
        }
}

/// Whether operators are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folding {
    /// As the engine runs them.
    Engine,
    /// Not at all: what each node of the file says by itself. The image is measured against this.
    None,
}

/// Builds the float graph of `model`.
pub fn lower(
    model: &Model,
    kind: Kind,
    preprocessing: Preprocessing,
    size: Option<[usize; 2]>,
    folding: Folding,
) -> Result<Graph, Error> {
    let (batch, last, [channels, height, width]) = input(model)?;
    let (name, _) = model.input()?;
    let invalid = |reason: String| Error::Invalid { node: name.into(), reason };
    let [height, width] = match (size, height, width) {
        (Some(size), ..) => size,
        (None, Some(height), Some(width)) => [height, width],
        _ => return Err(invalid("the file leaves the size of the input open; give it".into())),
    };
    let Preprocessing { mean, scale, .. } = preprocessing;
    if !(0.0..=255.0).contains(&mean) || !scale.is_normal() || scale < 0.0 {
        let reason = format!(
            "pixels less {mean}, times {scale}: the mean must be from 0 to 255, and the factor positive"
        );
        return Err(invalid(reason));
    }
    let channels = channels.ok_or_else(|| invalid("the number of channels is open".into()))?;
    let shape = Shape::new(height, width, channels);
    if !has_size(shape) {
        return Err(invalid(format!("an input of {width}x{height} pixels is too large or empty")));
    }
    let graph = Graph {
        tensors: vec![Tensor { name: name.into(), shape }],
        nodes: Vec::new(),
        outputs: Vec::new(),
        preprocessing,
        ranges: std::collections::BTreeMap::new(),
    };
    let file = model.whole();
    let layout = if last { Layout::pixels(batch, shape) } else { Layout::map(batch, shape) };
    let mut lowering = Lowering::new(graph, name, layout, &file, folding == Folding::Engine);
    for node in &file.nodes {
        nodes::lower(&mut lowering, node)?;
        if let Some(tensor) = lowering.graph.tensors.last().filter(|tensor| !has_size(tensor.shape)) {
            let reason = format!("its output of {} is too large or empty", tensor.shape);
            return Err(Error::Invalid { node: tensor.name.clone(), reason });
        }
    }
    outputs::set(&mut lowering, kind, model.outputs())?;
    let mut graph = lowering.graph;
    fold::remove_unread(&mut graph);
    if folding == Folding::Engine {
        outputs::widen(&mut graph);
        fold::scales_forward(&mut graph);
    }
    match (preprocessing.bgr, folding) {
        (true, Folding::Engine) => fold::swap_colours(&mut graph)?,
        (true, Folding::None) => fold::put_colours_in_order(&mut graph),
        (false, _) => {}
    }
    // Each constant was finite; a product of two need not be.
    let Preprocessing { mean, scale, .. } = graph.preprocessing;
    if !mean.is_finite() || !scale.is_normal() {
        return Err(Error::Invalid {
            node: name.into(),
            reason: "its pixels become too large or too small".into(),
        });
    }
    match graph.nodes.iter().find(|node| !is_finite(&node.operator)) {
        Some(node) => {
            let node = graph.tensors[node.output].name.clone();
            Err(Error::Invalid { node, reason: "its weights are too large to be folded".into() })
        }
        None => Ok(graph),
    }
}
