//! From the network to ONNX, opset 13: `pixels`, 1 x 3 x height x width, red first, 0 to 255, to `embedding`.
//!
//! The pixels' preparation is in the file (a `Sub` and a `Mul`), so that whoever runs it gives plain
//! pixels. Batch norms are written with their running statistics rather than folded, so that the file
//! can be trained further. The first dimension, the number of pictures, is open.

use prost::Message;
use tract_onnx::pb;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};

use grad::convolution::Window;

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
    let mut file = File { graph, proto: pb::GraphProto { name: "encoder".into(), ..Default::default() } };
    file.proto.input.push(value(INPUT, &[graph.input.channels, graph.input.height, graph.input.width]));
    file.proto.output.push(value(OUTPUT, &[graph.dimension()]));
    file.constant("pixels.mean", &[], &[graph.preprocessing.mean]);
    file.constant("pixels.scale", &[], &[graph.preprocessing.scale]);
    file.node("Sub", "pixels.centred", &[INPUT, "pixels.mean"], vec![]);
    file.node("Mul", "pixels.scaled", &["pixels.centred", "pixels.scale"], vec![]);
    let mut names = vec!["pixels.scaled".to_owned()];
    for node in &graph.nodes {
        let name = file.operator(node, &names);
        names.push(name);
    }
    file.node("Flatten", OUTPUT, &[&names[graph.nodes.len()]], vec![int("axis", 1)]);
    let opset = pb::OperatorSetIdProto { domain: String::new(), version: OPSET };
    let model = pb::ModelProto {
        ir_version: IR_VERSION,
        producer_name: env!("CARGO_PKG_NAME").into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        opset_import: vec![opset],
        graph: Some(file.proto),
        ..Default::default()
    };
    model.encode_to_vec()
}

/// A file under construction.
struct File<'a> {
    graph: &'a Graph,
    proto: pb::GraphProto,
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
                let mut attributes = attributes(window);
                attributes.push(int("group", group));
                self.node("Conv", name, &inputs, attributes);
            }
            Operator::Normalize(by, activation) => {
                let parts = [by.gain, by.offset, by.mean, by.variance];
                let parts = parts.map(|part| self.parameter(part, &[node.shape.channels]));
                let inputs: Vec<&str> =
                    [inputs[0]].into_iter().chain(parts.iter().map(String::as_str)).collect();
                let epsilon = pb::AttributeProto {
                    name: "epsilon".into(),
                    r#type: AttributeType::Float as i32,
                    f: by.epsilon,
                    ..Default::default()
                };
                self.node("BatchNormalization", name, &inputs, vec![epsilon]);
                return self.activation(&format!("{name}.activation"), name, *activation);
            }
            Operator::Activate(activation) => return self.activation(name, inputs[0], *activation),
            // The board rounds by itself.
            Operator::Round(_) => return inputs[0].into(),
            Operator::Add => self.node("Add", name, &inputs, vec![]),
            Operator::Multiply => self.node("Mul", name, &inputs, vec![]),
            Operator::Sigmoid => self.node("Sigmoid", name, &inputs, vec![]),
            Operator::MaxPool(window) => self.node("MaxPool", name, &inputs, attributes(window)),
            Operator::AveragePool => self.node("GlobalAveragePool", name, &inputs, vec![]),
        }
        name.clone()
    }

    fn activation(&mut self, name: &str, input: &str, activation: Activation) -> String {
        match activation {
            Activation::Identity => return input.into(),
            Activation::Relu => self.node("Relu", name, &[input], vec![]),
            Activation::Prelu(slopes) => {
                let channels = self.graph.values(slopes).len();
                let slopes = self.parameter(slopes, &[channels, 1, 1]);
                self.node("PRelu", name, &[input, &slopes], vec![]);
            }
        }
        name.into()
    }

    /// Writes weights in the order output, input, row, column.
    fn weights(&mut self, id: ParameterId, window: &Window, [outputs, depth]: [usize; 2]) -> String {
        let parameter = &self.graph.parameters[id];
        let taps = window.kernel[0] * window.kernel[1];
        let values = to_filters(&parameter.values, [outputs, depth, taps]);
        self.constant(&parameter.name, &[outputs, depth, window.kernel[0], window.kernel[1]], &values);
        parameter.name.clone()
    }

    fn parameter(&mut self, id: ParameterId, dims: &[usize]) -> String {
        let parameter = &self.graph.parameters[id];
        self.constant(&parameter.name, dims, &parameter.values);
        parameter.name.clone()
    }

    fn constant(&mut self, name: &str, dims: &[usize], values: &[f32]) {
        self.proto.initializer.push(pb::TensorProto {
            name: name.into(),
            dims: dims.iter().map(|&side| side as i64).collect(),
            data_type: DataType::Float as i32,
            raw_data: values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            ..Default::default()
        });
    }

    /// A node whose output bears its name.
    fn node(&mut self, operator: &str, name: &str, inputs: &[&str], attribute: Vec<pb::AttributeProto>) {
        self.proto.node.push(pb::NodeProto {
            op_type: operator.into(),
            name: name.into(),
            input: inputs.iter().map(|&input| input.into()).collect(),
            output: vec![name.into()],
            attribute,
            ..Default::default()
        });
    }
}

/// A tensor of floats with an open number of pictures.
fn value(name: &str, sides: &[usize]) -> pb::ValueInfoProto {
    let open = dimension::Value::DimParam("pictures".into());
    let sides = sides.iter().map(|&side| dimension::Value::DimValue(side as i64));
    let dims = [open].into_iter().chain(sides);
    let dim = dims.map(|value| Dimension { denotation: String::new(), value: Some(value) }).collect();
    let tensor = pb::type_proto::Tensor {
        elem_type: DataType::Float as i32,
        shape: Some(pb::TensorShapeProto { dim }),
    };
    let kind =
        pb::TypeProto { denotation: String::new(), value: Some(pb::type_proto::Value::TensorType(tensor)) };
    pb::ValueInfoProto { name: name.into(), r#type: Some(kind), doc_string: String::new() }
}

fn attributes(window: &Window) -> Vec<pb::AttributeProto> {
    vec![ints("kernel_shape", &window.kernel), ints("strides", &window.stride), ints("pads", &window.pads)]
}

fn int(name: &str, value: usize) -> pb::AttributeProto {
    pb::AttributeProto {
        name: name.into(),
        r#type: AttributeType::Int as i32,
        i: value as i64,
        ..Default::default()
    }
}

fn ints(name: &str, values: &[usize]) -> pb::AttributeProto {
    pb::AttributeProto {
        name: name.into(),
        r#type: AttributeType::Ints as i32,
        ints: values.iter().map(|&value| value as i64).collect(),
        ..Default::default()
    }
}
