//! The values of an ONNX file while it is lowered.

use std::collections::{HashMap, HashSet};

use kernels::Shape;

use crate::Error;
use crate::graph::{Graph, Node, Operator, Tensor, TensorId};
use crate::onnx;

/// How the file sees a tensor that the engine keeps as NHWC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Batch, channels, height, width: as ONNX has it.
    Nchw,
    /// Batch, height, width, channels: after a `Transpose`.
    Nhwc,
    /// One dimension in the order of NCHW: after a `Flatten`.
    Flat,
    /// One dimension a pixel, or one, in the order of NHWC.
    FlatNhwc,
}

/// A value of the file.
#[derive(Clone, Copy, Debug)]
pub struct Value {
    /// The tensor of the graph.
    pub tensor: TensorId,
    /// Its shape.
    pub shape: Shape,
    /// How the file sees it.
    pub view: View,
    /// A sigmoid has been left to whoever reads the output.
    pub sigmoid: bool,
}

/// The graph as far as it is built.
pub struct Lowering {
    /// The graph.
    pub graph: Graph,
    values: HashMap<String, (TensorId, View, bool)>,
    uses: HashMap<String, usize>,
    /// Values that are shapes of tensors, or made of such.
    shapes: HashSet<String>,
}

impl Lowering {
    /// Starts with a graph that has just its input, called `name`, for the nodes of `model`.
    pub fn new(graph: Graph, name: String, model: &onnx::Model) -> Self {
        let mut uses = HashMap::new();
        let inputs = model.nodes().flat_map(|node| (0..node.inputs()).filter_map(move |i| node.input(i)));
        for name in inputs.chain(model.outputs()) {
            *uses.entry(name.to_owned()).or_default() += 1;
        }
        Self {
            graph,
            values: HashMap::from([(name, (Graph::INPUT, View::Nchw, false))]),
            uses,
            shapes: HashSet::new(),
        }
    }

    /// The value called `name`.
    pub fn value(&self, name: &str) -> Option<Value> {
        let &(tensor, view, sigmoid) = self.values.get(name)?;
        Some(Value { tensor, shape: self.graph.tensors[tensor].shape, view, sigmoid })
    }

    /// Input `index` of `node`, which must be computed and not constant.
    pub fn input(&self, node: &onnx::Node, index: usize) -> Result<Value, Error> {
        let name = node.input(index).unwrap_or("");
        self.value(name).ok_or_else(|| invalid(node, format!("input \"{name}\" is not computed before")))
    }

    /// Input `index` of `node`, as a feature map.
    pub fn feature_map(&self, node: &onnx::Node, index: usize) -> Result<Value, Error> {
        let value = self.input(node, index)?;
        match value.view {
            View::Nchw if !value.sigmoid => Ok(value),
            _ => Err(self.unsupported(node, "its input was transposed, flattened or put through a sigmoid")),
        }
    }

    /// Adds an operator and calls its output by the name that `node` gives it.
    pub fn push(&mut self, node: &onnx::Node, operator: Operator, inputs: Vec<TensorId>, shape: Shape) {
        let output = self.graph.tensors.len();
        self.graph.tensors.push(Tensor { name: node.output().into(), shape });
        self.graph.nodes.push(Node { operator, inputs, output });
        self.values.insert(node.output().into(), (output, View::Nchw, false));
    }

    /// Calls `tensor` by the name that `node` gives its output.
    pub fn alias(&mut self, node: &onnx::Node, tensor: TensorId, view: View, sigmoid: bool) {
        self.values.insert(node.output().into(), (tensor, view, sigmoid));
    }

    /// The node that writes input 0 of `node`, if nothing else reads that value: what `node` does
    /// can then be folded into it.
    pub fn foldable(&mut self, node: &onnx::Node) -> Option<&mut Operator> {
        let name = node.input(0)?;
        let &(tensor, view, sigmoid) = self.values.get(name)?;
        if view != View::Nchw || sigmoid || self.uses.get(name) != Some(&1) {
            return None;
        }
        let writer = self.graph.writer(tensor)?;
        Some(&mut self.graph.nodes[writer].operator)
    }

    /// Whether `node` computes with the shapes of tensors, and not with their values.
    pub fn is_shape(&self, node: &onnx::Node) -> bool {
        let shape = |i: usize| node.input(i).is_some_and(|name| self.shapes.contains(name));
        node.operator() == "Shape" || (0..node.inputs()).any(shape)
    }

    /// Calls the output of `node` a shape.
    pub fn shape(&mut self, node: &onnx::Node) {
        self.shapes.insert(node.output().into());
    }

    /// The error that `node` is something the engine cannot do.
    pub fn unsupported(&self, node: &onnx::Node, reason: &str) -> Error {
        let shape = node.input(0).and_then(|name| self.value(name));
        Error::Unsupported {
            node: node.name().into(),
            operator: node.operator().into(),
            shape: shape.map_or("?".into(), |v| v.shape.to_string()),
            reason: reason.into(),
        }
    }
}

/// An error at `node`.
pub fn invalid(node: &onnx::Node, reason: impl Into<String>) -> Error {
    Error::Invalid { node: node.name().into(), reason: reason.into() }
}
