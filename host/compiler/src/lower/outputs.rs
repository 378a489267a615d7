//! The outputs of a network: in which order, by which operator, and what may be left to the board.

use super::fold::point;
use super::layout::Order;
use super::values::{Lowering, Rest};
use crate::graph::{GateFunction, Graph, Operator};
use crate::{Error, Kind};

/// The outputs of a detector that are scores, whose sigmoids its decoder computes.
const SCORES: usize = 6;

/// Makes the values `names` of the file the outputs.
///
/// What is left to do to an output must be what its reader does, and nothing is left out that its reader does:
///
/// | kind | what is left |
/// |---|---|
/// | encoder | a division by the length, if the file ends with it: templates have unit length |
/// | detector | the sigmoids of its scores, the first half of its outputs |
/// | liveness | a softmax, if the file ends with it: the score is one of its shares |
pub fn set<'a>(to: &mut Lowering<'a>, kind: Kind, names: impl Iterator<Item = &'a str>) -> Result<(), Error> {
    for (index, name) in names.enumerate() {
        let refuse = |reason: &str| Error::Invalid { node: name.into(), reason: reason.into() };
        let value = to.value(name).ok_or_else(|| refuse("the output is not computed from the input"))?;
        if to.is_quantized(name) {
            return Err(refuse("the output is in 8 bits; end the network with a DequantizeLinear of it"));
        }
        match (kind, value.rest) {
            (Kind::Detector, Rest::Gate(GateFunction::Sigmoid)) if index < SCORES => {}
            (Kind::Detector, Rest::None) if index < SCORES => {
                let reason =
                    "a score of a detector ends with a sigmoid, which the board computes; this one does not";
                return Err(refuse(reason));
            }
            (_, Rest::None) | (Kind::Encoder, Rest::Normalized) | (Kind::Liveness, Rest::Softmax) => {}
            (Kind::Encoder, _) => {
                return Err(refuse(
                    "an encoder ends with its embedding; the board computes no sigmoid or softmax of it",
                ));
            }
            _ => return Err(refuse("the board computes no such function of this output")),
        }
        if !value.layout.has_order(Order::Pixels, value.shape) {
            return Err(refuse("an output in NCHW order with more than one pixel; transpose it to NHWC"));
        }
        if to.graph.outputs.contains(&value.tensor) {
            return Err(refuse("two outputs are one value"));
        }
        to.graph.outputs.push(value.tensor);
    }
    Ok(())
}

/// Gives every output an operator that can write 16 bits, which only an output is: a scale of one is added where another
/// operator writes it, where an operator reads it, or where the file rounds it to the steps of 8 bits.
pub fn widen(graph: &mut Graph) {
    for index in 0..graph.outputs.len() {
        let output = graph.outputs[index];
        let writer = graph.writer(output).map(|n| &graph.nodes[n].operator);
        let writes = matches!(writer, Some(Operator::Conv(_) | Operator::AveragePool));
        let rounded = graph.ranges.contains_key(&output);
        if !writes || rounded || graph.readers(output).next().is_some() {
            let (name, shape) = (graph.tensors[output].name.clone(), graph.tensors[output].shape);
            graph.outputs[index] = graph.push(&name, point(shape.channels), vec![output], shape);
        }
    }
}
