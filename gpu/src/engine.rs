//! The network of an encoder on burn's tensors.

use autodiff::Window;
use autodiff::operators::normalize::Moments;
use autodiff::operators::round::{self, Steps};
use burn_tensor::activation::{relu, sigmoid};
use burn_tensor::module::{batch_norm, batch_norm_train, conv2d, max_pool2d};
use burn_tensor::ops::{ConvOptions, MaxPoolOptions};
use burn_tensor::{Device, Tensor, TensorData};
use encoder::engine::{Engine, LossGradient};
use encoder::filters::{Sizes, from_filters, to_filters};
use encoder::graph::{Activation, Node, Operator, ParameterId};
use encoder::pass::{Gradients, Pass, Seen, Step};
use encoder::{Embeddings, Images};

/// An engine that computes on a device of burn's.
#[derive(Clone, Debug)]
pub struct Tensors {
    /// The device.
    pub device: Device,
}

impl Engine for Tensors {
    fn step(&mut self, pass: Pass, images: &Images, gradient: &mut LossGradient) -> Option<Step> {
        let sent = Sent::new(pass, self.device.clone().autodiff(), true);
        let mut seen = Vec::new();
        let embeddings = sent.forward(images, Some(&mut seen));
        let gradient = gradient(&sent.fetch(embeddings.clone()))?;
        let data = TensorData::new(gradient.values, embeddings.dims());
        let loss = (embeddings * Tensor::<2>::from_data(data, &sent.device)).sum();
        let mut all = loss.backward();
        let mut gradients: Gradients = Vec::new();
        for (id, leaf) in sent.leaves.iter().enumerate() {
            gradients.push(match leaf {
                Leaf::Filters(filters) => filters
                    .grad_remove(&mut all)
                    .map(|gradient| from_filters(&floats(gradient), sent.sizes(id).unwrap_or_default())),
                Leaf::Channels(values) => values.grad_remove(&mut all).map(floats),
            });
        }
        Some(Step { gradients, seen })
    }

    fn embed(&self, pass: Pass, images: &Images) -> Embeddings {
        let sent = Sent::new(pass, self.device.clone(), false);
        let embeddings = sent.forward(images, None);
        sent.fetch(embeddings)
    }
}

/// A parameter on the device.
enum Leaf {
    /// Weights: output, input, row, column.
    Filters(Tensor<4>),
    /// One number a channel.
    Channels(Tensor<1>),
}

/// A network whose parameters are on a device.
struct Sent<'a> {
    pass: Pass<'a>,
    device: Device,
    leaves: Vec<Leaf>,
}

/// The numbers of a tensor.
fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data_as::<f32>().iter::<f32>().collect()
}

impl<'a> Sent<'a> {
    /// Sends the parameters; those that change ask for their gradients if `training`.
    fn new(pass: Pass<'a>, device: Device, training: bool) -> Self {
        let mut sent = Self { pass, device, leaves: Vec::new() };
        for (id, parameter) in pass.graph.parameters.iter().enumerate() {
            let reader = pass.graph.nodes.iter().position(|node| node.operator.parameters().contains(&id));
            let changes =
                training && parameter.role.is_optimized() && reader.is_some_and(|node| !pass.frozen[node]);
            let leaf = match sent.sizes(id).zip(sent.window(id)) {
                Some((sizes @ [outputs, depth, _], [rows, columns])) => {
                    // Straight through the rounding: the gradient of the rounded weights is theirs.
                    let values = match pass.rounding {
                        true => round::weights(&parameter.values, outputs),
                        false => parameter.values.clone(),
                    };
                    let data = TensorData::new(to_filters(&values, sizes), [outputs, depth, rows, columns]);
                    let filters = Tensor::from_data(data, &sent.device);
                    Leaf::Filters(if changes { filters.require_grad() } else { filters })
                }
                None => {
                    let bias = pass.graph.nodes.iter().find_map(|node| match &node.operator {
                        Operator::Convolution { weights, bias: Some(bias), .. } if *bias == id => {
                            Some(pass.bias(id, *weights, node.inputs[0]).into_owned())
                        }
                        _ => None,
                    });
                    let values = bias.unwrap_or_else(|| parameter.values.clone());
                    let data = TensorData::new(values, [parameter.values.len()]);
                    let values = Tensor::from_data(data, &sent.device);
                    Leaf::Channels(if changes { values.require_grad() } else { values })
                }
            };
            sent.leaves.push(leaf);
        }
        sent
    }

    /// The convolution whose weights are parameter `id`.
    fn convolution(&self, id: ParameterId) -> Option<(&Node, &Window, bool)> {
        self.pass.graph.nodes.iter().find_map(|node| match &node.operator {
            Operator::Convolution { window, depthwise, weights, .. } if *weights == id => {
                Some((node, window, *depthwise))
            }
            _ => None,
        })
    }

    fn sizes(&self, id: ParameterId) -> Option<Sizes> {
        let (node, window, depthwise) = self.convolution(id)?;
        let depth = if depthwise { 1 } else { self.pass.graph.shape(node.inputs[0]).channels };
        Some([node.shape.channels, depth, window.kernel[0] * window.kernel[1]])
    }

