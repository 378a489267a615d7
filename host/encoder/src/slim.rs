//! Takes channels out of bottlenecks, so that a trained network becomes a cheaper one that still works.
//!
//! The channels between the widening and the narrowing convolution of a bottleneck are read by no other node. So a channel
//! can be removed there with its filter, its depthwise filter, its normalisations and activations, and the weights of the
//! narrowing convolution that read it. How much a channel counts is measured on sample pictures: the variance of its
//! values, times the weights that read them, is its part in the variance of the bottleneck's sums. The mean of a removed
//! channel is added to the bias or the normalisation after the narrowing convolution. In the manner of Molchanov et
//! al. 2017, the channels with the least part for the most multiply-adds go first.

use crate::bottleneck::{Behind, Bottleneck, Given, bottlenecks};
use crate::graph::{Graph, Operator, ParameterId};
use crate::{Error, Images};

/// Channels go by so many, since boards compute so many at once.
const STEP: usize = 16;

/// The removal of the [`STEP`] channels of a bottleneck that count least.
struct Loss {
    /// Their part in the sums, for each multiply-add that is saved.
    price: f64,
    /// The others, in ascending order.
    kept: Vec<usize>,
}

/// The network with at most `multiply_adds`, by bottlenecks of fewer channels; the channels are measured on `samples`.
///
/// # Errors
/// There are no bottlenecks, they are not enough, or there are no samples.
pub fn slim(mut graph: Graph, multiply_adds: usize, samples: &Images) -> Result<Graph, Error> {
    let refuse = |reason: String| Err(Error::Specification(reason));
    if samples.pixels.is_empty() {
        return refuse("there are no samples".into());
    }
    let mut bottlenecks = bottlenecks(&graph, samples);
    while graph.multiply_adds() > multiply_adds {
        let losses = bottlenecks.iter().enumerate().filter_map(|(at, one)| Some((at, one.loss(&graph)?)));
        let Some((at, loss)) = losses.min_by(|(_, a), (_, b)| a.price.total_cmp(&b.price)) else {
            return refuse(format!(
                "{multiply_adds} multiply-adds are too few: with the narrowest bottlenecks it takes {}",
                graph.multiply_adds()
            ));
        };
        bottlenecks[at].keep(&mut graph, &loss.kept);
    }
    Ok(graph)
}

/// The channels by their part, the least first.
fn ascending(parts: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|&a, &b| parts[a].total_cmp(&parts[b]));
    order
}

impl Bottleneck {
    /// None where too few channels are left.
    fn loss(&self, graph: &Graph) -> Option<Loss> {
        let parts = self.parts(graph);
        let order = ascending(&parts);
        let (going, kept) = order.split_at_checked(STEP).filter(|(_, kept)| !kept.is_empty())?;
        let part: f64 = going.iter().map(|&channel| parts[channel]).sum();
        let mut kept = kept.to_vec();
        kept.sort_unstable();
        let saved = self.inner.iter().chain([&self.narrow]).map(|&node| cost(graph, node)).sum::<f64>();
        Some(Loss { price: part * self.given.len() as f64 / (STEP as f64 * saved), kept })
    }

    /// The part of each channel in the sums of the narrowing convolution, 1 in all.
    fn parts(&self, graph: &Graph) -> Vec<f64> {
        let scale = |output: usize| match self.behind {
            Behind::Bias(_) => 1.0,
            Behind::Normalize(by) => {
                let value = |id: ParameterId| f64::from(graph.values(id)[output]);
                value(by.gain).powi(2) / (value(by.variance) + f64::from(by.epsilon))
            }
        };
        let part = |(row, given): (&[f32], &Given)| {
            let read = row.iter().enumerate().map(|(output, &w)| f64::from(w).powi(2) * scale(output));
            read.sum::<f64>() * given.variance
        };
        let rows = graph.values(self.narrowing(graph)).chunks_exact(graph.nodes[self.narrow].shape.channels);
        let parts: Vec<f64> = rows.zip(&self.given).map(part).collect();
        let total = parts.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        parts.into_iter().map(|part| part / total).collect()
    }

