//! From ONNX to a network: what the wanted layers depend on, and nothing else.
//!
//! A classifier's head after the last wanted layer is never looked at, so it may hold what is not
//! supported. Transpositions between channels first and last are dropped: here channels are
//! always last.

use std::collections::HashMap;

use compiler::onnx::{Model, Node};

use crate::Error;
use crate::convolution::{Convolution, Window};
use crate::network::{LayerId, Network, Node as Step, Operator};
use crate::pointwise::Affine;
use crate::pool::Pool;

/// Variance is kept from zero by this where a batch normalization does not say.
const EPSILON: f32 = 1e-5;

/// A feature map while the network is read.
#[derive(Clone, Copy)]
struct Value {
    id: LayerId,
    channels: usize,
}

/// The network so far.
struct Reader<'a> {
    network: Network,
    values: HashMap<&'a str, Value>,
    /// How often each tensor is read or wanted.
    uses: HashMap<&'a str, usize>,
}

impl Network {
    /// Reads the part of the ONNX file `bytes` that `layers`, names of nodes or tensors, depend on.
    ///
    /// # Errors
    /// The bytes are no ONNX model, a layer is not in it, or depends on what is not supported.
    pub fn read(bytes: &[u8], layers: &[&str]) -> Result<Self, Error> {
        let model = Model::parse(bytes)?;
        let nodes: Vec<Node> = model.nodes().collect();
        let (input, dims) = model.input()?;
        let wanted = layers.iter().map(|name| find(&nodes, name)).collect::<Result<Vec<usize>, _>>()?;
        let needed = needed(&nodes, &wanted);
        let mut uses = HashMap::new();
        for node in nodes.iter().zip(&needed).filter(|(_, needed)| **needed).map(|(node, _)| node) {
            for name in (0..node.inputs()).filter_map(|index| node.input(index)) {
                *uses.entry(name).or_insert(0) += 1;
            }
        }
        for &node in &wanted {
            *uses.entry(nodes[node].output()).or_insert(0) += 1;
        }
        // Channels come first, or last where a transposition follows; a picture has three.
        let channels =
            [1, 3].into_iter().filter_map(|axis| dims.get(axis).copied().flatten()).find(|&n| n <= 4);
        let channels = channels.unwrap_or(3);
        let network = Network { nodes: Vec::new(), channels, layers: Vec::new() };
        let mut reader = Reader { network, values: HashMap::new(), uses };
        reader.values.insert(&input, Value { id: 0, channels });
        for (node, _) in nodes.iter().zip(&needed).filter(|(_, needed)| **needed) {
            reader.node(node)?;
        }
        let ids = wanted.iter().map(|&node| reader.value(&nodes[node], nodes[node].output()));
        reader.network.layers = ids.map(|value| value.map(|value| value.id)).collect::<Result<_, _>>()?;
        Ok(reader.network)
    }
}

/// The node that is called, or whose output is called, `name`.
fn find(nodes: &[Node], name: &str) -> Result<usize, Error> {
    nodes.iter().position(|node| node.name() == name || node.output() == name).ok_or_else(|| Error::NoLayer {
        name: name.into(),
        known: nodes.iter().map(Node::name).collect::<Vec<_>>().join(", "),
    })
}

/// Which nodes the wanted ones depend on.
fn needed(nodes: &[Node], wanted: &[usize]) -> Vec<bool> {
    let mut needed = vec![false; nodes.len()];
    wanted.iter().for_each(|&node| needed[node] = true);
    for number in (0..nodes.len()).rev().filter(|&n| n <= wanted.iter().copied().max().unwrap_or(0)) {
        if !needed[number] {
            continue;
        }
        for name in (0..nodes[number].inputs()).filter_map(|index| nodes[number].input(index)) {
            if let Some(writer) = nodes[..number].iter().position(|node| node.output() == name) {
                needed[writer] = true;
            }
        }
    }
    needed
}

