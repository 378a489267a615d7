//! Networks whose weights are fixed: from ONNX to the values of layers, and back to the gradient of the pixels.
//!
//! [`Network::read`] reads what some layers need of an ONNX file. A [`Pass`] holds the memory in which
//! [`Pass::forward`] computes them for a picture, and [`Pass::backward`] takes the gradient of a cost on
//! them back to the pixels.
//!
//! There is one picture at a time, and no gradient by the weights. So a convolution packs its weights
//! once, when it is read: by [`winograd`](crate::winograd) where it is 3x3, else for a product with the
//! columns of the picture.

pub mod convolution;
pub mod pass;
pub mod pointwise;
pub mod pooling;

mod read;

pub use pass::Pass;

use crate::{Error, Shape};
use convolution::Convolution;
use pointwise::Affine;
use pooling::Pooling;

/// Number of a feature map: 0 is the picture, n the output of node n - 1.
pub type LayerId = usize;

/// An operator.
pub enum Operator {
    /// Sums of products over a window, perhaps with a ReLU.
    Convolution(Convolution),
    /// Largest value or mean of a window.
    Pool(Pooling),
    /// A factor and a summand a channel.
    Affine(Affine),
    /// `x < 0 ? x * slope : x`, a slope a channel; ReLU where all are zero.
    Rectify(Vec<f32>),
    /// Sum of two feature maps.
    Add,
}

/// An operator with its inputs.
pub struct Node {
    /// What is computed.
    pub operator: Operator,
    /// One feature map, or two.
    pub inputs: Vec<LayerId>,
}

/// A network.
pub struct Network {
    /// In running order; node n reads only the picture and the outputs of nodes before it.
    pub nodes: Vec<Node>,
    /// Channels of the picture.
    pub channels: usize,
    /// The layers that were asked for, in the order in which they were.
    pub layers: Vec<LayerId>,
}

impl Network {
    /// Shapes of the picture and of every node's output.
    ///
    /// # Errors
    /// [`Error::TooSmall`].
    pub fn shapes(&self, height: usize, width: usize) -> Result<Vec<Shape>, Error> {
        let mut shapes = vec![Shape { height, width, channels: self.channels }];
        for node in &self.nodes {
            let input = shapes[node.inputs[0]];
            let shape = match &node.operator {
                Operator::Convolution(convolution) => convolution.shape(input),
                Operator::Pool(pool) => pool.shape(input),
                Operator::Affine(_) | Operator::Rectify(_) => Some(input),
                Operator::Add => (shapes[node.inputs[1]] == input).then_some(input),
            };
            shapes.push(shape.ok_or(Error::TooSmall { width, height })?);
        }
        Ok(shapes)
    }

    /// Replaces every pooling by the largest value with one by the mean.
    ///
    /// Gatys et al. found that gradients then flow better and pictures look better.
    pub fn pool_by_mean(&mut self) {
        for node in &mut self.nodes {
            if let Operator::Pool(pool) = &mut node.operator {
                pool.mean = true;
            }
        }
    }

    /// Bytes of the network's weights as they lie in memory.
    pub fn bytes(&self) -> usize {
        let of = |node: &Node| match &node.operator {
            Operator::Convolution(convolution) => convolution.bytes(),
            _ => 0,
        };
        self.nodes.iter().map(of).sum()
    }

    /// Bytes that a [`Pass`] over a picture of this size takes at its peak.
    ///
    /// # Errors
    /// [`Error::TooSmall`].
    pub fn pass_bytes(&self, height: usize, width: usize) -> Result<usize, Error> {
        let shapes = self.shapes(height, width)?;
        let kept: usize = shapes[1..].iter().map(Shape::len).sum();
        // On the way back, the gradients of a node's output and inputs live together.
        let gradients = self.nodes.iter().enumerate().map(|(n, node)| {
            shapes[n + 1].len() + node.inputs.iter().map(|&input| shapes[input].len()).sum::<usize>()
        });
        Ok((kept + gradients.max().unwrap_or(0)) * size_of::<f32>())
    }
}
