//! A parsed file.

use std::collections::HashMap;

use prost::Message;

use crate::proto::{self, Length};
use crate::{Constant, Error, Graph, Node};

/// A parsed file, with its constants as floats.
pub struct Model {
    graph: proto::Graph,
    constants: HashMap<String, Constant>,
}

impl Model {
    /// Reads the bytes of an ONNX file. Constants are initialisers and nodes of type `Constant`.
    ///
    /// # Errors
    /// The bytes are no ONNX model, or a constant is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let graph = proto::Model::decode(bytes)?.graph.ok_or(Error::NoGraph)?;
        let mut constants = HashMap::new();
        for tensor in &graph.initializer {
            constants.insert(tensor.name.clone(), Constant::read(tensor)?);
        }
        for node in graph.node.iter().filter(|node| node.op_type == "Constant") {
            let value = node.attribute.iter().find_map(|attribute| attribute.t.as_ref());
            if let (Some(value), Some(name)) = (value, node.output.first()) {
                constants.insert(name.clone(), Constant::read(value)?);
            }
        }
        Ok(Self { graph, constants })
    }

    /// Name and dimensions of the input; an open dimension is `None`.
    ///
    /// # Errors
    /// There is not exactly one input, or it is not a tensor.
    pub fn input(&self) -> Result<(&str, Vec<Option<usize>>), Error> {
        let inputs = self.graph.input.iter().filter(|input| !self.constants.contains_key(&input.name));
        let inputs: Vec<&proto::ValueInfo> = inputs.collect();
        let [input] = inputs[..] else { return Err(Error::Inputs(inputs.len())) };
        let tensor = input.r#type.as_ref().and_then(|kind| kind.tensor_type.as_ref());
        let tensor = tensor.ok_or_else(|| Error::NoTensor(input.name.clone()))?;
        let dims = tensor.shape.iter().flat_map(|shape| &shape.dim).map(|dimension| match dimension.value {
            Some(Length::Value(length)) if length > 0 => usize::try_from(length).ok(),
            _ => None,
        });
        Ok((&input.name, dims.collect()))
    }

    /// Names of the outputs.
    pub fn outputs(&self) -> impl Iterator<Item = &str> {
        self.graph.output.iter().map(|output| output.name.as_str())
    }

    /// Nodes in the order of the file, which ONNX requires to be topological; no constants.
    pub fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        let nodes = self.graph.node.iter().filter(|node| node.op_type != "Constant");
        nodes.map(|proto| Node::new(proto, &self.constants))
    }

    /// The node that has the name `name`, or whose output has it.
    pub fn node(&self, name: &str) -> Option<Node<'_>> {
        self.nodes().find(|node| node.name() == name || node.output() == name)
    }

    /// All nodes.
    pub fn whole(&self) -> Graph<'_> {
        Graph::new(self.nodes().collect(), self.outputs())
    }

    /// The nodes that `values` depend on; what else is in the file may hold anything.
    pub fn towards<'a>(&'a self, values: &[&'a str]) -> Graph<'a> {
        let mut needed: std::collections::HashSet<&str> = values.iter().copied().collect();
        let nodes: Vec<Node> = self.nodes().collect();
        let mut chosen = Vec::new();
        for node in nodes.into_iter().rev() {
            if needed.contains(node.output()) {
                needed.extend(node.inputs());
                chosen.push(node);
            }
        }
        chosen.reverse();
        Graph::new(chosen, values.iter().copied())
    }
}
