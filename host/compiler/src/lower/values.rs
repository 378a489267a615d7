//! The values of an ONNX file while it is lowered.

use std::collections::HashMap;

use kernels::Shape;
use onnx::{Axis, Constant, Node, Problem, Quantization, Values};

use super::layout::Layout;
use crate::Error;
use crate::graph::{self, Function, GateFunction, Graph, Operator, Tensor, TensorId};

/// What is still to be done to a tensor to get the value of the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rest {
    /// Nothing.
    None,
    /// A function that the engine computes in a gate only.
    Gate(GateFunction),
    /// The tensor's values become shares of their exponentials.
    Softmax,
    /// Each value of the tensor is squared.
    Squares,
    /// The sum of the tensor's squares.
    SquaredLength,
    /// The square root of the sum of the tensor's squares.
    Length,
    /// One divided by that square root.
    InverseLength,
    /// The tensor is divided by its length.
    Normalized,
}

impl Rest {
    /// What the file does to the tensor, and where alone it may.
    fn why_not(self) -> &'static str {
        match self {
            Self::None | Self::Gate(_) => "",
            Self::Softmax => "its input is a softmax, which only an output can be",
            Self::Normalized => "its input is normalised, which only an output can be",
            Self::Squares | Self::SquaredLength | Self::Length | Self::InverseLength => {
                "its input belongs to the length of a row; only a division of that row by it, as the last step, is supported"
            }
        }
    }

    /// Whether it is one number for the whole tensor.
    pub fn is_length(self) -> bool {
        matches!(self, Self::SquaredLength | Self::Length | Self::InverseLength)
    }
}

/// A value of the file.
#[derive(Clone, Debug)]
pub struct Value {
    /// The tensor of the graph.
    pub tensor: TensorId,
    /// Its shape.
    pub shape: Shape,
    /// How the file sees it.
    pub layout: Layout,
    /// What is still to be done to it.
    pub rest: Rest,
}

impl Value {
    /// Where `constant`, of which there is one a channel or one for all values, finds the channels of the tensor: one for
    /// all values needs no dimension that counts them.
    pub fn axis_for(&self, constant: Option<&Constant>) -> Result<Axis, Problem> {
        match constant {
            Some(constant) if constant.values.len() != 1 => self.channels(),
            _ => Ok(Axis { rank: self.layout.dims.len(), index: 0, length: self.shape.channels }),
        }
    }

    /// Where the file has the channels of the tensor.
    pub fn channels(&self) -> Result<Axis, Problem> {
        self.layout.channels(self.shape).ok_or_else(|| {
            let dims = &self.layout.dims;
            Problem::Unsupported(format!("no dimension of its input, {dims:?}, counts the channels alone"))
        })
    }
}

/// The graph as far as it is built.
pub struct Lowering<'a> {
    /// The graph.
    pub graph: Graph,
    /// The pictures that the file takes at once; the engine runs one.
    pub batch: usize,
    /// Whether a node may be folded into another. Without it, each node of the file that computes becomes an operator.
    pub folds: bool,
    file: &'a onnx::Graph<'a>,
    values: Values<'a, (TensorId, Layout, Rest)>,
    /// Values that are known because the shapes of tensors are.
    known: HashMap<&'a str, Constant>,
    /// Values in 8 bits, which only a `DequantizeLinear` can read.
    quantized: HashMap<&'a str, Quantization>,
    /// What an `Expand` repeats, and to which dimensions.
    expanded: HashMap<&'a str, (Value, Vec<usize>)>,
    /// What was padded by zeros: of which tensor, and how wide above, to the left, below, and to the right.
    pub paddings: HashMap<TensorId, (TensorId, [usize; 4])>,
}

impl<'a> Lowering<'a> {
    /// Starts with a graph that has just its input, called `name`, for the nodes of `file`.
    pub fn new(graph: Graph, name: &'a str, layout: Layout, file: &'a onnx::Graph<'a>, folds: bool) -> Self {
        let batch = layout.dims[0];
        let values = Values::new(name, (Graph::INPUT, layout, Rest::None));
        Self {
            graph,
            batch,
            folds,
            file,
            values,
            known: HashMap::new(),
            quantized: HashMap::new(),
            expanded: HashMap::new(),
            paddings: HashMap::new(),
        }
    }

