//! The values of an ONNX file while it is lowered.

use std::collections::HashSet;

use kernels::Shape;
use onnx::{Node, Problem, Values};

use crate::Error;
use crate::graph::{self, Graph, Operator, Tensor, TensorId};

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
    /// A sigmoid is still to be applied, by the code that reads the output.
    pub sigmoid: bool,
}

/// The graph as far as it is built.
pub struct Lowering<'a> {
    /// The graph.
    pub graph: Graph,
    file: &'a onnx::Graph<'a>,
    values: Values<'a, Entry>,
    /// Values that are shapes of tensors, or made of such.
    shapes: HashSet<&'a str>,
}

/// A tensor, how the file sees it, and whether a sigmoid was left to its reader.
type Entry = (TensorId, View, bool);

impl<'a> Lowering<'a> {
    /// Starts with a graph that has just its input, called `name`, for the nodes of `file`.
    pub fn new(graph: Graph, name: &'a str, file: &'a onnx::Graph<'a>) -> Self {
        let values = Values::new(name, (Graph::INPUT, View::Nchw, false));
        Self { graph, file, values, shapes: HashSet::new() }
    }

    /// The value called `name`.
    pub fn value(&self, name: &str) -> Option<Value> {
        self.values.get(name).map(|entry| self.shaped(entry))
    }

    /// Input `index` of `node`, which must be computed and not constant.
    pub fn input(&self, node: &Node<'a>, index: usize) -> Result<Value, Error> {
        let entry = self.values.input(node, index);
        entry.map(|entry| self.shaped(entry)).map_err(|problem| self.refuse(node, problem))
    }

    fn shaped(&self, (tensor, view, sigmoid): Entry) -> Value {
        Value { tensor, shape: self.graph.tensors[tensor].shape, view, sigmoid }
    }

    /// Input `index` of `node`, as a feature map.
    pub fn feature_map(&self, node: &Node<'a>, index: usize) -> Result<Value, Error> {
        let value = self.input(node, index)?;
        match value.view {
            View::Nchw if !value.sigmoid => Ok(value),
            _ => Err(self.unsupported(node, "its input was transposed, flattened or put through a sigmoid")),
        }
    }

    /// Adds an operator and calls its output by the name that `node` gives it.
    pub fn push(&mut self, node: &Node<'a>, operator: Operator, inputs: Vec<TensorId>, shape: Shape) {
        let output = self.graph.tensors.len();
        self.graph.tensors.push(Tensor { name: node.output().into(), shape });
        self.graph.nodes.push(graph::Node { operator, inputs, output });
        self.values.set(node, (output, View::Nchw, false));
    }

    /// Calls `tensor` by the name that `node` gives its output.
    pub fn alias(&mut self, node: &Node<'a>, tensor: TensorId, view: View, sigmoid: bool) {
        self.values.set(node, (tensor, view, sigmoid));
    }

    /// The operator that writes input 0 of `node`, if only `node` reads that value: what `node` does
    /// can then be folded into it.
    pub fn foldable(&mut self, node: &Node<'a>) -> Option<&mut Operator> {
        let name = node.input(0)?;
        let (tensor, view, sigmoid) = self.values.get(name)?;
        if view != View::Nchw || sigmoid || !self.file.is_read_once(name) {
            return None;
        }
        let writer = self.graph.writer(tensor)?;
        Some(&mut self.graph.nodes[writer].operator)
    }

    /// Whether `node` computes with the shapes of tensors, and not with their values.
    pub fn is_shape(&self, node: &Node<'a>) -> bool {
        node.operator() == "Shape" || node.inputs().any(|name| self.shapes.contains(name))
    }

    /// Calls the output of `node` a shape.
    pub fn shape(&mut self, node: &Node<'a>) {
        self.shapes.insert(node.output());
    }

    /// The error that `node` is something the engine cannot do.
    pub fn unsupported(&self, node: &Node, reason: &str) -> Error {
        let shape = node.input(0).and_then(|name| self.value(name));
        Error::Unsupported {
            node: node.name().into(),
            operator: node.operator().into(),
            shape: shape.map_or("?".into(), |v| v.shape.to_string()),
            reason: reason.into(),
        }
    }

    /// The error that `node` has a problem.
    pub fn refuse(&self, node: &Node, problem: Problem) -> Error {
        match problem {
            Problem::Invalid(reason) => invalid(node, reason),
            Problem::Unsupported(reason) => self.unsupported(node, &reason),
        }
    }
}

/// An error at `node`.
pub fn invalid(node: &Node, reason: impl Into<String>) -> Error {
    Error::Invalid { node: node.name().into(), reason: reason.into() }
}