    /// Leaves the channels `kept` alone, in ascending order.
    fn keep(&mut self, graph: &mut Graph, kept: &[usize]) {
        let channels = self.given.len();
        self.compensate(graph, kept);
        for &node in &self.inner {
            graph.nodes[node].shape.channels = kept.len();
            for id in graph.nodes[node].operator.parameters() {
                let values = &mut graph.parameters[id].values;
                let rows = values.chunks_exact(channels);
                *values = rows.flat_map(|row| kept.iter().map(|&channel| row[channel])).collect();
            }
        }
        let (weights, outputs) = (self.narrowing(graph), graph.nodes[self.narrow].shape.channels);
        let values = &mut graph.parameters[weights].values;
        let rows: Vec<&[f32]> = values.chunks_exact(outputs).collect();
        *values = kept.iter().flat_map(|&channel| rows[channel]).copied().collect();
        self.given = kept.iter().map(|&channel| self.given[channel]).collect();
    }
}

/// Multiply-adds of a node, if it is a convolution.
fn cost(graph: &Graph, node: usize) -> f64 {
    match graph.nodes[node].operator {
        Operator::Convolution { weights, .. } => {
            (graph.nodes[node].shape.pixels() * graph.values(weights).len()) as f64
        }
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::read;
    use crate::{Embeddings, Encoder, Optimizer, Preprocessing, Spec, Trainable};

    fn network() -> Graph {
        let spec = Spec { input: [32, 32], width: 0.5, dimension: 64, ..Spec::default() };
        spec.build(3).expect("a network")
    }

    fn images() -> Images {
        let random = &mut fastrand::Rng::with_seed(2);
        Images { height: 32, width: 32, pixels: (0..4 * 32 * 32 * 3).map(|_| random.u8(..)).collect() }
    }

    fn embed(graph: &Graph) -> Embeddings {
        Encoder::of(graph.clone(), Optimizer::default()).embed(&images())
    }

    /// How far the embeddings of two networks are apart, as a share of the largest value.
    fn apart(a: &Graph, b: &Graph) -> f32 {
        let (a, b) = (embed(a).values, embed(b).values);
        let largest = a.iter().map(|value| value.abs()).fold(0.0, f32::max);
        a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / largest
    }

    /// Has sixteen channels of the first bottleneck give the same whatever the picture.
    fn with_silent_channels() -> Graph {
        let mut graph = network();
        let inner = bottlenecks(&graph, &images())[0].inner.clone();
        let Operator::Normalize(by, _) = graph.nodes[inner[3]].operator else { panic!("{inner:?}") };
        for channel in 5..21 {
            graph.parameters[by.gain].values[channel] = 0.0;
            graph.parameters[by.offset].values[channel] = 0.3;
        }
        graph
    }

    #[test]
    fn channels_that_tell_nothing_go_first_and_nothing_changes() {
        let whole = with_silent_channels();
        // A file of a network that has learned rounding has no normalisations any more.
        let mut rounded = Encoder::of(whole.clone(), Optimizer::default());
        rounded.quantize(&images()).expect("it is quantized");
        let plain = Preprocessing { mean: 0.0, scale: 1.0 };
        let folded = read(&rounded.to_onnx(), plain).expect("it was just written");
        for graph in [whole, folded] {
            let slimmer = slim(graph.clone(), graph.multiply_adds() - 1, &images()).expect("slimmer");
            assert!(slimmer.multiply_adds() < graph.multiply_adds());
            assert!(apart(&graph, &slimmer) < 1e-4, "{}", apart(&graph, &slimmer));
        }
    }

    #[test]
    fn a_slim_network_is_as_cheap_as_asked_and_says_when_it_cannot_be() {
        let graph = network();
        let wanted = graph.multiply_adds() * 2 / 3;
        let slimmer = slim(graph.clone(), wanted, &images()).expect("slimmer");
        assert!(slimmer.multiply_adds() <= wanted);
        assert!(slimmer.multiply_adds() * 10 > wanted * 9);
        assert!(slimmer.size() < graph.size());
        assert!(embed(&slimmer).values.iter().all(|value| value.is_finite()));
        let error = slim(graph, 1000, &images()).expect_err("too few").to_string();
        assert!(error.contains("1000 multiply-adds are too few"), "{error}");
    }
}