impl<'a> Reader<'a> {
    fn node(&mut self, node: &Node<'a>) -> Result<(), Error> {
        match node.operator() {
            "Conv" => self.convolution(node),
            "Relu" => self.relu(node),
            "PRelu" => {
                let input = self.input(node, 0)?;
                let slopes = per_channel(node, 1, input.channels)?;
                self.push(node, Operator::Rectify(slopes), vec![input.id], input.channels)
            }
            "LeakyRelu" => {
                let input = self.input(node, 0)?;
                let slope = node.float("alpha").unwrap_or(0.01);
                self.push(
                    node,
                    Operator::Rectify(vec![slope; input.channels]),
                    vec![input.id],
                    input.channels,
                )
            }
            "MaxPool" | "AveragePool" => self.pool(node),
            "BatchNormalization" => self.batch_normalization(node),
            "Add" | "Sub" | "Mul" | "Div" if node.constant(1).is_some() => self.arithmetic(node),
            "Add" => {
                let (a, b) = (self.input(node, 0)?, self.input(node, 1)?);
                self.push(node, Operator::Add, vec![a.id, b.id], a.channels)
            }
            "Transpose" if matches!(node.ints("perm").as_deref(), Some([0, 3, 1, 2] | [0, 2, 3, 1])) => {
                self.alias(node)
            }
            "Identity" | "Dropout" => self.alias(node),
            operator => Err(unsupported(node, &format!("operator {operator} has no derivative here"))),
        }
    }

    fn convolution(&mut self, node: &Node<'a>) -> Result<(), Error> {
        let input = self.input(node, 0)?;
        let weights = node.constant(1).ok_or_else(|| unsupported(node, "weights that are computed"))?;
        let [outputs, depth, rows, columns] = weights.dims[..] else {
            return Err(unsupported(node, "weights that do not have four dimensions"));
        };
        let group = node.int("group").unwrap_or(1);
        let depthwise = group as usize == outputs && depth == 1 && outputs == input.channels && outputs > 1;
        if node.ints("dilations").is_some_and(|steps| steps.iter().any(|&step| step != 1)) {
            return Err(unsupported(node, "dilation"));
        }
        if !depthwise && (group != 1 || depth != input.channels) {
            return Err(unsupported(node, &format!("{group} groups for {} channels", input.channels)));
        }
        let bias = match node.input(2) {
            Some(_) => per_channel(node, 2, outputs)?,
            None => vec![0.0; outputs],
        };
        let window =
            Window { kernel: [rows, columns], stride: pair(node, "strides", [1, 1])?, pads: pads(node)? };
        let convolution = Convolution::new(window, &weights.values, bias, depthwise);
        self.push(node, Operator::Convolution(convolution), vec![input.id], outputs)
    }

    /// A ReLU becomes part of the convolution before it where nobody else wants that one's output.
    fn relu(&mut self, node: &Node<'a>) -> Result<(), Error> {
        let input = self.input(node, 0)?;
        let alone = node.input(0).and_then(|name| self.uses.get(name)) == Some(&1);
        let before = input.id.checked_sub(1).map(|number| &mut self.network.nodes[number].operator);
        if let Some(Operator::Convolution(convolution)) = before.filter(|_| alone) {
            convolution.relu = true;
            return self.alias(node);
        }
        self.push(node, Operator::Rectify(vec![0.0; input.channels]), vec![input.id], input.channels)
    }

    fn pool(&mut self, node: &Node<'a>) -> Result<(), Error> {
        let input = self.input(node, 0)?;
        if pads(node)? != [0; 4] || node.int("ceil_mode").unwrap_or(0) != 0 {
            return Err(unsupported(node, "pooling with padding"));
        }
        let window = pair(node, "kernel_shape", [1, 1])?;
        let stride = pair(node, "strides", [1, 1])?;
        let pool = Pool { window, stride, mean: node.operator() == "AveragePool" };
        self.push(node, Operator::Pool(pool), vec![input.id], input.channels)
    }

