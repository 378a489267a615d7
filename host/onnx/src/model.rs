//! A parsed file.

use std::cell::Cell;
use std::collections::HashMap;

use prost::Message;

use crate::node::Asked;
use crate::proto::{self, Length};
use crate::{Constant, Error, Graph, Node, names};

/// The newest version of ONNX's operators whose meaning is known here.
const NEWEST_OPSET: i64 = 25;

/// A parsed file, with its constants as floats.
pub struct Model {
    graph: proto::Graph,
    constants: HashMap<String, Constant>,
    /// What readers asked of each node.
    asked: Vec<Cell<Asked>>,
    /// Whether a node was evaluated, and its output is a constant.
    evaluated: Vec<bool>,
}

impl Model {
    /// Reads the bytes of an ONNX file.
    ///
    /// Constants are initialisers, and what [`Node::evaluate`] makes of nodes that read nothing else.
    ///
    /// # Errors
    /// The bytes are no ONNX model, its opset is not known, two values have one name, or a constant is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let proto::Model { graph, opset_import, .. } = proto::Model::decode(bytes)?;
        let graph = graph.ok_or(Error::NoGraph)?;
        let own = opset_import.iter().filter(|set| matches!(&*set.domain, "" | "ai.onnx"));
        if let Some(version) = own.map(|set| set.version).find(|&version| version > NEWEST_OPSET) {
            return Err(Error::Opset { version, newest: NEWEST_OPSET });
        }
        names::check(&graph)?;
        let mut constants = HashMap::new();
        for tensor in &graph.initializer {
            constants.insert(tensor.name.clone(), Constant::read(tensor)?);
        }
        let asked = vec![Cell::default(); graph.node.len()];
        let mut model = Self { evaluated: vec![false; graph.node.len()], graph, constants, asked };
        for index in 0..model.graph.node.len() {
            let node = model.at(index);
            if !(0..node.arity()).all(|input| node.is_constant(input)) {
                continue;
            }
            let value = node.evaluate(&|input| node.constant(input));
            // What cannot be evaluated stays a node, which a reader refuses by name.
            if let Some(Ok(value)) = value
                && node.finish().is_ok()
            {
                let name = node.output().to_owned();
                model.constants.insert(name, value);
                model.evaluated[index] = true;
            }
        }
        Ok(model)
    }

    /// Name and dimensions of the input; an open dimension is `None`.
    ///
    /// # Errors
    /// There is not exactly one input, or it is not a tensor of floats.
    pub fn input(&self) -> Result<(&str, Vec<Option<usize>>), Error> {
        let inputs = self.graph.input.iter().filter(|input| !self.constants.contains_key(&input.name));
        let inputs: Vec<&proto::ValueInfo> = inputs.collect();
        let [input] = inputs[..] else { return Err(Error::Inputs(inputs.len())) };
        let tensor = input.r#type.as_ref().and_then(|kind| kind.tensor_type.as_ref());
        let tensor = tensor.ok_or_else(|| Error::NoTensor(input.name.clone()))?;
        let kind = proto::DataType::try_from(tensor.elem_type).unwrap_or(proto::DataType::Undefined);
        use proto::DataType::{Double, Float, Float16, Undefined};
        if !matches!(kind, Float | Double | Float16 | Undefined) {
            return Err(Error::NoFloats(input.name.clone(), kind));
        }
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
        (0..self.graph.node.len()).filter(|&index| !self.evaluated[index]).map(|index| self.at(index))
    }

    fn at(&self, index: usize) -> Node<'_> {
        Node::new(&self.graph.node[index], &self.constants, &self.asked[index])
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
