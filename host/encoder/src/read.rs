//! From ONNX to a network that can be trained: its nodes, one by one, with their weights.
//!
//! Batch norms stay what they are, so that they can be trained. A file in which they are folded into
//! the convolutions already is trained as it stands, by weights and biases. Dropout does nothing here.

use std::collections::{HashMap, HashSet};

use compiler::onnx::{Model, Node};
use grad::Shape;
use grad::convolution::Window;

use crate::Error;
use crate::build::Builder;
use crate::filters::from_filters;
use crate::graph::{Activation, Graph, Normalization, Operator, Preprocessing, Role, ValueId};

/// Variance is kept from zero by this where a batch normalization does not say.
const EPSILON: f32 = 1e-5;

/// A value while the network is read.
#[derive(Clone, Copy)]
struct Value {
    id: ValueId,
    /// Whether it has become a row of numbers, channel by channel.
    flat: bool,
}

struct Reader<'a> {
    builder: Builder,
    values: HashMap<&'a str, Value>,
    uses: HashMap<&'a str, usize>,
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
    let output = {
        let mut outputs = model.outputs();
        match (outputs.next(), outputs.next()) {
            (Some(output), None) => output,
            _ => return Err(Error::NoEncoder("it does not have exactly one output".into())),
        }
    };
    let nodes: Vec<Node> = model.nodes().collect();
    let mut needed = HashSet::from([output]);
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for node in nodes.iter().rev() {
        if !needed.contains(node.output()) {
            continue;
        }
        for input in (0..node.inputs()).filter_map(|index| node.input(index)) {
            needed.insert(input);
            *uses.entry(input).or_default() += 1;
        }
    }
    let builder = Builder::new(Shape { height, width, channels }, before);
    let mut reader = Reader { builder, values: HashMap::new(), uses };
    reader.values.insert(&name, Value { id: 0, flat: false });
    for node in nodes.iter().filter(|node| needed.contains(node.output())) {
        reader.node(node)?;
    }
    let last = reader.values.get(output).copied();
    let graph = reader.builder.finish();
    let last = last.filter(|last| last.id == graph.nodes.len() && last.id > 0);
    match last.map(|last| graph.shape(last.id)) {
        Some(shape) if shape.pixels() == 1 => Ok(graph),
        _ => Err(Error::NoEncoder(format!("its output \"{output}\" is not one row of numbers"))),
    }
}

impl<'a> Reader<'a> {
    fn node(&mut self, node: &Node<'a>) -> Result<(), Error> {
        match node.operator() {
            "Conv" => self.convolution(node),
            "Gemm" => self.gemm(node),
            "BatchNormalization" => self.batch_normalization(node),
            "Relu" => self.activation(node, None),
            "PRelu" => {
                let slopes = per_channel(node, 1, self.shape(self.input(node, 0)?).channels)?;
                self.activation(node, Some(slopes))
            }
            "LeakyRelu" => {
                let channels = self.shape(self.input(node, 0)?).channels;
                self.activation(node, Some(vec![node.float("alpha").unwrap_or(0.01); channels]))
            }
            "Add" | "Sub" | "Mul" | "Div" if node.constant(1).is_some() => self.arithmetic(node),
            "Add" => self.push(node, Operator::Add, &[0, 1]),
            "Mul" => self.push(node, Operator::Multiply, &[0, 1]),
            "Sigmoid" => self.push(node, Operator::Sigmoid, &[0]),
            "MaxPool" => {
                let kernel = pair(node, "kernel_shape", [1, 1])?;
                if node.int("ceil_mode").unwrap_or(0) != 0 {
                    return Err(untrainable(node, "a pool that is rounded up"));
                }
                let window = window(node, kernel)?;
                self.push(node, Operator::MaxPool(window), &[0])
            }
            "GlobalAveragePool" => self.push(node, Operator::AveragePool, &[0]),
            "Identity" | "Dropout" => {
                let value = self.input(node, 0)?;
                self.values.insert(node.output(), value);
                Ok(())
            }
            "Flatten" | "Reshape" => {
                let whole = match node.operator() {
                    "Flatten" => node.int("axis").unwrap_or(1) == 1,
                    _ => node.constant(1).is_some_and(|shape| shape.values.len() == 2),
                };
                if !whole {
                    return Err(untrainable(node, "a reshape that is not to one row a picture"));
                }
                let value = self.input(node, 0)?;
                self.values.insert(node.output(), Value { flat: true, ..value });
                Ok(())
            }
            operator => Err(untrainable(node, &format!("operator {operator} cannot be trained here"))),
        }
    }