    fn batch_normalization(&mut self, node: &Node<'a>) -> Result<(), Error> {
        let input = self.input(node, 0)?;
        let [gain, offset, mean, variance] =
            [1, 2, 3, 4].map(|index| per_channel(node, index, input.channels));
        let epsilon = node.float("epsilon").unwrap_or(EPSILON);
        let scale: Vec<f32> = gain?.iter().zip(variance?).map(|(g, v)| g / (v + epsilon).sqrt()).collect();
        let shift = offset?.iter().zip(mean?).zip(&scale).map(|((o, m), s)| o - m * s).collect();
        self.push(node, Operator::Affine(Affine { scale, shift }), vec![input.id], input.channels)
    }

    fn arithmetic(&mut self, node: &Node<'a>) -> Result<(), Error> {
        let input = self.input(node, 0)?;
        let values = per_channel(node, 1, input.channels)?;
        let (ones, zeros) = (vec![1.0; input.channels], vec![0.0; input.channels]);
        let map = |change: fn(&f32) -> f32| values.iter().map(change).collect::<Vec<f32>>();
        let (scale, shift) = match node.operator() {
            "Add" => (ones, values),
            "Sub" => (ones, map(|v| -v)),
            "Mul" => (values, zeros),
            _ => (map(|v| 1.0 / v), zeros),
        };
        self.push(node, Operator::Affine(Affine { scale, shift }), vec![input.id], input.channels)
    }

    fn push(
        &mut self,
        node: &Node<'a>,
        operator: Operator,
        inputs: Vec<LayerId>,
        channels: usize,
    ) -> Result<(), Error> {
        self.network.nodes.push(Step { operator, inputs });
        self.values.insert(node.output(), Value { id: self.network.nodes.len(), channels });
        Ok(())
    }

    /// The node's output is its input.
    fn alias(&mut self, node: &Node<'a>) -> Result<(), Error> {
        let input = self.input(node, 0)?;
        self.values.insert(node.output(), input);
        Ok(())
    }

    fn input(&self, node: &Node<'a>, index: usize) -> Result<Value, Error> {
        let name = node.input(index).ok_or_else(|| unsupported(node, "an input is missing"))?;
        self.value(node, name)
    }

    fn value(&self, node: &Node<'a>, name: &str) -> Result<Value, Error> {
        self.values
            .get(name)
            .copied()
            .ok_or_else(|| unsupported(node, &format!("\"{name}\" is no feature map")))
    }
}

/// Input `index` as one constant a channel.
fn per_channel(node: &Node, index: usize, channels: usize) -> Result<Vec<f32>, Error> {
    let constant = node.constant(index).ok_or_else(|| unsupported(node, "an operand that is computed"))?;
    match constant.values.len() {
        1 => Ok(vec![constant.values[0]; channels]),
        length if length == channels => Ok(constant.values.clone()),
        length => Err(unsupported(node, &format!("{length} values for {channels} channels"))),
    }
}

/// An attribute of two numbers.
fn pair(node: &Node, name: &str, default: [usize; 2]) -> Result<[usize; 2], Error> {
    let values = node.ints(name).map_or(Ok(default), <[usize; 2]>::try_from);
    match values {
        Ok(pair) if !pair.contains(&0) => Ok(pair),
        _ => Err(unsupported(node, &format!("{name} that are not two positive numbers"))),
    }
}

fn pads(node: &Node) -> Result<[usize; 4], Error> {
    if node.word("auto_pad").is_some_and(|word| !matches!(&*word, "" | "NOTSET" | "VALID")) {
        return Err(unsupported(node, "automatic padding"));
    }
    let pads = node.ints("pads").map_or(Ok([0; 4]), <[usize; 4]>::try_from);
    pads.map_err(|_| unsupported(node, "pads that are not four"))
}

fn unsupported(node: &Node, reason: &str) -> Error {
    Error::Unsupported { node: node.name().into(), reason: reason.into() }
}
