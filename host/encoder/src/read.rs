//! From ONNX to a network that can be trained: its nodes, one by one, with their weights.
//!
//! Batch norms stay operators of their own, so that they can be trained. A file in which they are folded into
//! the convolutions already is trained as it is, by weights and biases. Dropout does nothing here.

use autodiff::{Role, Shape, Window};
use onnx::{Axis, Graph as File, Model, Node, Problem, Values};

use crate::Error;
use crate::build::Builder;
use crate::filters::from_filters;
use crate::graph::{Activation, Graph, Normalization, Operator, Preprocessing, ValueId};

/// A value while the network is read.
#[derive(Clone, Copy)]
struct Value {
    id: ValueId,
    /// Whether it has become a row of numbers, channel by channel.
    flat: bool,
}

struct Reader<'a> {
    builder: Builder,
    file: &'a File<'a>,
    values: Values<'a, Value>,
}

/// Reads the ONNX file `bytes`; pixels are prepared by `before`, and then by what the file itself says.
///
/// # Errors
/// The bytes are no ONNX model of an encoder, or an operator in it cannot be trained.
pub fn read(bytes: &[u8], before: Preprocessing) -> Result<Graph, Error> {
    let model = Model::parse(bytes)?;
    let (name, dims) = model.input()?;
    let [_, Some(channels @ 3), Some(height), Some(width)] = dims[..] else {
        return Err(Error::NoEncoder(format!("its input \"{name}\" is not 1 x 3 x height x width")));
    };
    let outputs: Vec<&str> = model.outputs().collect();
    let [output] = outputs[..] else {
        return Err(Error::NoEncoder("it does not have exactly one output".into()));
    };
    let file = model.towards(&[output]);
    let builder = Builder::new(Shape { height, width, channels }, before);
    let values = Values::new(name, Value { id: 0, flat: false });
    let mut reader = Reader { builder, file: &file, values };
    for node in &file.nodes {
        let read = reader.node(node).and_then(|()| node.finish());
        let read = read.and_then(|()| node.has_finite_numbers(&|index| node.constant(index)));
        read.map_err(|problem| untrainable(node, &problem))?;
    }
    let last = reader.values.get(output);
    let graph = reader.builder.finish();
    let last = last.filter(|last| last.id == graph.nodes.len() && last.id > 0);
    match last.map(|last| graph.shape(last.id)) {
        Some(shape) if shape.pixels() == 1 => Ok(graph),
        _ => Err(Error::NoEncoder(format!("its output \"{output}\" is not one row of numbers"))),
    }
}

fn untrainable(node: &Node, problem: &Problem) -> Error {
    Error::Untrainable { node: node.name().into(), reason: problem.to_string() }
}

impl<'a> Reader<'a> {
    fn node(&mut self, node: &Node<'a>) -> Result<(), Problem> {
        match node.operator() {
            "Conv" => self.convolution(node),
            "Gemm" => self.fully_connected(node),
            "BatchNormalization" => self.batch_normalization(node),
            "Relu" | "PRelu" | "LeakyRelu" => self.activation(node),
            "Add" | "Sub" | "Mul" | "Div" if node.computed_operand().is_some() => self.arithmetic(node),
            "Add" => self.push(node, Operator::Add, &[0, 1]),
            "Mul" => self.push(node, Operator::Multiply, &[0, 1]),
            "Sigmoid" => self.push(node, Operator::Sigmoid, &[0]),
            "MaxPool" => {
                let shape = self.shape(self.values.input(node, 0)?);
                let window = node.pooling_window(Some([shape.height, shape.width]))?;
                self.push(node, Operator::MaxPool(window), &[0])
            }
            "GlobalAveragePool" => self.push(node, Operator::AveragePool, &[0]),
            "Identity" | "Dropout" => {
                node.passes_on()?;
                self.values.set(node, self.values.input(node, 0)?);
                Ok(())
            }
            "Flatten" | "Reshape" => self.flatten(node),
            operator => Err(Problem::Unsupported(format!("operator {operator} cannot be trained here"))),
        }
    }

    fn convolution(&mut self, node: &Node<'a>) -> Result<(), Problem> {
        let shape = self.shape(self.values.input(node, 0)?);
        let conv = node.convolution(shape.channels, Some([shape.height, shape.width]))?;
        let [rows, columns] = conv.window.kernel;
        let values = from_filters(&conv.filters(), [conv.outputs, conv.depth, rows * columns]);
        self.weighted(node, conv.window, conv.depthwise, values, conv.bias)
    }

    /// A fully connected layer is a convolution whose window is all of its input.
    fn fully_connected(&mut self, node: &Node<'a>) -> Result<(), Problem> {
        let value = self.values.input(node, 0)?;
        let shape = self.shape(value);
        if !value.flat && shape.pixels() > 1 {
            return Err(Problem::unsupported("an input that is not flat"));
        }
        let layer = node.fully_connected(shape.len())?;
        let weights = (0..layer.inputs * layer.outputs).map(|place| {
            let (rest, o) = (place / layer.outputs, place % layer.outputs);
            let (pixel, channel) = (rest / shape.channels, rest % shape.channels);
            layer.weight(o, channel * shape.pixels() + pixel)
        });
        let (weights, window) = (weights.collect(), Window::whole([shape.height, shape.width]));
        self.weighted(node, window, false, weights, layer.bias)?;
        self.mark_flat(node)
    }

