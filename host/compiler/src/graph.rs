//! The float network between ONNX and integers: a few operators on NHWC tensors.

use kernels::{Shape, Window};

/// Number of a tensor in [`Graph::tensors`].
pub type TensorId = usize;

/// How a pixel value 0..=255 becomes the network's input: `(pixel - mean) * scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preprocessing {
    /// Channels are blue, green, red; the device gives red, green, blue, so weights are swapped.
    pub bgr: bool,
    /// Subtracted first.
    pub mean: f32,
    /// Multiplied then.
    pub scale: f32,
}

/// A tensor: what one operator writes.
#[derive(Clone, Debug)]
pub struct Tensor {
    /// Name in the ONNX file.
    pub name: String,
    /// Shape, NHWC.
    pub shape: Shape,
}

/// What follows a sum of products.
#[derive(Clone, Debug, PartialEq)]
pub enum Activation {
    /// Nothing.
    Identity,
    /// `max(x, 0)`.
    Relu,
    /// No less than the first bound, no more than the second; one of them may be infinite.
    Clip([f32; 2]),
    /// `x < 0 ? x * slope : x`, a slope a channel.
    Prelu(Vec<f32>),
}

impl Activation {
    /// The least and the greatest value that it leaves.
    pub fn bounds(&self) -> [f32; 2] {
        match *self {
            Self::Identity | Self::Prelu(_) => [f32::NEG_INFINITY, f32::INFINITY],
            Self::Relu => [0.0, f32::INFINITY],
            Self::Clip(bounds) => bounds,
        }
    }

    /// Whether it has slopes.
    pub fn is_prelu(&self) -> bool {
        matches!(self, Self::Prelu(_))
    }

    /// Whether `next` after it is just `next`.
    pub fn is_followed_by(&self, next: &Self) -> bool {
        *self == Self::Identity || self == next && matches!(self, Self::Relu | Self::Clip(_))
    }

    /// Applies it to `values`, whose channels are as many as there are slopes.
    pub fn apply(&self, values: &mut [f32]) {
        match self {
            Self::Identity => {}
            Self::Relu | Self::Clip(_) => {
                let [low, high] = self.bounds();
                values.iter_mut().for_each(|value| *value = value.max(low).min(high));
            }
            Self::Prelu(slopes) => {
                for pixel in values.chunks_exact_mut(slopes.len()) {
                    for (value, slope) in pixel.iter_mut().zip(slopes) {
                        *value = if *value < 0.0 { *value * slope } else { *value };
                    }
                }
            }
        }
    }
}

/// The function of a logit that a gate multiplies by; it is never negative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GateFunction {
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `x * slope + offset`, between 0 and 1.
    Hard {
        /// Multiplied first.
        slope: f32,
        /// Added then.
        offset: f32,
    },
    /// The logit itself, or 0 where it is negative.
    Positive,
}

impl GateFunction {
    /// Its value.
    pub fn of(self, logit: f64) -> f64 {
        match self {
            Self::Sigmoid => 1.0 / (1.0 + (-logit).exp()),
            Self::Hard { slope, offset } => (logit * f64::from(slope) + f64::from(offset)).clamp(0.0, 1.0),
            Self::Positive => logit.max(0.0),
        }
    }

    /// The least and the greatest logit that it tells from those beyond.
    pub fn bounds(self) -> [f32; 2] {
        match self {
            Self::Sigmoid => [-SATURATED, SATURATED],
            Self::Hard { slope, offset } if slope > 0.0 => [-offset / slope, (1.0 - offset) / slope],
            Self::Hard { .. } => [f32::NEG_INFINITY, f32::INFINITY],
            Self::Positive => [0.0, f32::INFINITY],
        }
    }
}

/// From this logit on, a sigmoid in the 15 bits of a gate is one, and below its negative zero.
const SATURATED: f32 = 11.1;

/// A function of one value, which a table of 256 entries holds on the board: a [`GateFunction`] of it, times a factor, and
/// times the value itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Function {
    /// Of the value.
    pub gate: GateFunction,
    /// Multiplied.
    pub factor: f32,
    /// Whether the value itself is multiplied as well.
    pub times_value: bool,
}

impl Function {
    /// Its value.
    pub fn of(self, value: f64) -> f64 {
        let gated = self.gate.of(value) * f64::from(self.factor);
        if self.times_value { gated * value } else { gated }
    }

    /// The least and the greatest value that it tells from those beyond.
    pub fn bounds(self) -> [f32; 2] {
        match self.gate {
            GateFunction::Sigmoid => [f32::NEG_INFINITY, f32::INFINITY],
            gate if self.times_value => [gate.bounds()[0], f32::INFINITY],
            gate => gate.bounds(),
        }
    }
}

/// A convolution with its bias and activation.
#[derive(Clone, Debug)]
pub struct Conv {
    /// Kernel, stride and padding.
    pub window: Window,
    /// One filter a channel.
    pub depthwise: bool,
    /// Dense: output channel, row, column, input channel. Depthwise: row, column, channel.
    pub weights: Vec<f32>,
    /// One a channel.
    pub bias: Vec<f32>,
    /// What follows.
    pub activation: Activation,
}

/// An operator.
#[derive(Clone, Debug)]
pub enum Operator {
    /// Dense or depthwise convolution, fully connected layer, scale by channel.
    Conv(Conv),
    /// Sum of two tensors, and what follows, which has no slopes.
    Add(Activation),
    /// Maximum over a window.
    MaxPool(Window),
    /// Mean over all pixels.
    AveragePool,
    /// Every pixel repeated twice in both directions.
    Resize2x,
    /// The first input times a function of the second, which has one value a channel.
    Gate(GateFunction),
    /// A function of each value.
    Table(Function),
}

/// An operator with its tensors.
#[derive(Clone, Debug)]
pub struct Node {
    /// What is computed.
    pub operator: Operator,
    /// One or two inputs.
    pub inputs: Vec<TensorId>,
    /// The output.
    pub output: TensorId,
}

/// A network: nodes in an order in which they can run.
#[derive(Clone, Debug)]
pub struct Graph {
    /// All tensors; number 0 is the input.
    pub tensors: Vec<Tensor>,
    /// Operators in running order.
    pub nodes: Vec<Node>,
    /// Output tensors in the order of the file.
    pub outputs: Vec<TensorId>,
    /// How the input is made of pixels.
    pub preprocessing: Preprocessing,
    /// The ranges of tensors that the file itself gives, by the scales that it was quantized with.
    pub ranges: std::collections::BTreeMap<TensorId, [f32; 2]>,
}

impl Graph {
    /// The input tensor.
    pub const INPUT: TensorId = 0;

    /// Shape of the input.
    pub fn input_shape(&self) -> Shape {
        self.tensors[Self::INPUT].shape
    }

    /// The nodes that read `tensor`.
    pub fn readers(&self, tensor: TensorId) -> impl Iterator<Item = usize> + '_ {
        (0..self.nodes.len()).filter(move |&n| self.nodes[n].inputs.contains(&tensor))
    }

    /// The node that writes `tensor`; none for the input.
    pub fn writer(&self, tensor: TensorId) -> Option<usize> {
        self.nodes.iter().position(|node| node.output == tensor)
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        let count = |node: &Node| match &node.operator {
            Operator::Conv(conv) => conv.weights.len() + conv.bias.len(),
            _ => 0,
        };
        self.nodes.iter().map(count).sum()
    }
}
