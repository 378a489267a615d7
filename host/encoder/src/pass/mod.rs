//! Runs a network: forwards to the embeddings, and backwards to the gradients of its parameters.
//!
//! Forwards in training, every value is kept until the way back has used it; its memory then serves
//! the gradients. Forwards otherwise, a value goes as soon as nothing reads it any more.

mod backward;

use std::borrow::Cow;

use autodiff::gemm::Fill;
use autodiff::operators::normalize::{Affine, Moments};
use autodiff::operators::round::{self, Steps};
use autodiff::operators::{Sweep, convolution, depthwise, pointwise, pool};
use autodiff::{Buffer, BufferPool};

use crate::graph::{Activation, Graph, Node, Operator, ParameterId, ValueId};
use crate::{Embeddings, Images};

/// Gradients by parameter; `None` where a parameter gets none.
pub type Gradients = Vec<Option<Vec<f32>>>;

/// The result of one step over a batch.
pub struct Step {
    /// The gradients.
    pub gradients: Gradients,
    /// The statistics of the batch, by node; `None` where a node has none, or is frozen.
    pub seen: Vec<Option<Seen>>,
}

/// The statistics that a node took of its batch.
pub enum Seen {
    /// The moments by which it normalised.
    Moments(Moments),
    /// The range of the values that it rounded.
    Range([f32; 2]),
}

impl Seen {
    fn moments(&self) -> Option<&Moments> {
        match self {
            Self::Moments(moments) => Some(moments),
            Self::Range(_) => None,
        }
    }
}

/// A network as a pass runs it.
#[derive(Clone, Copy)]
pub struct Pass<'a> {
    /// The network.
    pub graph: &'a Graph,
    /// Which nodes stay as they are.
    pub frozen: &'a [bool],
    /// Whether weights, and values where a node says so, are rounded as on the board.
    pub rounding: bool,
}

/// The values that a forward pass in training keeps for the way back.
pub struct Trace {
    count: usize,
    values: Vec<Buffer>,
    seen: Vec<Option<Seen>>,
}

impl Trace {
    /// The embeddings.
    pub fn embeddings(&self, dimension: usize) -> Embeddings {
        let values = self.values.last().map_or_else(Vec::new, |last| last.to_vec());
        Embeddings { dimension, values }
    }

    /// What a node gave.
    pub fn value(&self, node: usize) -> &[f32] {
        &self.values[node + 1]
    }

    /// Hands its memory on.
    pub fn release(self, pool: &mut BufferPool) {
        self.values.into_iter().for_each(|buffer| pool.give(buffer));
    }
}

