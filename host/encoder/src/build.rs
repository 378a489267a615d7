//! Puts a network together, node by node, with its shapes checked and its weights drawn.

use autodiff::{Parameter, Role, Shape, Window};
use fastrand::Rng;

use crate::graph::{Activation, Graph, Node, Normalization, Operator, ParameterId, Preprocessing, ValueId};

/// Slope below zero that a PReLU begins with (He et al. 2015).
const SLOPE: f32 = 0.25;

/// Keeps a new normalisation's variance from zero.
pub const EPSILON: f32 = 1e-5;

/// A network under construction.
pub struct Builder {
    graph: Graph,
}

impl Builder {
    /// Of nothing but its picture.
    pub fn new(input: Shape, preprocessing: Preprocessing) -> Self {
        Self { graph: Graph { input, preprocessing, nodes: Vec::new(), parameters: Vec::new() } }
    }

    /// Goes on with a network.
    pub fn of(graph: Graph) -> Self {
        Self { graph }
    }

    /// What there is so far.
    pub fn graph(&mut self) -> &mut Graph {
        &mut self.graph
    }

    /// The network.
    pub fn finish(self) -> Graph {
        self.graph
    }

    /// Adds a parameter.
    pub fn parameter(&mut self, name: String, role: Role, values: Vec<f32>) -> ParameterId {
        self.graph.parameters.push(Parameter { name, role, values });
        self.graph.parameters.len() - 1
    }

    /// Adds a node, or says why its inputs do not fit.
    pub fn push(&mut self, name: &str, operator: Operator, inputs: Vec<ValueId>) -> Result<ValueId, String> {
        let shapes: Vec<Shape> = inputs.iter().map(|&input| self.graph.shape(input)).collect();
        let shape = self.shape(&operator, &shapes)?;
        self.graph.nodes.push(Node { name: name.into(), operator, inputs, shape });
        Ok(self.graph.nodes.len())
    }

    fn shape(&self, operator: &Operator, inputs: &[Shape]) -> Result<Shape, String> {
        let input = inputs[0];
        let size = |window: &Window| {
            let size = window.output([input.height, input.width]);
            size.ok_or_else(|| format!("its window is larger than its input of {input}"))
        };
        match operator {
            Operator::Convolution { window, depthwise, weights, .. } => {
                let taps = window.kernel[0] * window.kernel[1];
                let row = if *depthwise { 1 } else { input.channels };
                let outputs = self.graph.values(*weights).len() / (taps * row);
                if *depthwise && outputs != input.channels {
                    return Err(format!("it has {outputs} filters for {} channels", input.channels));
                }
                let [height, width] = size(window)?;
                Ok(Shape { height, width, channels: outputs })
            }
            Operator::MaxPool(window) => {
                let [height, width] = size(window)?;
                Ok(Shape { height, width, ..input })
            }
            Operator::AveragePool => Ok(Shape { height: 1, width: 1, ..input }),
            Operator::Add if inputs[1] != input => Err(format!("it adds {} to {input}", inputs[1])),
            Operator::Multiply
                if inputs[1] != input && inputs[1] != (Shape { height: 1, width: 1, ..input }) =>
            {
                Err(format!("it multiplies {input} by {}", inputs[1]))
            }
            _ => Ok(input),
        }
    }

    /// A convolution with weights drawn so that their sums keep the spread of their inputs (He et al.
    /// 2015), evenly, which every machine draws the same. Its bias, if it has one, is zero.
    pub fn convolution(
        &mut self,
        name: &str,
        input: ValueId,
        window: Window,
        outputs: Option<usize>,
        bias: bool,
        random: &mut Rng,
    ) -> Result<ValueId, String> {
        let channels = self.graph.shape(input).channels;
        let taps = window.kernel[0] * window.kernel[1];
        let depth = if outputs.is_some() { taps * channels } else { taps };
        let count = outputs.map_or(taps * channels, |outputs| depth * outputs);
        let bound = (6.0 / depth as f32).sqrt();
        let weights = (0..count).map(|_| (random.f32() * 2.0 - 1.0) * bound).collect();
        let weights = self.parameter(format!("{name}.weight"), Role::Weight, weights);
        let zeros = vec![0.0; outputs.unwrap_or(channels)];
        let bias = bias.then(|| self.parameter(format!("{name}.bias"), Role::Other, zeros));
        let depthwise = outputs.is_none();
        self.push(name, Operator::Convolution { window, depthwise, weights, bias }, vec![input])
    }

    /// A fresh normalisation, with a PReLU after it if `prelu`.
    pub fn normalize(&mut self, name: &str, input: ValueId, prelu: bool) -> Result<ValueId, String> {
        let channels = self.graph.shape(input).channels;
        let mut add =
            |part: &str, role, value| self.parameter(format!("{name}.{part}"), role, vec![value; channels]);
        let by = Normalization {
            gain: add("gain", Role::Other, 1.0),
            offset: add("offset", Role::Other, 0.0),
            mean: add("mean", Role::Statistic, 0.0),
            variance: add("variance", Role::Statistic, 1.0),
            epsilon: EPSILON,
        };
        let activation =
            if prelu { Activation::Prelu(add("slope", Role::Other, SLOPE)) } else { Activation::Identity };
        self.push(name, Operator::Normalize(by, activation), vec![input])
    }
}