    fn window(&self, id: ParameterId) -> Option<[usize; 2]> {
        self.convolution(id).map(|(_, window, _)| window.kernel)
    }

    fn channels(&self, id: ParameterId) -> Tensor<1> {
        match &self.leaves[id] {
            Leaf::Channels(values) => values.clone(),
            Leaf::Filters(filters) => filters.clone().flatten(0, 3),
        }
    }

    /// The values of a network's last node as rows.
    fn fetch(&self, embeddings: Tensor<2>) -> Embeddings {
        Embeddings { dimension: self.pass.graph.dimension(), values: floats(embeddings) }
    }

    /// Runs the network. With `all`, nodes that are not frozen normalise by the batch, and put its statistics there.
    fn forward(&self, images: &Images, mut all: Option<&mut Vec<Option<Seen>>>) -> Tensor<2> {
        let graph = self.pass.graph;
        let count = images.count();
        let before = graph.preprocessing;
        let pixels: Vec<f32> =
            images.pixels.iter().map(|pixel| (f32::from(*pixel) - before.mean) * before.scale).collect();
        let data = TensorData::new(pixels, [count, images.height, images.width, 3]);
        let mut values = vec![Tensor::<4>::from_data(data, &self.device).permute([0, 3, 1, 2])];
        for (number, node) in graph.nodes.iter().enumerate() {
            let x = values[node.inputs[0]].clone();
            let by_batch = all.is_some() && !self.pass.frozen[number];
            let mut seen = None;
            values.push(match &node.operator {
                Operator::Convolution { window, depthwise, weights, bias } => {
                    let Leaf::Filters(filters) = &self.leaves[*weights] else { continue };
                    let options = ConvOptions {
                        stride: window.stride,
                        padding: padding(window),
                        dilation: [1, 1],
                        groups: if *depthwise { node.shape.channels } else { 1 },
                    };
                    conv2d(x, filters.clone(), bias.map(|bias| self.channels(bias)), options)
                }
                Operator::Normalize(by, activation) => {
                    let (gain, offset) = (self.channels(by.gain), self.channels(by.offset));
                    let epsilon = f64::from(by.epsilon);
                    let normal = if by_batch {
                        let out = batch_norm_train(x, gain, offset, epsilon);
                        let (mean, variance) = (floats(out.mean), floats(out.variance));
                        seen = Some(Seen::Moments(Moments { mean, variance }));
                        out.output
                    } else {
                        let (mean, variance) = (self.channels(by.mean), self.channels(by.variance));
                        batch_norm(x, gain, offset, mean, variance, epsilon)
                    };
                    self.activate(normal, *activation)
                }
                Operator::Activate(activation) => self.activate(x, *activation),
                Operator::Add => x + values[node.inputs[1]].clone(),
                Operator::Multiply => x * values[node.inputs[1]].clone(),
                Operator::Sigmoid => sigmoid(x),
                Operator::MaxPool(window) => {
                    let options = MaxPoolOptions {
                        kernel_size: window.kernel,
                        stride: window.stride,
                        padding: padding(window),
                        dilation: [1, 1],
                        ceil_mode: false,
                    };
                    max_pool2d(x, options)
                }
                Operator::AveragePool => x.mean_dims(&[2, 3]),
                Operator::Round(range) => {
                    if by_batch {
                        let ends = floats(x.clone().min()).into_iter().chain(floats(x.clone().max()));
                        let ends: Vec<f32> = ends.collect();
                        seen = Some(Seen::Range([ends[0].min(0.0), ends[1].max(0.0)]));
                    }
                    match self.pass.rounding {
                        true => self.round(x, *range),
                        false => x,
                    }
                }
            });
            if let Some(all) = &mut all {
                all.push(seen);
            }
        }
        values.swap_remove(graph.nodes.len()).reshape([count, graph.dimension()])
    }

    fn round(&self, x: Tensor<4>, range: ParameterId) -> Tensor<4> {
        let values = self.pass.graph.values(range);
        let Steps { scale, bounds: [low, high] } = Steps::of([values[0], values[1]]);
        // Half a step outside is still rounded to the last one.
        let inside = x.clamp(low - scale / 2.0, high + scale / 2.0);
        let steps = (inside.clone().detach() / scale + 0.5).floor() * scale;
        let rest = steps.clamp(low, high) - inside.clone().detach();
        inside + rest
    }

    fn activate(&self, x: Tensor<4>, activation: Activation) -> Tensor<4> {
        match activation {
            Activation::Identity => x,
            Activation::Relu => relu(x),
            Activation::Prelu(slopes) => {
                let slopes = self.channels(slopes);
                let channels = slopes.dims()[0];
                relu(x.clone()) - relu(-x) * slopes.reshape([1, channels, 1, 1])
            }
        }
    }
}

fn padding(window: &Window) -> [(usize, usize); 2] {
    let [top, left, bottom, right] = window.pads;
    [(top, bottom), (left, right)]
}