impl Pass<'_> {
    /// Embeds with the statistics of the batch, where nodes are not frozen, and keeps the values that the way back needs.
    pub fn train(&self, images: &Images, pool: &mut BufferPool) -> Trace {
        let count = images.count();
        let mut values = vec![self.pixels(images, pool)];
        let mut seen = Vec::with_capacity(self.graph.nodes.len());
        for (number, node) in self.graph.nodes.iter().enumerate() {
            let mut out = pool.take(count * node.shape.len());
            let inputs: Vec<&[f32]> = node.inputs.iter().map(|&input| &*values[input]).collect();
            seen.push(self.forward(node, &inputs, &mut out, !self.frozen[number]));
            values.push(out);
        }
        Trace { count, values, seen }
    }

    /// The range that each node that rounds sees, by the parameter that holds it.
    pub fn ranges(&self, images: &Images, pool: &mut BufferPool) -> Vec<(ParameterId, [f32; 2])> {
        let trace = self.train(images, pool);
        let ranges = self.graph.nodes.iter().zip(&trace.seen).filter_map(|(node, seen)| {
            let (Operator::Round(id), Some(Seen::Range(range))) = (&node.operator, seen) else { return None };
            Some((*id, *range))
        });
        let ranges = ranges.collect();
        trace.release(pool);
        ranges
    }

    /// The moments of each node's channels over the pictures.
    pub fn moments(&self, images: &Images, pool: &mut BufferPool) -> Vec<Moments> {
        let trace = self.train(images, pool);
        let values = self.graph.nodes.iter().zip(&trace.values[1..]);
        let moments = values.map(|(node, value)| Moments::of(value, node.shape.channels)).collect();
        trace.release(pool);
        moments
    }

    /// Embeds with the running statistics.
    pub fn embed(&self, images: &Images, pool: &mut BufferPool) -> Embeddings {
        let count = images.count();
        let mut last = vec![0; self.graph.nodes.len() + 1];
        for (number, node) in self.graph.nodes.iter().enumerate() {
            node.inputs.iter().for_each(|&input| last[input] = number);
        }
        let mut values = vec![self.pixels(images, pool)];
        for (number, node) in self.graph.nodes.iter().enumerate() {
            let mut out = pool.take(count * node.shape.len());
            let inputs: Vec<&[f32]> = node.inputs.iter().map(|&input| &*values[input]).collect();
            self.forward(node, &inputs, &mut out, false);
            values.push(out);
            for &input in node.inputs.iter().filter(|&&input| last[input] == number) {
                pool.give(std::mem::take(&mut values[input]));
            }
        }
        let embeddings = Embeddings {
            dimension: self.graph.dimension(),
            values: values.last().map_or_else(Vec::new, |last| last.to_vec()),
        };
        values.into_iter().for_each(|buffer| pool.give(buffer));
        embeddings
    }

    /// The pixels as the first layer sees them.
    fn pixels(&self, images: &Images, pool: &mut BufferPool) -> Buffer {
        let mut buffer = pool.take(images.pixels.len());
        let before = self.graph.preprocessing;
        for (to, pixel) in buffer.iter_mut().zip(&images.pixels) {
            *to = (f32::from(*pixel) - before.mean) * before.scale;
        }
        buffer
    }

    /// Computes `node`. With `by_batch` it normalises by its batch, and returns the statistics that it saw.
    fn forward(&self, node: &Node, inputs: &[&[f32]], out: &mut [f32], by_batch: bool) -> Option<Seen> {
        let x = inputs[0];
        let input = self.graph.shape(node.inputs[0]);
        match &node.operator {
            Operator::Convolution { window, depthwise, weights, bias } => {
                let sweep = Sweep { window: *window, input, output: node.shape };
                let rounded = self.weights(*weights, node.shape.channels);
                let bias = bias.map(|bias| self.bias(bias, *weights, node.inputs[0]));
                let run = if *depthwise { depthwise::forward } else { convolution::forward };
                run(&sweep, x, &rounded, bias.as_deref(), out);
            }
            Operator::Normalize(..) => {
                let moments = by_batch.then(|| Moments::of(x, input.channels));
                self.affine(node, moments.as_ref()).forward(x, out);
                return moments.map(Seen::Moments);
            }
            Operator::Activate(_) => self.affine(node, None).forward(x, out),
            Operator::Add => pointwise::add(x, inputs[1], out),
            Operator::Multiply => pointwise::multiply(x, inputs[1], input.len(), input.channels, out),
            Operator::Sigmoid => pointwise::sigmoid(x, out),
            Operator::MaxPool(window) => {
                pool::greatest(&Sweep { window: *window, input, output: node.shape }, x, out);
            }
            Operator::AveragePool => pool::mean(input, x, out),
            Operator::Round(range) => {
                match self.rounding {
                    true => self.steps(*range).forward(x, out),
                    false => pointwise::carry(x, out, Fill::Store),
                }
                return by_batch.then(|| Seen::Range(round::range(x)));
            }
        }
        None
    }

    /// The weights of a convolution, rounded if they are to be.
    fn weights(&self, id: ParameterId, outputs: usize) -> Cow<'_, [f32]> {
        let values = self.graph.values(id);
        if self.rounding { Cow::Owned(round::weights(values, outputs)) } else { Cow::Borrowed(values) }
    }

    /// The bias of a convolution, rounded if it is to be.
    pub fn bias(&self, id: ParameterId, weights: ParameterId, input: ValueId) -> Cow<'_, [f32]> {
        let values = self.graph.values(id);
        match self.step_of(input).filter(|_| self.rounding) {
            Some(input) => Cow::Owned(round::bias(values, self.graph.values(weights), input)),
            None => Cow::Borrowed(values),
        }
    }

    /// One step of a value, where its steps are known.
    fn step_of(&self, value: ValueId) -> Option<f32> {
        let Some(node) = value.checked_sub(1) else { return Some(self.graph.preprocessing.scale) };
        let node = &self.graph.nodes[node];
        match &node.operator {
            Operator::Round(range) => Some(self.steps(*range).scale),
            Operator::MaxPool(_) => self.step_of(node.inputs[0]),
            _ => None,
        }
    }

    /// The steps over a range.
    fn steps(&self, range: ParameterId) -> Steps {
        let values = self.graph.values(range);
        Steps::of([values[0], values[1]])
    }

    /// What a normalisation, by these moments or the running ones, or an activation does to a channel.
    fn affine(&self, node: &Node, moments: Option<&Moments>) -> Affine {
        let channels = node.shape.channels;
        match &node.operator {
            Operator::Normalize(by, activation) => {
                let running;
                let moments = match moments {
                    Some(moments) => moments,
                    None => {
                        running = self.running(node);
                        &running
                    }
                };
                let slope = self.slopes(*activation, channels);
                moments.affine(self.graph.values(by.gain), self.graph.values(by.offset), by.epsilon, slope)
            }
            Operator::Activate(activation) => Affine {
                scale: vec![1.0; channels],
                shift: vec![0.0; channels],
                slope: self.slopes(*activation, channels),
            },
            _ => Affine { scale: Vec::new(), shift: Vec::new(), slope: Vec::new() },
        }
    }

    /// The running moments of a normalisation; those of an activation change nothing.
    fn running(&self, node: &Node) -> Moments {
        match &node.operator {
            Operator::Normalize(by, _) => Moments {
                mean: self.graph.values(by.mean).to_vec(),
                variance: self.graph.values(by.variance).to_vec(),
            },
            _ => Moments { mean: vec![0.0; node.shape.channels], variance: vec![1.0; node.shape.channels] },
        }
    }

    fn slopes(&self, activation: Activation, channels: usize) -> Vec<f32> {
        match activation {
            Activation::Identity => vec![1.0; channels],
            Activation::Relu => vec![0.0; channels],
            Activation::Prelu(slopes) => self.graph.values(slopes).to_vec(),
        }
    }

    /// Which values the loss must be differentiated by, so that all parameters that change get their gradients.
    fn wanted(&self) -> Vec<bool> {
        let mut wanted = vec![false];
        for (node, frozen) in self.graph.nodes.iter().zip(self.frozen) {
            let changes = |&id: &ParameterId| self.graph.parameters[id].role.is_optimized();
            let own = !frozen && node.operator.parameters().iter().any(changes);
            wanted.push(own || node.inputs.iter().any(|&input| wanted[input]));
        }
        wanted
    }
}
