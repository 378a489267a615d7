//! A network as a list of nodes, and all that can change in it as a list of parameters.
//!
//! The code that runs it ([`crate::pass`]), that writes it (`write`) and that counts it reads the same
//! list. Feature maps are HWC; the picture comes first, and the last node's value is the embedding.

use autodiff::{Parameter, Shape, Window};

/// Number of a value: 0 is the picture, `n + 1` what node `n` gives.
pub type ValueId = usize;

/// Number of a parameter in [`Graph::parameters`].
pub type ParameterId = usize;

/// How a pixel value 0..=255 becomes an input of the first layer: `(pixel - mean) * scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preprocessing {
    /// Subtracted first.
    pub mean: f32,
    /// Multiplied then.
    pub scale: f32,
}

/// What follows a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    Identity,
    /// `max(x, 0)`.
    Relu,
    /// `x < 0 ? x * slope : x`, a slope a channel.
    Prelu(ParameterId),
}

/// Batch normalisation (Ioffe and Szegedy 2015) by channel: `(x - mean) / sqrt(variance + epsilon) * gain + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalization {
    /// Multiplied last.
    pub gain: ParameterId,
    /// Added last.
    pub offset: ParameterId,
    /// Running mean.
    pub mean: ParameterId,
    /// Running variance.
    pub variance: ParameterId,
    /// Keeps the variance from zero.
    pub epsilon: f32,
}

/// What a node computes.
#[derive(Clone, Debug)]
pub enum Operator {
    /// A convolution; a fully connected layer is one whose window is as large as its input.
    Convolution {
        /// Kernel, stride and padding.
        window: Window,
        /// One filter a channel; else every filter reads all channels.
        depthwise: bool,
        /// Row, column, input, output; depthwise: row, column, channel.
        weights: ParameterId,
        /// One an output.
        bias: Option<ParameterId>,
    },
    /// Batch normalisation, with the activation after it.
    Normalize(Normalization, Activation),
    /// An activation alone.
    Activate(Activation),
    /// Sum of two values of one shape.
    Add,
    /// Product of two values; the second may have one pixel.
    Multiply,
    /// The logistic function.
    Sigmoid,
    /// Greatest value of each window.
    MaxPool(Window),
    /// Mean over all pixels.
    AveragePool,
    /// The board's rounding to 256 steps over a range, two numbers.
    Round(ParameterId),
}

/// An operator with its inputs.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its name in an ONNX file.
    pub name: String,
    /// What it computes.
    pub operator: Operator,
    /// The values it reads.
    pub inputs: Vec<ValueId>,
    /// Shape of its output.
    pub shape: Shape,
}

/// A network.
#[derive(Clone, Debug)]
pub struct Graph {
    /// Shape of the picture.
    pub input: Shape,
    /// What is done to its pixels.
    pub preprocessing: Preprocessing,
    /// Operators in running order.
    pub nodes: Vec<Node>,
    /// Everything that training changes.
    pub parameters: Vec<Parameter>,
}

impl Operator {
    /// The parameters it reads.
    #[must_use]
    pub fn parameters(&self) -> Vec<ParameterId> {
        self.clone().parameters_mut().into_iter().map(|id| *id).collect()
    }

    /// The numbers of its parameters, to renumber them.
    pub fn parameters_mut(&mut self) -> Vec<&mut ParameterId> {
        fn slopes(activation: &mut Activation) -> Option<&mut ParameterId> {
            match activation {
                Activation::Prelu(slopes) => Some(slopes),
                Activation::Identity | Activation::Relu => None,
            }
        }
        match self {
            Self::Convolution { weights, bias, .. } => [weights].into_iter().chain(bias).collect(),
            Self::Normalize(Normalization { gain, offset, mean, variance, .. }, activation) => {
                [gain, offset, mean, variance].into_iter().chain(slopes(activation)).collect()
            }
            Self::Activate(activation) => slopes(activation).into_iter().collect(),
            Self::Round(range) => vec![range],
            Self::Add | Self::Multiply | Self::Sigmoid | Self::MaxPool(_) | Self::AveragePool => Vec::new(),
        }
    }
}

impl Graph {
    /// Shape of a value.
    #[must_use]
    pub fn shape(&self, value: ValueId) -> Shape {
        value.checked_sub(1).map_or(self.input, |node| self.nodes[node].shape)
    }

    /// Values of an embedding.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.nodes.last().map_or(0, |node| node.shape.channels)
    }

    /// The numbers of parameter `id`.
    #[must_use]
    pub fn values(&self, id: ParameterId) -> &[f32] {
        &self.parameters[id].values
    }

    /// Numbers that the finished network needs, batch normalisations folded: weights, biases and slopes.
    #[must_use]
    pub fn size(&self) -> usize {
        let count = |node: &Node| match &node.operator {
            Operator::Convolution { weights, .. } => self.values(*weights).len() + node.shape.channels,
            Operator::Normalize(_, Activation::Prelu(_)) | Operator::Activate(Activation::Prelu(_)) => {
                node.shape.channels
            }
            _ => 0,
        };
        self.nodes.iter().map(count).sum()
    }

    /// Multiply-adds of the convolutions for one picture.
    #[must_use]
    pub fn multiply_adds(&self) -> usize {
        let count = |node: &Node| match &node.operator {
            Operator::Convolution { weights, .. } => {
                node.shape.height * node.shape.width * self.values(*weights).len()
            }
            _ => 0,
        };
        self.nodes.iter().map(count).sum()
    }
}
