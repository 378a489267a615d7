//! From ONNX to a network: the nodes that the wanted layers depend on, and no others.
//!
//! A classifier's head after the last wanted layer is not read, so it may hold operators that are not
//! supported. Transpositions between channels first and last are dropped: here channels are
//! always last.

use onnx::{Axis, Graph, Model, Node, Problem, Values};

use super::convolution::Convolution;
use super::pointwise::Affine;
use super::pooling::Pooling;
use super::{LayerId, Network, Node as Step, Operator};
use crate::Error;

/// A feature map while the network is read.
#[derive(Clone, Copy)]
struct Value {
    id: LayerId,
    channels: usize,
    /// Which of the four dimensions of the file they are.
    axis: usize,
}

impl Value {
    fn channels(self) -> Axis {
        Axis { rank: 4, index: self.axis, length: self.channels }
    }
}

/// The network so far.
struct Reader<'a> {
    network: Network,
    file: &'a Graph<'a>,
    values: Values<'a, Value>,
}

impl Network {
    /// Reads the part of the ONNX file `bytes` that `layers`, names of nodes or tensors, depend on.
    ///
    /// # Errors
    /// The bytes are no ONNX model, a layer is not in it, or depends on an operator that is not supported.
    pub fn read(bytes: &[u8], layers: &[&str]) -> Result<Self, Error> {
        let model = Model::parse(bytes)?;
        let (input, dims) = model.input()?;
        let wanted = layers.iter().map(|name| find(&model, name)).collect::<Result<Vec<&str>, _>>()?;
        let file = model.towards(&wanted);
        // Channels come first, or last where a transposition follows; a picture has three.
        let side = |axis: usize| Some((axis, dims.get(axis).copied().flatten()?));
        let colours = [1, 3].into_iter().filter_map(side).find(|&(_, side)| side <= 4);
        let (axis, channels) = colours.unwrap_or((1, 3));
        let network = Self { nodes: Vec::new(), channels, layers: Vec::new() };
        let values = Values::new(input, Value { id: 0, channels, axis });
        let mut reader = Reader { network, file: &file, values };
        for node in &file.nodes {
            let read = reader.node(node).and_then(|()| node.finish());
            let read = read.and_then(|()| node.has_finite_numbers(&|index| node.constant(index)));
            read.map_err(|problem| refuse(node, &problem))?;
        }
        let Reader { mut network, values, .. } = reader;
        network.layers =
            wanted.iter().filter_map(|output| values.get(output)).map(|value| value.id).collect();
        Ok(network)
    }
}

/// The output of the node that is called, or whose output is called, `name`.
fn find<'a>(model: &'a Model, name: &str) -> Result<&'a str, Error> {
    model.node(name).map(|node| node.output()).ok_or_else(|| Error::NoLayer {
        name: name.into(),
        known: model.nodes().map(|node| node.name()).collect::<Vec<_>>().join(", "),
    })
}

fn refuse(node: &Node, problem: &Problem) -> Error {
    Error::Unsupported { node: node.name().into(), reason: problem.to_string() }
}

impl<'a> Reader<'a> {
    fn node(&mut self, node: &Node<'a>) -> Result<(), Problem> {
        let input = self.values.input(node, node.computed_operand().unwrap_or(0))?;
        let channels = input.channels;
        let is_map = input.axis == 1;
        match node.operator() {
            "Conv" | "MaxPool" | "AveragePool" | "BatchNormalization" if !is_map => {
                return Err(Problem::unsupported("its channels are not the second dimension"));
            }
            "Conv" => {
                let conv = node.convolution(channels, None)?;
                let (outputs, filters) = (conv.outputs, conv.filters());
                let bias = conv.bias.unwrap_or_else(|| vec![0.0; outputs]);
                let conv = Convolution::new(conv.window, &filters, bias, conv.depthwise);
                self.push(
                    node,
                    Operator::Convolution(conv),
                    vec![input.id],
                    Value { channels: outputs, ..input },
                );
            }
            "Relu" => self.relu(node, input),
            "PRelu" | "LeakyRelu" => {
                let slopes = node.slopes(input.channels())?.unwrap_or_default();
                self.push(node, Operator::Rectify(slopes), vec![input.id], input);
            }
            "MaxPool" | "AveragePool" => {
                let window = node.pooling_window(None)?;
                if window.pads != [0; 4] {
                    return Err(Problem::unsupported("pooling with padding"));
                }
                // Without padding, none counts.
                node.ignore(&["count_include_pad"]);
                let mean = node.operator() == "AveragePool";
                let pooling = Pooling { window: window.kernel, stride: window.stride, mean };
                self.push(node, Operator::Pool(pooling), vec![input.id], input);
            }
            "BatchNormalization" => {
                let [scale, shift] = node.normalization(channels)?.scale_and_shift();
                self.push(node, Operator::Affine(Affine { scale, shift }), vec![input.id], input);
            }
            "Add" | "Sub" | "Mul" | "Div" if node.computed_operand().is_some() => {
                let by = node.arithmetic(input.channels())?;
                let affine = Affine { scale: by.scale, shift: by.shift };
                self.push(node, Operator::Affine(affine), vec![input.id], input);
            }
            "Add" => {
                let other = self.values.input(node, 1)?;
                if (other.channels, other.axis) != (channels, input.axis) {
                    return Err(Problem::unsupported("its inputs have different channels"));
                }
                self.push(node, Operator::Add, vec![input.id, other.id], input);
            }
            "Transpose" => {
                let axis = match (node.ints("perm"), input.axis) {
                    (Some([0, 3, 1, 2]), 3) => 1,
                    (Some([0, 2, 3, 1]), 1) => 3,
                    _ => return Err(Problem::unsupported("only from NCHW to NHWC and back")),
                };
                self.values.set(node, Value { axis, ..input });
            }
            "Identity" | "Dropout" => {
                node.passes_on()?;
                self.values.set(node, input);
            }
            operator => {
                return Err(Problem::Unsupported(format!("operator {operator} has no derivative here")));
            }
        }
        Ok(())
    }

    /// A ReLU becomes part of the convolution before it where nothing else reads that one's output.
    fn relu(&mut self, node: &Node<'a>, input: Value) {
        let alone = node.input(0).is_some_and(|name| self.file.is_read_once(name));
        let before = input.id.checked_sub(1).map(|number| &mut self.network.nodes[number].operator);
        if let Some(Operator::Convolution(convolution)) = before.filter(|_| alone) {
            convolution.relu = true;
            return self.values.set(node, input);
        }
        self.push(node, Operator::Rectify(vec![0.0; input.channels]), vec![input.id], input);
    }

    fn push(&mut self, node: &Node<'a>, operator: Operator, inputs: Vec<LayerId>, like: Value) {
        self.network.nodes.push(Step { operator, inputs });
        self.values.set(node, Value { id: self.network.nodes.len(), ..like });
    }
}
