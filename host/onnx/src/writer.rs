//! Builds a file, node by node.

use prost::Message;

use crate::Window;
use crate::proto::{self, AttributeType, DataType, Length};

/// A dimension of an input or output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension<'a> {
    /// Of this length.
    Fixed(usize),
    /// Open, under this name.
    Open(&'a str),
}

/// An attribute of a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Attribute<'a> {
    /// An integer.
    Int(&'a str, i64),
    /// Integers.
    Ints(&'a str, &'a [i64]),
    /// A number.
    Float(&'a str, f32),
    /// Numbers.
    Floats(&'a str, &'a [f32]),
    /// A word.
    Text(&'a str, &'a str),
    /// A window's `kernel_shape`, `strides` and `pads`.
    Window(&'a Window),
}

/// A file under construction.
pub struct Writer {
    model: proto::Model,
    graph: proto::Graph,
}

impl Writer {
    /// A file of a network `name`, of this version of the format and of the operators.
    pub fn new(name: &str, ir_version: i64, opset: i64) -> Self {
        let opset_import = vec![proto::OperatorSet { domain: String::new(), version: opset }];
        Self {
            model: proto::Model { ir_version, opset_import, ..Default::default() },
            graph: proto::Graph { name: name.into(), ..Default::default() },
        }
    }

    /// Says which program writes the file.
    pub fn producer(&mut self, name: &str, version: &str) {
        (self.model.producer_name, self.model.producer_version) = (name.into(), version.into());
    }

    /// Adds an input, a tensor of floats.
    pub fn input(&mut self, name: &str, dims: &[Dimension]) {
        self.graph.input.push(value(name, dims));
    }

    /// Adds an output, a tensor of floats.
    pub fn output(&mut self, name: &str, dims: &[Dimension]) {
        self.graph.output.push(value(name, dims));
    }

    /// Adds a constant.
    pub fn constant(&mut self, name: &str, dims: &[usize], values: &[f32]) {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.tensor(name, dims, DataType::Float, bytes);
    }

    /// Adds a constant of integers, as shapes and axes are.
    pub fn integers(&mut self, name: &str, dims: &[usize], values: &[i64]) {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.tensor(name, dims, DataType::Int64, bytes);
    }

    /// Adds a constant of this type, its values as little-endian bytes.
    pub fn tensor(&mut self, name: &str, dims: &[usize], kind: DataType, bytes: Vec<u8>) {
        self.graph.initializer.push(proto::Tensor {
            name: name.into(),
            dims: dims.iter().map(|&side| side as i64).collect(),
            data_type: kind as i32,
            raw_data: bytes,
            ..Default::default()
        });
    }

    /// Adds a node, whose output has its name.
    pub fn node(&mut self, operator: &str, name: &str, inputs: &[&str], attributes: &[Attribute]) {
        self.graph.node.push(proto::Node {
            op_type: operator.into(),
            name: name.into(),
            input: inputs.iter().map(|&input| input.into()).collect(),
            output: vec![name.into()],
            attribute: attributes.iter().flat_map(attribute).collect(),
            ..Default::default()
        });
    }

    /// The bytes of the file.
    pub fn finish(self) -> Vec<u8> {
        proto::Model { graph: Some(self.graph), ..self.model }.encode_to_vec()
    }
}

fn value(name: &str, dims: &[Dimension]) -> proto::ValueInfo {
    let length = |dimension: &Dimension| match *dimension {
        Dimension::Fixed(length) => Length::Value(length as i64),
        Dimension::Open(name) => Length::Parameter(name.into()),
    };
    let dim = dims.iter().map(|dimension| proto::Dimension { value: Some(length(dimension)) }).collect();
    let tensor = proto::TensorType { elem_type: DataType::Float as i32, shape: Some(proto::Shape { dim }) };
    proto::ValueInfo { name: name.into(), r#type: Some(proto::Type { tensor_type: Some(tensor) }) }
}

/// The messages of an attribute: a window is three of them.
fn attribute(attribute: &Attribute) -> Vec<proto::Attribute> {
    let of = |name: &str, kind: AttributeType| proto::Attribute {
        name: name.into(),
        r#type: kind as i32,
        ..Default::default()
    };
    let ints =
        |name: &str, values: Vec<i64>| proto::Attribute { ints: values, ..of(name, AttributeType::Ints) };
    let sides = |name: &str, sides: &[usize]| ints(name, sides.iter().map(|&side| side as i64).collect());
    match *attribute {
        Attribute::Int(name, i) => vec![proto::Attribute { i, ..of(name, AttributeType::Int) }],
        Attribute::Ints(name, values) => vec![ints(name, values.to_vec())],
        Attribute::Floats(name, values) => {
            vec![proto::Attribute { floats: values.to_vec(), ..of(name, AttributeType::Floats) }]
        }
        Attribute::Text(name, word) => {
            vec![proto::Attribute { s: word.into(), ..of(name, AttributeType::String) }]
        }
        Attribute::Float(name, f) => vec![proto::Attribute { f, ..of(name, AttributeType::Float) }],
        Attribute::Window(window) => vec![
            sides("kernel_shape", &window.kernel),
            sides("strides", &window.stride),
            sides("pads", &window.pads),
        ],
    }
}
