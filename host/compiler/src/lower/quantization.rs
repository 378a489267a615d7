//! Networks that were quantized before: `QuantizeLinear` and `DequantizeLinear` around the values in 8 bits.
//!
//! The pair clips a value to what 8 bits write, and rounds it. The float graph has the clip, and the tensor gets the scale and
//! the zero point of the file ([`Graph::ranges`](crate::Graph::ranges)): [`float::run`](crate::float::run) rounds by them, and
//! so does the engine. An output, which has 16 bits, is rounded in a tensor of 8 bits before it.
//!
//! A function that is still to be done to a tensor has no tensor of its own:
//!
//! | what is left to do | the quantization of it |
//! |---|---|
//! | a sigmoid | left out, where it spends all 8 bits on 0 to 1, as the engine does itself; else the sigmoid gets a tensor |
//! | a softmax | left out, where it spends all 8 bits on 0 to 1; else refused |
//! | a division by the length, or the length | refused: a template is rounded by other steps |

use onnx::{Node, Problem, Quantization};

use super::values::{Lowering, Rest, Value};
use crate::graph::{Activation, Conv, Graph, Operator, TensorId};

/// Remembers the scale.
pub fn quantize<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Problem> {
    let quantization = node.quantization(&|index| to.constant(node, index))?;
    let value = to.any_input(node, 0)?;
    to.quantize(node, value, quantization);
    Ok(())
}

/// Gives the value its range, by the operator that writes it where nothing else reads it.
pub fn dequantize<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Problem> {
    let (value, quantization) = to.quantized_input(node)?;
    if node.quantization(&|index| to.constant(node, index))? != quantization {
        return Err(Problem::unsupported("another scale than that of its QuantizeLinear"));
    }
    let range = quantization.range;
    let changes_nothing = match value.rest {
        Rest::None => is_within(&to.graph, value.tensor, quantization),
        // Shares and sigmoids lie between 0 and 1.
        Rest::Gate(_) | Rest::Softmax => keeps([0.0, 1.0], quantization),
        _ => false,
    };
    if changes_nothing {
        to.alias(node, value);
        return Ok(());
    }
    match value.rest {
        Rest::None | Rest::Gate(_) => {
            let value = to.finished(node, 0, value)?;
            clip(to, node, value, range)
        }
        _ => Err(Problem::unsupported(
            "a scale that cuts or rounds what only the reader of an output computes",
        )),
    }
}

/// Whether `quantization` writes all values of `range`, the last step aside, and by steps as fine as 8 bits have for it.
fn keeps(range: [f32; 2], Quantization { step, range: [low, high] }: Quantization) -> bool {
    let fine = step <= (range[1] - range[0]) / 254.0 * (1.0 + 1e-5);
    fine && low - step <= range[0] && range[1] <= high + step
}

/// Whether `tensor` has this range already, or is the input, of whose pixels none is cut or rounded to another.
fn is_within(graph: &Graph, tensor: TensorId, quantization: Quantization) -> bool {
    if tensor == Graph::INPUT {
        let before = graph.preprocessing;
        let ends = [0.0, 255.0].map(|pixel: f32| (pixel - before.mean) * before.scale);
        return keeps([ends[0].min(ends[1]), ends[0].max(ends[1])], quantization);
    }
    if let Some(range) = graph.ranges.get(&tensor) {
        return *range == quantization.range;
    }
    let Some(writer) = graph.writer(tensor) else { return false };
    let node = &graph.nodes[writer];
    match node.operator {
        // They keep their input's scale.
        Operator::MaxPool(_) | Operator::Resize2x => is_within(graph, node.inputs[0], quantization),
        _ => false,
    }
}

/// Clips `value` and gives its tensor the range.
fn clip<'a>(to: &mut Lowering<'a>, node: &Node<'a>, value: Value, range: [f32; 2]) -> Result<(), Problem> {
    let folded = match to.foldable(node, 0, &value) {
        Some(Operator::Conv(Conv { activation, .. }) | Operator::Add(activation)) => {
            let [low, high] = activation.bounds();
            let both = [low.max(range[0]), high.min(range[1])];
            let folds = !activation.is_prelu() && both[0] <= both[1];
            if folds {
                *activation = Activation::Clip(both);
            }
            folds
        }
        _ => false,
    };
    if folded && !to.graph.ranges.contains_key(&value.tensor) {
        to.graph.ranges.insert(value.tensor, range);
        to.alias(node, value);
        return Ok(());
    }
    let channels = value.shape.channels;
    let conv = Conv::point(vec![1.0; channels], vec![0.0; channels], Activation::Clip(range));
    to.push(node, Operator::Conv(conv), vec![value.tensor], value.shape, value.layout);
    to.graph.ranges.insert(to.graph.tensors.len() - 1, range);
    Ok(())
}
