//! One pass forward and one back, in memory that is used again by the next.

use super::{LayerId, Network, Node, Operator, pointwise};
use crate::gemm::Fill;
use crate::operators::pointwise::{add, carry};
use crate::{Buffer, BufferPool, Error, Shape};

/// The values of a network's feature maps for one picture.
///
/// A ReLU after a convolution needs no memory of its own: where an output is not positive, its gradient is
/// stopped, so outputs are all that is kept.
#[derive(Default)]
pub struct Pass {
    shapes: Vec<Shape>,
    /// Of the picture and of every node's output.
    values: Vec<Buffer>,
    gradients: Vec<Option<Buffer>>,
    /// Memory of gradients that nothing needs any more.
    spare: BufferPool,
}

/// A layer on the way back: a cost reads its values and adds to its gradient.
pub struct Layer<'a> {
    /// Which layer it is.
    pub id: LayerId,
    /// Its size.
    pub shape: Shape,
    /// Its values.
    pub values: &'a [f32],
    /// The derivative of the cost by each value, to which more is to be added.
    pub gradient: &'a mut [f32],
}

impl Pass {
    /// Computes every layer for `picture`, which has `height * width * channels` values.
    ///
    /// # Errors
    /// [`Error::TooSmall`].
    pub fn forward(
        &mut self,
        network: &Network,
        picture: &[f32],
        [height, width]: [usize; 2],
    ) -> Result<(), Error> {
        self.shapes = network.shapes(height, width)?;
        self.values.resize_with(self.shapes.len(), Buffer::default);
        self.gradients.resize_with(self.shapes.len(), || None);
        self.values[0].resize(picture.len());
        self.values[0].copy_from_slice(picture);
        for (number, node) in network.nodes.iter().enumerate() {
            let (before, after) = self.values.split_at_mut(number + 1);
            let out = &mut after[0];
            out.resize(self.shapes[number + 1].len());
            let read = |place: usize| &*before[node.inputs[place]];
            let from = self.shapes[node.inputs[0]];
            match &node.operator {
                Operator::Convolution(convolution) => convolution.forward(from, read(0), out),
                Operator::Pool(pool) => pool.forward(from, read(0), out),
                Operator::Affine(affine) => affine.forward(read(0), out),
                Operator::Rectify(slopes) => pointwise::rectify(slopes, read(0), out),
                Operator::Add => add(read(0), read(1), out),
            }
        }
        Ok(())
    }

    /// The values of a layer and their shape, after [`Pass::forward`].
    pub fn layer(&self, id: LayerId) -> (&[f32], Shape) {
        (&self.values[id], self.shapes[id])
    }

    /// Takes the gradient of a cost back to the picture's values, and writes it to `picture`.
    ///
    /// `cost` is called once for each of the network's layers, last node first, to add its derivative.
    pub fn backward(&mut self, network: &Network, cost: &mut dyn FnMut(Layer), picture: &mut [f32]) {
        for number in (0..network.nodes.len()).rev() {
            let id = number + 1;
            let node = &network.nodes[number];
            if network.layers.contains(&id) {
                let mut gradient = self.gradients[id].take().unwrap_or_else(|| self.zeros(id));
                let (values, shape) = (&self.values[id], self.shapes[id]);
                cost(Layer { id, shape, values, gradient: &mut gradient });
                self.gradients[id] = Some(gradient);
            }
            let Some(gradient) = self.gradients[id].take() else { continue };
            for (place, &input) in node.inputs.iter().enumerate() {
                let mut to = self.spare.take(self.shapes[input].len());
                self.step(node, place, id, &gradient, &mut to);
                self.gradients[input] = Some(match self.gradients[input].take() {
                    None => to,
                    Some(mut sum) => {
                        carry(&to, &mut sum, Fill::Add);
                        self.spare.give(to);
                        sum
                    }
                });
            }
            self.spare.give(gradient);
        }
        match self.gradients[0].take() {
            Some(gradient) => {
                picture.copy_from_slice(&gradient);
                self.spare.give(gradient);
            }
            None => picture.fill(0.0),
        }
    }

    /// Takes `gradient` of output `id` to input number `place` of its node.
    fn step(&self, node: &Node, place: usize, id: LayerId, gradient: &[f32], to: &mut [f32]) {
        let input = node.inputs[place];
        let from = self.shapes[input];
        match &node.operator {
            Operator::Convolution(convolution) => {
                convolution.backward(from, self.shapes[id], gradient, &self.values[id], to);
            }
            Operator::Pool(pool) => pool.backward(from, &self.values[input], gradient, to),
            Operator::Affine(affine) => affine.backward(gradient, to),
            Operator::Rectify(slopes) => pointwise::rectify_back(slopes, &self.values[input], gradient, to),
            Operator::Add => to.copy_from_slice(gradient),
        }
    }

    fn zeros(&mut self, id: LayerId) -> Buffer {
        let mut buffer = self.spare.take(self.shapes[id].len());
        buffer.fill(0.0);
        buffer
    }
}