    fn convolution(&mut self, node: &Node<'a>) -> Result<(), Error> {
        let channels = self.shape(self.input(node, 0)?).channels;
        let weights = node.constant(1).ok_or_else(|| untrainable(node, "weights that are computed"))?;
        let [outputs, depth, rows, columns] = weights.dims[..] else {
            return Err(untrainable(node, "weights that do not have four dimensions"));
        };
        if node.ints("dilations").is_some_and(|steps| steps.iter().any(|&step| step != 1)) {
            return Err(untrainable(node, "dilation"));
        }
        let group = node.int("group").unwrap_or(1) as usize;
        let depthwise = group > 1 && group == outputs && depth == 1 && outputs == channels;
        if !depthwise && (group != 1 || depth != channels) {
            let reason = format!("{group} groups for {channels} channels and {outputs} filters");
            return Err(untrainable(node, &reason));
        }
        let taps = rows * columns;
        let values = from_filters(&weights.values, [outputs, depth, taps]);
        let window = window(node, [rows, columns])?;
        self.weighted(node, window, depthwise, values, outputs)
    }

    /// A fully connected layer is a convolution whose window is all of its input.
    fn gemm(&mut self, node: &Node<'a>) -> Result<(), Error> {
        let value = self.input(node, 0)?;
        let shape = self.shape(value);
        if !value.flat && shape.pixels() > 1 {
            return Err(untrainable(node, "an input that is not flat"));
        }
        let plain = |name| node.float(name).is_none_or(|factor| factor == 1.0);
        if node.int("transA").unwrap_or(0) != 0 || !plain("alpha") || !plain("beta") {
            return Err(untrainable(node, "alpha, beta or transA"));
        }
        let weights = node.constant(1).ok_or_else(|| untrainable(node, "weights that are computed"))?;
        let turned = node.int("transB").unwrap_or(0) != 0;
        let (outputs, inputs) = match weights.dims[..] {
            [outputs, inputs] if turned => (outputs, inputs),
            [inputs, outputs] => (outputs, inputs),
            _ => return Err(untrainable(node, "weights that do not have two dimensions")),
        };
        if inputs != shape.values() {
            return Err(untrainable(node, &format!("weights for {inputs} of {} inputs", shape.values())));
        }
        let values = (0..inputs * outputs).map(|place| {
            let (rest, o) = (place / outputs, place % outputs);
            let (pixel, channel) = (rest / shape.channels, rest % shape.channels);
            let i = channel * shape.pixels() + pixel;
            weights.values[if turned { o * inputs + i } else { i * outputs + o }]
        });
        let window = Window { kernel: [shape.height, shape.width], stride: [1; 2], pads: [0; 4] };
        self.weighted(node, window, false, values.collect(), outputs)
    }

    fn weighted(
        &mut self,
        node: &Node<'a>,
        window: Window,
        depthwise: bool,
        weights: Vec<f32>,
        outputs: usize,
    ) -> Result<(), Error> {
        let bias = match node.input(2) {
            Some(_) => Some(per_channel(node, 2, outputs)?),
            None => None,
        };
        let weights = self.builder.parameter(format!("{}.weight", node.name()), Role::Weight, weights);
        let bias =
            bias.map(|bias| self.builder.parameter(format!("{}.bias", node.name()), Role::Other, bias));
        let operator = Operator::Convolution { window, depthwise, weights, bias };
        let input = self.input(node, 0)?.id;
        self.add(node, operator, vec![input])
    }

    fn batch_normalization(&mut self, node: &Node<'a>) -> Result<(), Error> {
        let channels = self.map(node, 0)?.channels;
        let mut add = |index, part: &str, role| {
            let values = per_channel(node, index, channels)?;
            Ok::<_, Error>(self.builder.parameter(format!("{}.{part}", node.name()), role, values))
        };
        let by = Normalization {
            gain: add(1, "gain", Role::Other)?,
            offset: add(2, "offset", Role::Other)?,
            mean: add(3, "mean", Role::Statistic)?,
            variance: add(4, "variance", Role::Statistic)?,
            epsilon: node.float("epsilon").unwrap_or(EPSILON),
        };
        self.push(node, Operator::Normalize(by, Activation::Identity), &[0])
    }

    /// An activation becomes part of the normalisation before it where nobody else reads that one.
    fn activation(&mut self, node: &Node<'a>, slopes: Option<Vec<f32>>) -> Result<(), Error> {
        let value = self.input(node, 0)?;
        self.map(node, 0)?;
        let activation = match slopes {
            Some(slopes) => {
                let name = format!("{}.slope", node.name());
                Activation::Prelu(self.builder.parameter(name, Role::Other, slopes))
            }
            None => Activation::Relu,
        };
        let alone = node.input(0).and_then(|name| self.uses.get(name)) == Some(&1);
        let before = value.id.checked_sub(1).map(|number| &mut self.builder.graph().nodes[number].operator);
        if let Some(Operator::Normalize(_, after @ Activation::Identity)) = before.filter(|_| alone) {
            *after = activation;
            self.values.insert(node.output(), value);
            return Ok(());
        }
        self.push(node, Operator::Activate(activation), &[0])
    }

