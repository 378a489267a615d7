//! A network: operators in an order in which they can run.

use crate::Error;
use crate::convolution::Convolution;
use crate::pointwise::Affine;
use crate::pool::Pool;

/// Size of a picture or feature map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows.
    pub height: usize,
    /// Pixels in a row.
    pub width: usize,
    /// Channels of a pixel.
    pub channels: usize,
}

impl Shape {
    /// Number of pixels.
    pub fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// Number of values.
    pub fn values(&self) -> usize {
        self.pixels() * self.channels
    }
}

/// Number of a feature map: 0 is the picture, n the output of node n - 1.
pub type LayerId = usize;

/// An operator.
pub enum Operator {
    /// Sums of products over a window, perhaps with a ReLU.
    Convolution(Convolution),
    /// Largest value or mean of a window.
    Pool(Pool),
    /// A factor and a summand a channel.
    Affine(Affine),
    /// `x < 0 ? x * slope : x`, a slope a channel; ReLU where all are zero.
    Rectify(Vec<f32>),
    /// Sum of two feature maps.
    Add,
}

/// An operator with what it reads.
pub struct Node {
    /// What is computed.
    pub operator: Operator,
    /// One feature map, or two.
    pub inputs: Vec<LayerId>,
}

/// A network.
pub struct Network {
    /// In running order; node n reads only what nodes before it write, and the picture.
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

    /// Bytes that a [`Pass`](crate::Pass) over a picture of this size takes at its peak.
    ///
    /// # Errors
    /// [`Error::TooSmall`].
    pub fn pass_bytes(&self, height: usize, width: usize) -> Result<usize, Error> {
        let shapes = self.shapes(height, width)?;
        let kept: usize = shapes[1..].iter().map(Shape::values).sum();
        // On the way back, the gradients of a node's output and inputs live together.
        let gradients = self.nodes.iter().enumerate().map(|(n, node)| {
            shapes[n + 1].values() + node.inputs.iter().map(|&input| shapes[input].values()).sum::<usize>()
        });
        Ok((kept + gradients.max().unwrap_or(0)) * size_of::<f32>())
    }
}