    /// The value called `name`.
    pub fn value(&self, name: &str) -> Option<Value> {
        self.values.get(name).map(|entry| self.shaped(entry))
    }

    fn shaped(&self, (tensor, layout, rest): (TensorId, Layout, Rest)) -> Value {
        Value { tensor, shape: self.graph.tensors[tensor].shape, layout, rest }
    }

    /// Input `index` of `node`, which must be computed, whatever is still to be done to it.
    pub fn any_input(&self, node: &Node<'a>, index: usize) -> Result<Value, Problem> {
        if node.peek(index).is_some_and(|name| self.expanded.contains_key(name)) {
            let reason = "its input was repeated by an Expand, which only a gate and a length can be";
            return Err(Problem::unsupported(reason));
        }
        if let Some(name) = node.peek(index).filter(|name| self.known.contains_key(*name)) {
            return Err(Problem::Unsupported(format!(
                "its input \"{name}\" follows from the dimensions of a value; only a constant of the file is taken here"
            )));
        }
        match node.peek(index).is_some_and(|name| self.quantized.contains_key(name)) {
            true => Err(Problem::unsupported("its input is quantized, which only DequantizeLinear can read")),
            false => self.values.input(node, index).map(|entry| self.shaped(entry)),
        }
    }

    /// Input `index` of `node`, which is combined with a value of dimensions `dims`: what an `Expand` to these dimensions
    /// repeats is repeated all the same without it.
    pub fn repeated_input(&self, node: &Node<'a>, index: usize, dims: &[usize]) -> Result<Value, Problem> {
        match node.peek(index).and_then(|name| self.expanded.get(name)) {
            Some((value, to)) if to == dims => {
                node.input(index);
                Ok(value.clone())
            }
            _ => self.any_input(node, index),
        }
    }

    /// Whether input `index` of `node` was repeated by an `Expand`.
    pub fn is_expanded(&self, node: &Node<'a>, index: usize) -> bool {
        node.peek(index).is_some_and(|name| self.expanded.contains_key(name))
    }

    /// Calls `value`, repeated to `dims`, by the name that `node` gives its output.
    pub fn expand(&mut self, node: &Node<'a>, value: Value, dims: Vec<usize>) {
        self.expanded.insert(node.output(), (value, dims));
    }

    /// Input 0 of a `DequantizeLinear`: the value, and how it was quantized.
    pub fn quantized_input(&self, node: &Node<'a>) -> Result<(Value, Quantization), Problem> {
        let value = self.values.input(node, 0).map(|entry| self.shaped(entry))?;
        let quantization = node.peek(0).and_then(|name| self.quantized.get(name));
        let quantization = quantization.ok_or_else(|| Problem::invalid("its input is not quantized"))?;
        Ok((value, *quantization))
    }

    /// Calls `value`, quantized, by the name that `node` gives its output.
    pub fn quantize(&mut self, node: &Node<'a>, value: Value, quantization: Quantization) {
        self.alias(node, value);
        self.quantized.insert(node.output(), quantization);
    }

    /// Whether the value called `name` is in 8 bits.
    pub fn is_quantized(&self, name: &str) -> bool {
        self.quantized.contains_key(name)
    }

    /// Input `index` of `node`, which must be computed, and finished.
    pub fn input(&mut self, node: &Node<'a>, index: usize) -> Result<Value, Problem> {
        let value = self.any_input(node, index)?;
        self.finished(node, index, value)
    }

    /// `value`, which is input `index` of `node`, with nothing left to do: a sigmoid gets an operator and a tensor.
    pub fn finished(&mut self, node: &Node<'a>, index: usize, value: Value) -> Result<Value, Problem> {
        match value.rest {
            Rest::None => Ok(value),
            Rest::Gate(gate) => {
                let function = Function { gate, factor: 1.0, times_value: false };
                let name = node.peek(index).unwrap_or_default();
                let tensor =
                    self.graph.push(name, Operator::Table(function), vec![value.tensor], value.shape);
                Ok(Value { tensor, rest: Rest::None, ..value })
            }
            rest => Err(Problem::unsupported(rest.why_not())),
        }
    }

