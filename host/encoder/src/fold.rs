//! From a network with batch norms to the one that the board runs, with its rounding.
//!
//! Batch norms become part of the convolutions before them; after each sum, its activation included,
//! comes a [`Round`](crate::graph::Operator::Round), as the engine stores its tensors. The last one, the
//! embedding, has 16 bits there and is left alone. A normalisation that follows no convolution becomes
//! one of a single pixel, a filter a channel.

use autodiff::{Parameter, Role, Window};

use crate::build::Builder;
use crate::graph::{Activation, Graph, Node, Normalization, Operator, ParameterId, ValueId};

/// The network with its batch norms folded, by their running statistics, and its rounding; every range is
/// still nothing. Beside it, for each of its nodes, the one that it comes from.
pub fn fold(graph: &Graph) -> Result<(Graph, Vec<usize>), String> {
    let mut folding = Folding {
        from: graph,
        to: Builder::new(graph.input, graph.preprocessing),
        values: vec![0],
        origins: Vec::new(),
    };
    for number in 0..graph.nodes.len() {
        folding.node(number)?;
    }
    Ok((folding.to.finish(), folding.origins))
}

struct Folding<'a> {
    from: &'a Graph,
    to: Builder,
    /// The new number of each old value.
    values: Vec<ValueId>,
    origins: Vec<usize>,
}

impl Folding<'_> {
    fn node(&mut self, number: usize) -> Result<(), String> {
        let from = self.from;
        let node = &from.nodes[number];
        let mut inputs: Vec<ValueId> = node.inputs.iter().map(|&input| self.values[input]).collect();
        let value = match &node.operator {
            Operator::Convolution { window, depthwise, weights, bias } => {
                let after = self.only_reader(number).map(|reader| &from.nodes[reader].operator);
                // What scales the sums comes into the weights; the norm itself then has nothing to do.
                let [scale, shift] = match after {
                    Some(Operator::Normalize(by, _)) => affine(from, by),
                    _ => [vec![1.0; node.shape.channels], vec![0.0; node.shape.channels]],
                };
                let mut folded = from.parameters[*weights].clone();
                let outputs = node.shape.channels;
                folded.values.iter_mut().enumerate().for_each(|(n, weight)| *weight *= scale[n % outputs]);
                let old = bias.map_or_else(|| vec![0.0; outputs], |bias| from.values(bias).to_vec());
                let values = old.iter().zip(&scale).zip(&shift).map(|((b, s), o)| b * s + o).collect();
                let bias = Parameter { name: format!("{}.bias", node.name), role: Role::Other, values };
                self.convolution(number, &node.name, *window, *depthwise, [folded, bias], inputs)?
            }
            Operator::Normalize(by, activation) => {
                let writer = node.inputs[0].checked_sub(1);
                let folded = writer.is_some_and(|writer| {
                    matches!(from.nodes[writer].operator, Operator::Convolution { .. })
                        && self.only_reader(writer) == Some(number)
                });
                if !folded {
                    let [scale, shift] = affine(from, by);
                    let name = |part: &str| format!("{}.{part}", node.name);
                    let weights = Parameter { name: name("weight"), role: Role::Other, values: scale };
                    let bias = Parameter { name: name("bias"), role: Role::Other, values: shift };
                    let window = Window::POINT;
                    let value =
                        self.convolution(number, &node.name, window, true, [weights, bias], inputs)?;
                    inputs = vec![value];
                }
                match activation {
                    Activation::Identity => inputs[0],
                    activation => {
                        let name = format!("{}.activation", node.name);
                        let operator = Operator::Activate(self.activation(*activation));
                        self.push(number, &name, operator, inputs)?
                    }
                }
            }
            Operator::Activate(activation) => {
                let operator = Operator::Activate(self.activation(*activation));
                self.push(number, &node.name, operator, inputs)?
            }
            other => self.push(number, &node.name, other.clone(), inputs)?,
        };
        let value = if self.is_stored(number) { self.round(number, value)? } else { value };
        self.values.push(value);
        Ok(())
    }

    /// Whether the engine stores what this node gives in bytes that are not its input's already.
    fn is_stored(&self, number: usize) -> bool {
        let sums = |node: &Node| {
            matches!(
                node.operator,
                Operator::Convolution { .. }
                    | Operator::Normalize(..)
                    | Operator::Activate(_)
                    | Operator::Add
                    | Operator::AveragePool
            )
        };
        // What only a norm or an activation reads is part of it.
        let continues = self.only_reader(number).is_some_and(|reader| {
            matches!(self.from.nodes[reader].operator, Operator::Normalize(..) | Operator::Activate(_))
                && !matches!(self.from.nodes[number].operator, Operator::Activate(_))
                && !matches!(&self.from.nodes[number].operator, Operator::Normalize(_, a) if *a != Activation::Identity)
        });
        let last = number + 1 == self.from.nodes.len();
        sums(&self.from.nodes[number]) && !continues && !last
    }

    /// The node that alone reads what `number` gives.
    fn only_reader(&self, number: usize) -> Option<usize> {
        let mut readers =
            (0..self.from.nodes.len()).filter(|&n| self.from.nodes[n].inputs.contains(&(number + 1)));
        match (readers.next(), readers.next()) {
            (Some(reader), None) => Some(reader),
            _ => None,
        }
    }

    fn activation(&mut self, activation: Activation) -> Activation {
        match activation {
            Activation::Prelu(slopes) => Activation::Prelu(self.copy(slopes)),
            other => other,
        }
    }

    fn copy(&mut self, id: ParameterId) -> ParameterId {
        let Parameter { name, role, values } = self.from.parameters[id].clone();
        self.to.parameter(name, role, values)
    }

    fn convolution(
        &mut self,
        origin: usize,
        name: &str,
        window: Window,
        depthwise: bool,
        parameters: [Parameter; 2],
        inputs: Vec<ValueId>,
    ) -> Result<ValueId, String> {
        let [weights, bias] = parameters.map(|p| self.to.parameter(p.name, p.role, p.values));
        let operator = Operator::Convolution { window, depthwise, weights, bias: Some(bias) };
        self.push(origin, name, operator, inputs)
    }

    fn round(&mut self, origin: usize, value: ValueId) -> Result<ValueId, String> {
        let name = format!("{}.round", self.from.nodes[origin].name);
        let range = self.to.parameter(format!("{name}.range"), Role::Statistic, vec![0.0; 2]);
        self.push(origin, &name, Operator::Round(range), vec![value])
    }

    fn push(
        &mut self,
        origin: usize,
        name: &str,
        operator: Operator,
        inputs: Vec<ValueId>,
    ) -> Result<ValueId, String> {
        self.origins.push(origin);
        self.to.push(name, operator, inputs)
    }
}

/// Factor and summand a channel of a normalisation by its running statistics.
fn affine(graph: &Graph, by: &Normalization) -> [Vec<f32>; 2] {
    let [gain, offset, mean, variance] =
        [by.gain, by.offset, by.mean, by.variance].map(|part| graph.values(part));
    let scale: Vec<f32> = gain.iter().zip(variance).map(|(g, v)| g / (v + by.epsilon).sqrt()).collect();
    let shift = offset.iter().zip(mean).zip(&scale).map(|((o, m), s)| o - m * s).collect();
    [scale, shift]
}
