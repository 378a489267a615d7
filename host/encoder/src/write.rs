//! From the network to ONNX, opset 13: `pixels`, 1 x 3 x height x width, red first, 0 to 255, to `embedding`.
//!
//! The preparation of the pixels is in the file (a `Sub` and a `Mul`), so that its user gives plain
//! pixels. Batch norms are written with their running statistics rather than folded, so that the file
//! can be trained further. The first dimension, the number of pictures, is open.

use autodiff::Window;
use onnx::{Attribute, Dimension, Writer};

use crate::filters::to_filters;
use crate::graph::{Activation, Graph, Node, Operator, ParameterId};

/// Version of the operators' meaning.
const OPSET: i64 = 13;

/// Version of the file format that goes with it.
const IR_VERSION: i64 = 7;

/// Name of the input.
const INPUT: &str = "pixels";

/// Name of the output.
const OUTPUT: &str = "embedding";

/// The bytes of the file.
pub fn write(graph: &Graph) -> Vec<u8> {
    let mut file = File { graph, writer: Writer::new("encoder", IR_VERSION, OPSET) };
    let writer = &mut file.writer;
    writer.producer(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    let [channels, height, width] =
        [graph.input.channels, graph.input.height, graph.input.width].map(Dimension::Fixed);
    let pictures = Dimension::Open("pictures");
    writer.input(INPUT, &[pictures, channels, height, width]);
    writer.output(OUTPUT, &[pictures, Dimension::Fixed(graph.dimension())]);
    writer.constant("pixels.mean", &[], &[graph.preprocessing.mean]);
    writer.constant("pixels.scale", &[], &[graph.preprocessing.scale]);
    writer.node("Sub", "pixels.centred", &[INPUT, "pixels.mean"], &[]);
    writer.node("Mul", "pixels.scaled", &["pixels.centred", "pixels.scale"], &[]);
    let mut names = vec!["pixels.scaled".to_owned()];
    for node in &graph.nodes {
        let name = file.operator(node, &names);
        names.push(name);
    }
    file.writer.node("Flatten", OUTPUT, &[&names[graph.nodes.len()]], &[Attribute::Int("axis", 1)]);
    file.writer.finish()
}

/// A file under construction.
struct File<'a> {
    graph: &'a Graph,
    writer: Writer,
}

impl File<'_> {
    /// Writes what `node` does; gives the name of its value.
    fn operator(&mut self, node: &Node, names: &[String]) -> String {
        let name = &node.name;
        let inputs: Vec<&str> = node.inputs.iter().map(|&input| &*names[input]).collect();
        match &node.operator {
            Operator::Convolution { window, depthwise, weights, bias } => {
                let depth = if *depthwise { 1 } else { self.graph.shape(node.inputs[0]).channels };
                let weights = self.weights(*weights, window, [node.shape.channels, depth]);
                let bias = bias.map(|bias| self.parameter(bias, &[node.shape.channels]));
                let inputs: Vec<&str> = [inputs[0], &weights].into_iter().chain(bias.as_deref()).collect();
                let group = if *depthwise { node.shape.channels } else { 1 };
                let attributes = [Attribute::Window(window), Attribute::Int("group", group as i64)];
                self.writer.node("Conv", name, &inputs, &attributes);
            }
            Operator::Normalize(by, activation) => {
                let parts = [by.gain, by.offset, by.mean, by.variance];
                let parts = parts.map(|part| self.parameter(part, &[node.shape.channels]));
                let inputs: Vec<&str> =
                    [inputs[0]].into_iter().chain(parts.iter().map(String::as_str)).collect();
                let epsilon = Attribute::Float("epsilon", by.epsilon);
                self.writer.node("BatchNormalization", name, &inputs, &[epsilon]);
                return self.activation(&format!("{name}.activation"), name, *activation);
            }
            Operator::Activate(activation) => return self.activation(name, inputs[0], *activation),
            // The board rounds by itself.
            Operator::Round(_) => return inputs[0].into(),
            Operator::Add => self.writer.node("Add", name, &inputs, &[]),
            Operator::Multiply => self.writer.node("Mul", name, &inputs, &[]),
            Operator::Sigmoid => self.writer.node("Sigmoid", name, &inputs, &[]),
            Operator::MaxPool(window) => {
                self.writer.node("MaxPool", name, &inputs, &[Attribute::Window(window)])
            }
            Operator::AveragePool => self.writer.node("GlobalAveragePool", name, &inputs, &[]),
        }
        name.clone()
    }

    fn activation(&mut self, name: &str, input: &str, activation: Activation) -> String {
        match activation {
            Activation::Identity => return input.into(),
            Activation::Relu => self.writer.node("Relu", name, &[input], &[]),
            Activation::Prelu(slopes) if self.graph.values(slopes).iter().all(|&slope| slope == 0.0) => {
                self.writer.node("Relu", name, &[input], &[]);
            }
            Activation::Prelu(slopes) => {
                let channels = self.graph.values(slopes).len();
                let slopes = self.parameter(slopes, &[channels, 1, 1]);
                self.writer.node("PRelu", name, &[input, &slopes], &[]);
            }
        }
        name.into()
    }

    /// Writes weights in the order output, input, row, column.
    fn weights(&mut self, id: ParameterId, window: &Window, [outputs, depth]: [usize; 2]) -> String {
        let parameter = &self.graph.parameters[id];
        let taps = window.kernel[0] * window.kernel[1];
        let values = to_filters(&parameter.values, [outputs, depth, taps]);
        self.writer.constant(&parameter.name, &[outputs, depth, window.kernel[0], window.kernel[1]], &values);
        parameter.name.clone()
    }

    fn parameter(&mut self, id: ParameterId, dims: &[usize]) -> String {
        let parameter = &self.graph.parameters[id];
        self.writer.constant(&parameter.name, dims, &parameter.values);
        parameter.name.clone()
    }
}