    fn weighted(
        &mut self,
        node: &Node<'a>,
        window: Window,
        depthwise: bool,
        weights: Vec<f32>,
        bias: Option<Vec<f32>>,
    ) -> Result<(), Problem> {
        let weights = self.builder.parameter(format!("{}.weight", node.name()), Role::Weight, weights);
        let bias =
            bias.map(|bias| self.builder.parameter(format!("{}.bias", node.name()), Role::Other, bias));
        let input = self.values.input(node, 0)?.id;
        self.add(node, Operator::Convolution { window, depthwise, weights, bias }, vec![input])
    }

    fn batch_normalization(&mut self, node: &Node<'a>) -> Result<(), Problem> {
        let channels = self.map(node, 0)?.channels;
        let norm = node.normalization(channels)?;
        let mut add = |part: &str, role, values| {
            self.builder.parameter(format!("{}.{part}", node.name()), role, values)
        };
        let by = Normalization {
            gain: add("gain", Role::Other, norm.gain),
            offset: add("offset", Role::Other, norm.offset),
            mean: add("mean", Role::Statistic, norm.mean),
            variance: add("variance", Role::Statistic, norm.variance),
            epsilon: norm.epsilon,
        };
        self.push(node, Operator::Normalize(by, Activation::Identity), &[0])
    }

    /// An activation becomes part of the normalisation before it where nothing else reads that one.
    fn activation(&mut self, node: &Node<'a>) -> Result<(), Problem> {
        let value = self.values.input(node, 0)?;
        let axis = self.channels(node, 0)?;
        let activation = match node.slopes(axis)? {
            Some(slopes) => {
                let name = format!("{}.slope", node.name());
                Activation::Prelu(self.builder.parameter(name, Role::Other, slopes))
            }
            None => Activation::Relu,
        };
        let alone = node.input(0).is_some_and(|name| self.file.is_read_once(name));
        let before = value.id.checked_sub(1).map(|number| &mut self.builder.graph().nodes[number].operator);
        if let Some(Operator::Normalize(_, after @ Activation::Identity)) = before.filter(|_| alone) {
            *after = activation;
            self.values.set(node, value);
            return Ok(());
        }
        self.push(node, Operator::Activate(activation), &[0])
    }

    /// On the pixels it is part of their preparation; elsewhere a factor and a summand a channel.
    fn arithmetic(&mut self, node: &Node<'a>) -> Result<(), Problem> {
        let operand = node.computed_operand().unwrap_or(0);
        let by = node.arithmetic(self.channels(node, operand)?)?;
        let input = self.values.input(node, operand)?.id;
        // Where the file reads the pixels elsewhere as well, they must stay as they are.
        let alone = node.input(operand).is_some_and(|name| self.file.is_read_once(name));
        let before = &mut self.builder.graph().preprocessing;
        if input == 0 && alone && by.join_preparation(&mut before.mean, &mut before.scale) {
            self.values.set(node, Value { id: 0, flat: false });
            return Ok(());
        }
        let weights = self.builder.parameter(format!("{}.weight", node.name()), Role::Other, by.scale);
        let bias = Some(self.builder.parameter(format!("{}.bias", node.name()), Role::Other, by.shift));
        let operator = Operator::Convolution { window: Window::POINT, depthwise: true, weights, bias };
        self.push(node, operator, &[operand])
    }

    fn flatten(&mut self, node: &Node<'a>) -> Result<(), Problem> {
        let whole = match node.operator() {
            "Flatten" => node.int("axis").unwrap_or(1) == 1,
            _ => node.constant(1).is_some_and(|shape| matches!(shape.integers()[..], [-1..=1, _])),
        };
        if !whole {
            return Err(Problem::unsupported("a reshape that is not to one row a picture"));
        }
        let value = self.values.input(node, 0)?;
        self.values.set(node, Value { flat: true, ..value });
        Ok(())
    }

    fn push(&mut self, node: &Node<'a>, operator: Operator, inputs: &[usize]) -> Result<(), Problem> {
        let mut ids = Vec::new();
        let mut flat = true;
        for &index in inputs {
            self.map(node, index)?;
            let Value { id, flat: is_flat } = self.values.input(node, index)?;
            ids.push(id);
            flat &= is_flat;
        }
        self.add(node, operator, ids)?;
        if flat { self.mark_flat(node) } else { Ok(()) }
    }

    /// Says that the output of `node` is a row.
    fn mark_flat(&mut self, node: &Node<'a>) -> Result<(), Problem> {
        let value = self.values.get(node.output()).ok_or_else(|| Problem::invalid("it has no output"))?;
        self.values.set(node, Value { flat: true, ..value });
        Ok(())
    }

    /// Where input `index` has its channels.
    fn channels(&mut self, node: &Node<'a>, index: usize) -> Result<Axis, Problem> {
        let channels = self.map(node, index)?.channels;
        let flat = self.values.input(node, index)?.flat;
        Ok(if flat { Axis::of_row(channels) } else { Axis::of_map(channels) })
    }

    fn add(&mut self, node: &Node<'a>, operator: Operator, inputs: Vec<ValueId>) -> Result<(), Problem> {
        let id = self.builder.push(node.name(), operator, inputs).map_err(Problem::Invalid)?;
        self.values.set(node, Value { id, flat: false });
        Ok(())
    }

    fn shape(&mut self, value: Value) -> Shape {
        self.builder.graph().shape(value.id)
    }

    /// The shape of input `index`, whose channels must still be channels.
    fn map(&mut self, node: &Node<'a>, index: usize) -> Result<Shape, Problem> {
        let value = self.values.input(node, index)?;
        let shape = self.shape(value);
        if value.flat && shape.pixels() > 1 {
            return Err(Problem::unsupported("an input that is flat"));
        }
        Ok(shape)
    }
}
