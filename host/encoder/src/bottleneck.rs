//! Bottlenecks of a network: where channels are read by no other node, so that each can be changed alone.
//!
//! A convolution widens, a depthwise one looks around, and a third one narrows again.

use crate::graph::{Graph, Normalization, Operator, ParameterId};

/// Least share of a normalisation's variance that is left when channels before it go.
const LEAST_VARIANCE: f64 = 0.05;

/// What follows the narrowing convolution, and takes the mean of removed channels.
#[derive(Clone, Copy)]
pub enum Behind {
    /// It has a bias.
    Bias(ParameterId),
    /// It is normalised.
    Normalize(Normalization),
}

/// A bottleneck.
pub struct Bottleneck {
    /// The convolution that widens, and the nodes up to the one that narrows: one of them is depthwise.
    pub inner: Vec<usize>,
    /// The convolution that narrows.
    pub narrow: usize,
    /// What takes the mean of its channels.
    pub behind: Behind,
}

/// All bottlenecks: a dense convolution, a depthwise and a dense one, with normalisations and activations between,
/// each read by the next one only.
pub fn bottlenecks(graph: &Graph) -> Vec<Bottleneck> {
    let reader = |number: usize| {
        let mut readers = (0..graph.nodes.len()).filter(|&n| graph.nodes[n].inputs.contains(&(number + 1)));
        readers.next().filter(|_| readers.next().is_none())
    };
    let bottleneck = |start: usize| {
        let is_dense =
            |n: usize| matches!(graph.nodes[n].operator, Operator::Convolution { depthwise: false, .. });
        let mut inner = vec![start];
        let mut depthwise = 0;
        let narrow = loop {
            let next = reader(*inner.last()?)?;
            match graph.nodes[next].operator {
                Operator::Convolution { depthwise: false, .. } => break next,
                Operator::Convolution { depthwise: true, .. } => depthwise += 1,
                Operator::Normalize(..) | Operator::Activate(_) => {}
                _ => return None,
            }
            inner.push(next);
        };
        let behind = match (&graph.nodes[narrow].operator, reader(narrow).map(|n| &graph.nodes[n].operator)) {
            (_, Some(Operator::Normalize(by, _))) => Behind::Normalize(*by),
            (Operator::Convolution { bias: Some(bias), .. }, _) => Behind::Bias(*bias),
            _ => return None,
        };
        (is_dense(start) && depthwise == 1).then_some(Bottleneck { inner, narrow, behind })
    };
    (0..graph.nodes.len()).filter_map(bottleneck).collect()
}

impl Bottleneck {
    /// Weights of the narrowing convolution: a row a channel.
    pub fn narrowing(&self, graph: &Graph) -> ParameterId {
        match graph.nodes[self.narrow].operator {
            Operator::Convolution { weights, .. } => weights,
            _ => unreachable!("a bottleneck ends in a convolution"),
        }
    }

    /// The node whose values the narrowing convolution reads.
    pub fn last(&self) -> usize {
        self.inner[self.inner.len() - 1]
    }

    /// Channels between the widening and the narrowing convolution.
    pub fn channels(&self, graph: &Graph) -> usize {
        graph.nodes[self.last()].shape.channels
    }

    /// Channels after the narrowing convolution.
    pub fn outputs(&self, graph: &Graph) -> usize {
        graph.nodes[self.narrow].shape.channels
    }

    /// Makes up for sums of the narrowing convolution that lost `means`, and `variances`: in the bias or the normalisation after it.
    pub fn compensate(&self, graph: &mut Graph, means: &[f64], variances: &[f64]) {
        let mut change = |id: ParameterId, by: &dyn Fn(usize, f64) -> f64| {
            for (output, value) in graph.parameters[id].values.iter_mut().enumerate() {
                *value = by(output, f64::from(*value)) as f32;
            }
        };
        match self.behind {
            Behind::Bias(bias) => change(bias, &|output, old| old + means[output]),
            Behind::Normalize(by) => {
                change(by.mean, &|output, old| old - means[output]);
                change(by.variance, &|output, old| (old - variances[output]).max(LEAST_VARIANCE * old));
            }
        }
    }
}