    /// On the pixels it is part of their preparation; elsewhere a factor and a summand a channel.
    fn arithmetic(&mut self, node: &Node<'a>) -> Result<(), Error> {
        let channels = self.map(node, 0)?.channels;
        let input = self.input(node, 0)?.id;
        let values = per_channel(node, 1, channels)?;
        let map = |change: fn(&f32) -> f32| values.iter().map(change).collect::<Vec<f32>>();
        let (ones, zeros) = (vec![1.0; channels], vec![0.0; channels]);
        let (scale, shift) = match node.operator() {
            "Add" => (ones, values),
            "Sub" => (ones, map(|value| -value)),
            "Mul" => (values, zeros),
            _ => (map(|value| 1.0 / value), zeros),
        };
        let uniform = |values: &[f32]| values.iter().all(|value| *value == values[0]);
        if input == 0 && uniform(&scale) && uniform(&shift) {
            let before = &mut self.builder.graph().preprocessing;
            before.mean -= shift[0] / (scale[0] * before.scale);
            before.scale *= scale[0];
            self.values.insert(node.output(), Value { id: 0, flat: false });
            return Ok(());
        }
        let weights = self.builder.parameter(format!("{}.weight", node.name()), Role::Other, scale);
        let bias = self.builder.parameter(format!("{}.bias", node.name()), Role::Other, shift);
        let window = Window { kernel: [1; 2], stride: [1; 2], pads: [0; 4] };
        self.push(node, Operator::Convolution { window, depthwise: true, weights, bias: Some(bias) }, &[0])
    }

    fn push(&mut self, node: &Node<'a>, operator: Operator, inputs: &[usize]) -> Result<(), Error> {
        let inputs = inputs.iter().map(|&index| self.map(node, index).and(self.input(node, index)));
        let inputs = inputs.map(|value| value.map(|value| value.id)).collect::<Result<Vec<_>, _>>()?;
        self.add(node, operator, inputs)
    }

    fn add(&mut self, node: &Node<'a>, operator: Operator, inputs: Vec<ValueId>) -> Result<(), Error> {
        let pushed = self.builder.push(node.name(), operator, inputs);
        let id = pushed.map_err(|reason| untrainable(node, &reason))?;
        self.values.insert(node.output(), Value { id, flat: false });
        Ok(())
    }

    fn input(&self, node: &Node<'a>, index: usize) -> Result<Value, Error> {
        let name = node.input(index).ok_or_else(|| untrainable(node, "an input is missing"))?;
        let value = self.values.get(name).copied();
        value.ok_or_else(|| untrainable(node, &format!("\"{name}\" is not computed from the picture")))
    }

    fn shape(&mut self, value: Value) -> Shape {
        self.builder.graph().shape(value.id)
    }

    /// The shape of input `index`, whose channels must still be channels.
    fn map(&mut self, node: &Node<'a>, index: usize) -> Result<Shape, Error> {
        let value = self.input(node, index)?;
        let shape = self.shape(value);
        if value.flat && shape.pixels() > 1 {
            return Err(untrainable(node, "an input that is flat"));
        }
        Ok(shape)
    }
}

/// Input `index` as one constant a channel.
fn per_channel(node: &Node, index: usize, channels: usize) -> Result<Vec<f32>, Error> {
    let constant = node.constant(index).ok_or_else(|| untrainable(node, "an operand that is computed"))?;
    match constant.values.len() {
        1 => Ok(vec![constant.values[0]; channels]),
        length if length == channels => Ok(constant.values.clone()),
        length => Err(untrainable(node, &format!("{length} values for {channels} channels"))),
    }
}

fn window(node: &Node, kernel: [usize; 2]) -> Result<Window, Error> {
    if node.word("auto_pad").is_some_and(|word| !matches!(&*word, "" | "NOTSET" | "VALID")) {
        return Err(untrainable(node, "automatic padding"));
    }
    let pads = node.ints("pads").map_or(Ok([0; 4]), <[usize; 4]>::try_from);
    let pads = pads.map_err(|_| untrainable(node, "pads that are not four"))?;
    Ok(Window { kernel, stride: pair(node, "strides", [1, 1])?, pads })
}

/// An attribute of two numbers.
fn pair(node: &Node, name: &str, default: [usize; 2]) -> Result<[usize; 2], Error> {
    match node.ints(name).map_or(Ok(default), <[usize; 2]>::try_from) {
        Ok(pair) if !pair.contains(&0) => Ok(pair),
        _ => Err(untrainable(node, &format!("{name} that are not two positive numbers"))),
    }
}

fn untrainable(node: &Node, reason: &str) -> Error {
    Error::Untrainable { node: node.name().into(), reason: reason.into() }
}