    /// Input `index` of `node`, as a feature map.
    pub fn feature_map(&mut self, node: &Node<'a>, index: usize) -> Result<Value, Problem> {
        let value = self.input(node, index)?;
        match value.layout.is_map(self.batch, value.shape) {
            true => Ok(value),
            false => {
                let reason = format!(
                    "its input has the dimensions {:?}; batch, channels, height and width are \
                                      expected in this order",
                    value.layout.dims
                );
                Err(Problem::Unsupported(reason))
            }
        }
    }

    /// Input `index` of `node`, where it is a constant or known.
    pub fn constant(&self, node: &Node<'a>, index: usize) -> Option<&Constant> {
        node.constant(index).or_else(|| self.known.get(node.input(index)?))
    }

    /// Whether every input of `node` is a constant or known.
    pub fn is_known(&self, node: &Node<'a>) -> bool {
        let is_known = |index| match node.peek(index) {
            Some(name) => node.is_constant(index) || self.known.contains_key(name),
            None => true,
        };
        (0..node.arity()).all(is_known)
    }

    /// Calls `value` by the name that `node` gives its output.
    pub fn know(&mut self, node: &Node<'a>, value: Constant) {
        self.known.insert(node.output(), value);
    }

    /// Adds an operator and calls its output by the name that `node` gives it.
    pub fn push(
        &mut self,
        node: &Node<'a>,
        operator: Operator,
        inputs: Vec<TensorId>,
        shape: Shape,
        layout: Layout,
    ) {
        let output = self.graph.push(node.output(), operator, inputs, shape);
        self.values.set(node, (output, layout, Rest::None));
    }

    /// Adds an operator whose output is a feature map.
    pub fn push_map(&mut self, node: &Node<'a>, operator: Operator, inputs: Vec<TensorId>, shape: Shape) {
        self.push(node, operator, inputs, shape, Layout::map(self.batch, shape));
    }

    /// Calls `value` by the name that `node` gives its output.
    pub fn alias(&mut self, node: &Node<'a>, value: Value) {
        self.values.set(node, (value.tensor, value.layout, value.rest));
    }

    /// The operator that writes `value`, input `index` of `node`, if only `node` reads that value: what `node` does can
    /// then be folded into it.
    pub fn foldable(&mut self, node: &Node<'a>, index: usize, value: &Value) -> Option<&mut Operator> {
        if !self.folds || !self.is_read_once(node, index) {
            return None;
        }
        let writer = self.graph.writer(value.tensor)?;
        Some(&mut self.graph.nodes[writer].operator)
    }

    /// Whether only `node` reads its input `index`.
    pub fn is_read_once(&self, node: &Node<'a>, index: usize) -> bool {
        node.input(index).is_some_and(|name| self.file.is_read_once(name))
    }

    /// The error that `node` has a problem.
    pub fn refuse(&self, node: &Node, problem: Problem) -> Error {
        let shape = node.inputs().find_map(|name| self.value(name));
        match problem {
            Problem::Invalid(reason) => Error::Invalid { node: node.name().into(), reason },
            Problem::Unsupported(reason) => Error::Unsupported {
                node: node.name().into(),
                operator: node.operator().into(),
                shape: shape.map_or("?".into(), |value| value.shape.to_string()),
                reason,
            },
        }
    }
}

impl Graph {
    /// Adds an operator; gives its output, which is called `name`.
    pub(super) fn push(
        &mut self,
        name: &str,
        operator: Operator,
        inputs: Vec<TensorId>,
        shape: Shape,
    ) -> TensorId {
        let output = self.tensors.len();
        self.tensors.push(Tensor { name: name.into(), shape });
        self.nodes.push(graph::Node { operator, inputs, output });
        output
    }
}
