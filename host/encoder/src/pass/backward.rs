//! The way back: from the gradient of the embeddings to the gradients of the parameters.

use autodiff::gemm::Fill;
use autodiff::operators::normalize::Moments;
use autodiff::operators::{Sweep, convolution, depthwise, pointwise, pool};
use autodiff::{Buffer, BufferPool, Shape};

use super::{Gradients, Pass, Seen, Step, Trace};
use crate::Embeddings;
use crate::graph::{Activation, Node, Operator, ValueId};

impl Pass<'_> {
    /// Takes the gradient of the embeddings back to the parameters.
    pub fn backward(&self, trace: Trace, gradient: &Embeddings, pool: &mut BufferPool) -> Step {
        let Trace { count, mut values, seen } = trace;
        let mut back = Backward {
            pass: *self,
            count,
            wanted: self.wanted(),
            pending: values.iter().map(|_| None).collect(),
            gradients: vec![None; self.graph.parameters.len()],
            pool,
        };
        let last = values.len() - 1;
        back.pending[last] = Some(Buffer::from(&gradient.values[..]));
        for number in (0..self.graph.nodes.len()).rev() {
            if let Some(gradient) = back.pending[number + 1].take().filter(|_| back.wanted[number + 1]) {
                let moments = seen[number].as_ref().and_then(Seen::moments);
                back.node(number, &values, moments, gradient);
            }
            back.pool.give(std::mem::take(&mut values[number + 1]));
        }
        back.pool.give(std::mem::take(&mut values[0]));
        Step { gradients: back.gradients, seen }
    }
}

/// The way back.
struct Backward<'a> {
    pass: Pass<'a>,
    count: usize,
    wanted: Vec<bool>,
    /// The gradient of each value, as far as its readers are done.
    pending: Vec<Option<Buffer>>,
    gradients: Gradients,
    pool: &'a mut BufferPool,
}

impl Backward<'_> {
    fn node(&mut self, number: usize, values: &[Buffer], moments: Option<&Moments>, mut gradient: Buffer) {
        let pass = self.pass;
        let node = &pass.graph.nodes[number];
        let frozen = pass.frozen[number];
        let x = &values[node.inputs[0]];
        let input = pass.graph.shape(node.inputs[0]);
        match &node.operator {
            Operator::Convolution { window, depthwise, bias, .. } => {
                let sweep = Sweep { window: *window, input, output: node.shape };
                self.convolution(&sweep, *depthwise, frozen, node, x, &gradient);
                if let Some(bias) = bias.filter(|_| !frozen) {
                    self.gradients[bias] = Some(pointwise::sum_pixels(&gradient, node.shape.channels));
                }
                self.pool.give(gradient);
            }
            Operator::Normalize(by, activation) => {
                let affine = pass.affine(node, moments);
                let sums = match moments {
                    Some(moments) => affine.backward(x, moments, by.epsilon, &mut gradient),
                    None => affine.backward_fixed(x, &pass.running(node), by.epsilon, &mut gradient),
                };
                if !frozen {
                    self.gradients[by.gain] = Some(sums.gain);
                    self.gradients[by.offset] = Some(sums.offset);
                    if let Activation::Prelu(slopes) = activation {
                        self.gradients[*slopes] = Some(sums.slope);
                    }
                }
                self.hand_on(node.inputs[0], gradient);
            }
            Operator::Activate(activation) => {
                let sums = pass.affine(node, None).backward_fixed(x, &pass.running(node), 0.0, &mut gradient);
                if let (Activation::Prelu(slopes), false) = (activation, frozen) {
                    self.gradients[*slopes] = Some(sums.slope);
                }
                self.hand_on(node.inputs[0], gradient);
            }
            Operator::Add => {
                self.put(node.inputs[1], |to, fill| pointwise::carry(&gradient, to, fill));
                self.hand_on(node.inputs[0], gradient);
            }
            Operator::Multiply => {
                let (map, channels) = (input.len(), input.channels);
                for (to, other) in [(0, 1), (1, 0)] {
                    let other = &values[node.inputs[other]];
                    self.put(node.inputs[to], |to, fill| {
                        pointwise::multiply_backward(&gradient, other, map, channels, to, fill);
                    });
                }
                self.pool.give(gradient);
            }
            Operator::Sigmoid => {
                pointwise::sigmoid_backward(&values[number + 1], &mut gradient);
                self.hand_on(node.inputs[0], gradient);
            }
            Operator::MaxPool(window) => {
                let sweep = Sweep { window: *window, input, output: node.shape };
                self.put(node.inputs[0], |to, fill| pool::greatest_backward(&sweep, x, &gradient, to, fill));
                self.pool.give(gradient);
            }
            Operator::AveragePool => {
                self.put(node.inputs[0], |to, fill| pool::mean_backward(input, &gradient, to, fill));
                self.pool.give(gradient);
            }
            Operator::Round(range) => {
                if pass.rounding {
                    pass.steps(*range).backward(x, &mut gradient);
                }
                self.hand_on(node.inputs[0], gradient);
            }
        }
    }

    fn convolution(
        &mut self,
        sweep: &Sweep,
        is_depthwise: bool,
        frozen: bool,
        node: &Node,
        x: &[f32],
        gradient: &[f32],
    ) {
        let Operator::Convolution { weights: id, .. } = node.operator else { return };
        let pass = self.pass;
        let weights = &*pass.weights(id, node.shape.channels);
        let mut to = (!frozen).then(|| vec![0.0; weights.len()]);
        if is_depthwise {
            let mut unused = Vec::new();
            if to.is_none() {
                unused.resize(weights.len(), 0.0);
            }
            let sums = to.as_mut().unwrap_or(&mut unused);
            if self.wanted[node.inputs[0]] {
                self.put(node.inputs[0], |to, fill| {
                    depthwise::backward(sweep, x, weights, gradient, sums, Some((to, fill)));
                });
            } else {
                depthwise::backward(sweep, x, weights, gradient, sums, None);
            }
        } else {
            if let Some(to) = &mut to {
                convolution::of_weights(sweep, x, gradient, to);
            }
            self.put(node.inputs[0], |to, fill| {
                convolution::of_input(sweep, gradient, weights, to, fill);
            });
        }
        self.gradients[id] = to;
    }

    /// Has `fill` put what belongs to `value` into its gradient, if it is wanted.
    fn put(&mut self, value: ValueId, fill: impl FnOnce(&mut [f32], Fill)) {
        if !self.wanted[value] {
            return;
        }
        match &mut self.pending[value] {
            Some(gradient) => fill(gradient, Fill::Add),
            None => {
                let shape: Shape = self.pass.graph.shape(value);
                let mut gradient = self.pool.take(self.count * shape.len());
                fill(&mut gradient, Fill::Store);
                self.pending[value] = Some(gradient);
            }
        }
    }

    /// Makes `gradient` that of `value`, or adds it.
    fn hand_on(&mut self, value: ValueId, gradient: Buffer) {
        if self.wanted[value] && self.pending[value].is_none() {
            self.pending[value] = Some(gradient);
            return;
        }
        self.put(value, |to, fill| pointwise::carry(&gradient, to, fill));
        self.pool.give(gradient);
    }
}
