//! An ONNX file as nodes, attributes and constants.

use std::collections::HashMap;

use tract_onnx::pb;
use tract_onnx::prelude::{Framework, TractResult};

use crate::Error;

/// A constant of the file.
#[derive(Clone, Debug)]
pub struct Constant {
    /// Dimensions.
    pub dims: Vec<usize>,
    /// Values; integers are converted.
    pub values: Vec<f32>,
}

/// A parsed file.
pub struct Model {
    graph: pb::GraphProto,
    constants: HashMap<String, Constant>,
}

impl Model {
    /// Reads the bytes of an ONNX file.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let reason = |e: &dyn std::fmt::Display| Error::Parse(e.to_string());
        let onnx = tract_onnx::onnx();
        let proto = onnx.proto_model_for_read(&mut &bytes[..]).map_err(|e| reason(&e))?;
        let graph = proto.graph.ok_or_else(|| reason(&"it holds no graph"))?;
        let mut constants = HashMap::new();
        for tensor in &graph.initializer {
            constants.insert(tensor.name.clone(), constant(tensor)?);
        }
        for node in graph.node.iter().filter(|node| node.op_type == "Constant") {
            let value = node.attribute.iter().find_map(|a| a.t.as_ref());
            if let (Some(value), Some(name)) = (value, node.output.first()) {
                constants.insert(name.clone(), constant(value)?);
            }
        }
        Ok(Self { graph, constants })
    }

    /// Name and dimensions of the input; an unknown dimension is `None`.
    pub fn input(&self) -> Result<(String, Vec<Option<usize>>), Error> {
        let mut inputs = self.graph.input.iter().filter(|i| !self.constants.contains_key(&i.name));
        let (Some(input), None) = (inputs.next(), inputs.next()) else {
            return Err(Error::Parse("it needs exactly one input".into()));
        };
        use pb::tensor_shape_proto::dimension::Value;
        use pb::type_proto::Value as Type;
        let Some(Type::TensorType(tensor)) = input.r#type.as_ref().and_then(|t| t.value.as_ref()) else {
            return Err(Error::Parse(format!("input {} is not a tensor", input.name)));
        };
        let dims = tensor.shape.iter().flat_map(|shape| &shape.dim).map(|dim| match dim.value {
            Some(Value::DimValue(n)) if n > 0 => Some(n as usize),
            _ => None,
        });
        Ok((input.name.clone(), dims.collect()))
    }

    /// Names of the outputs.
    pub fn outputs(&self) -> impl Iterator<Item = &str> {
        self.graph.output.iter().map(|output| output.name.as_str())
    }

    /// Nodes in the order of the file, which ONNX requires to be topological; no constants.
    pub fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        let nodes = self.graph.node.iter().filter(|node| node.op_type != "Constant");
        nodes.map(|proto| Node { proto, constants: &self.constants })
    }
}

/// A node with access to its attributes and constants.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    proto: &'a pb::NodeProto,
    constants: &'a HashMap<String, Constant>,
}

impl<'a> Node<'a> {
    /// The ONNX operator.
    pub fn operator(&self) -> &'a str {
        &self.proto.op_type
    }

    /// Its name, or that of its first output where it has none.
    pub fn name(&self) -> &'a str {
        if self.proto.name.is_empty() { self.output() } else { &self.proto.name }
    }

    /// Name of input `index`; none where it is left out.
    pub fn input(&self, index: usize) -> Option<&'a str> {
        self.proto.input.get(index).map(String::as_str).filter(|name| !name.is_empty())
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.proto.input.len()
    }

    /// Name of the first output.
    pub fn output(&self) -> &'a str {
        self.proto.output.first().map_or("", String::as_str)
    }

    /// Input `index` as a constant.
    pub fn constant(&self, index: usize) -> Option<&'a Constant> {
        self.constants.get(self.input(index)?)
    }

    /// An attribute of integers.
    pub fn ints(&self, name: &str) -> Option<Vec<usize>> {
        let ints = &self.attribute(name)?.ints;
        Some(ints.iter().map(|&i| i.max(0) as usize).collect())
    }

    /// An attribute that is one integer.
    pub fn int(&self, name: &str) -> Option<i64> {
        self.attribute(name).map(|a| a.i)
    }

    /// An attribute that is one number.
    pub fn float(&self, name: &str) -> Option<f32> {
        self.attribute(name).map(|a| a.f)
    }

    /// An attribute that is a word.
    pub fn word(&self, name: &str) -> Option<String> {
        self.attribute(name).map(|a| String::from_utf8_lossy(&a.s).into_owned())
    }

    fn attribute(&self, name: &str) -> Option<&'a pb::AttributeProto> {
        self.proto.attribute.iter().find(|a| a.name == name)
    }
}

/// A tensor of the file as floats.
fn constant(tensor: &pb::TensorProto) -> Result<Constant, Error> {
    let load = || -> TractResult<Constant> {
        let resolver = &*tract_onnx::onnx().provider;
        let tensor = tract_onnx::tensor::load_tensor(resolver, tensor, None)?;
        let floats = tensor.cast_to::<f32>()?;
        let view = floats.to_plain_array_view::<f32>()?;
        Ok(Constant { dims: view.shape().to_vec(), values: view.iter().copied().collect() })
    };
    load().map_err(|e| Error::Parse(format!("constant {}: {e}", tensor.name)))
}
