//! Simplifications of the whole graph once it is built.

use crate::Error;
use crate::graph::{Activation, Conv, Graph, Operator};

impl Conv {
    /// A scale and an offset a channel, as a depthwise 1x1 convolution.
    pub fn point(scale: Vec<f32>, offset: Vec<f32>, activation: Activation) -> Self {
        Self { window: kernels::Window::POINT, depthwise: true, weights: scale, bias: offset, activation }
    }

    /// Multiplies output channels by `scale` and adds `offset` to them.
    pub fn scale_outputs(&mut self, scale: &[f32], offset: &[f32]) {
        let channels = self.bias.len();
        let per_filter = self.weights.len() / channels;
        for (i, weight) in self.weights.iter_mut().enumerate() {
            *weight *= scale[if self.depthwise { i % channels } else { i / per_filter }];
        }
        for ((bias, scale), offset) in self.bias.iter_mut().zip(scale).zip(offset) {
            *bias = *bias * scale + offset;
        }
    }

    /// Multiplies input channels by `scale` before the sum: the inverse of dividing the input.
    pub fn scale_inputs(&mut self, scale: &[f32]) {
        for (i, weight) in self.weights.iter_mut().enumerate() {
            *weight *= scale[i % scale.len()];
        }
    }
}

/// An operator that changes nothing.
pub fn point(channels: usize) -> Operator {
    Operator::Conv(Conv::point(vec![1.0; channels], vec![0.0; channels], Activation::Identity))
}

/// Takes out the operators whose output nothing reads.
pub fn remove_unread(graph: &mut Graph) {
    loop {
        let unread = |n: &usize| {
            let output = graph.nodes[*n].output;
            graph.readers(output).next().is_none() && !graph.outputs.contains(&output)
        };
        let Some(node) = (0..graph.nodes.len()).find(unread) else { return };
        graph.nodes.remove(node);
    }
}

/// Merges a scale by channel into the convolutions that read it, if all of them are without
/// padding: where there is padding, an offset would have to be padded as well.
pub fn scales_forward(graph: &mut Graph) {
    for n in (0..graph.nodes.len()).rev() {
        let Operator::Conv(scale) = &graph.nodes[n].operator else { continue };
        let plain = scale.depthwise && scale.window.is_point() && scale.activation == Activation::Identity;
        let (input, output) = (graph.nodes[n].inputs[0], graph.nodes[n].output);
        let readers: Vec<usize> = graph.readers(output).collect();
        let padless = |&r: &usize| match &graph.nodes[r].operator {
            Operator::Conv(conv) => conv.window.pad == [0, 0] && fits(graph, r),
            _ => false,
        };
        if !plain || graph.outputs.contains(&output) || input == Graph::INPUT || !readers.iter().all(padless)
        {
            continue;
        }
        let scale = scale.clone();
        for reader in readers {
            if let Operator::Conv(conv) = &mut graph.nodes[reader].operator {
                add_input_offset(conv, &scale.bias);
                conv.scale_inputs(&scale.weights);
            }
            graph.nodes[reader].inputs = vec![input];
        }
        graph.nodes.remove(n);
    }
}

/// Whether the window of node `n` never reaches over the lower or right edge of its input.
fn fits(graph: &Graph, n: usize) -> bool {
    let node = &graph.nodes[n];
    let Operator::Conv(conv) = &node.operator else { return false };
    let (input, output) = (graph.tensors[node.inputs[0]].shape, graph.tensors[node.output].shape);
    let inside = |input: usize, output: usize, axis: usize| {
        (output - 1) * conv.window.stride[axis] + conv.window.kernel[axis] <= input
    };
    inside(input.height, output.height, 0) && inside(input.width, output.width, 1)
}

/// Adds to the bias what `offset` on every input channel contributes.
fn add_input_offset(conv: &mut Conv, offset: &[f32]) {
    let channels = conv.bias.len();
    let per_filter = conv.weights.len() / channels;
    for (i, weight) in conv.weights.iter().enumerate() {
        let output = if conv.depthwise { i % channels } else { i / per_filter };
        conv.bias[output] += weight * offset[i % offset.len()];
    }
}

/// Turns a network for blue, green, red into one for red, green, blue.
pub fn swap_colours(graph: &mut Graph) -> Result<(), Error> {
    for n in graph.readers(Graph::INPUT).collect::<Vec<_>>() {
        let depth = graph.input_shape().channels;
        match &mut graph.nodes[n].operator {
            Operator::Conv(conv) if !conv.depthwise && depth == 3 => {
                for pixel in conv.weights.chunks_exact_mut(3) {
                    pixel.swap(0, 2);
                }
            }
            _ => {
                let node = graph.tensors[graph.nodes[n].output].name.clone();
                return Err(Error::Invalid { node, reason: "only a convolution can read BGR pixels".into() });
            }
        }
    }
    Ok(())
}

/// Puts an operator before all others that makes blue, green, red of red, green, blue.
pub fn put_colours_in_order(graph: &mut Graph) {
    let shape = graph.input_shape();
    let depth = shape.channels;
    let weights = (0..depth * depth).map(|at| f32::from(at / depth + at % depth == depth - 1)).collect();
    let bias = vec![0.0; depth];
    let conv = Conv {
        window: kernels::Window::POINT,
        depthwise: false,
        weights,
        bias,
        activation: Activation::Identity,
    };
    let name = graph.tensors[Graph::INPUT].name.clone();
    let turned = graph.push(&name, Operator::Conv(conv), vec![Graph::INPUT], shape);
    graph.nodes.rotate_right(1);
    for node in &mut graph.nodes[1..] {
        node.inputs.iter_mut().filter(|input| **input == Graph::INPUT).for_each(|input| *input = turned);
    }
}
