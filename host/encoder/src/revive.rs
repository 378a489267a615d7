//! Draws the channels of bottlenecks again that give the same whatever the picture, so that they can learn.
//!
//! A trained network may have many of them: a decay of weights that was too strong has emptied their depthwise filters. What
//! they give is added to the bias or the normalisation behind the narrowing convolution, and their weights there become zero.
//! So the network computes what it did, and the first step of a training gives them something to do (function-preserving
//! growth, as Net2WiderNet of Chen et al. 2016).

use autodiff::operators::normalize::Moments;
use autodiff::{BufferPool, Role};
use fastrand::Rng;

use crate::bottleneck::{Bottleneck, bottlenecks};
use crate::graph::Graph;
use crate::pass::Pass;
use crate::{Error, Images};

/// A channel whose variance is below this share of the bottleneck's mean variance gives the same whatever the picture.
const LEAST_SHARE: f64 = 1e-9;

/// The network with such channels drawn from `seed`, and how many they are.
///
/// # Errors
/// There are no samples.
pub fn revive(mut graph: Graph, samples: &Images, seed: u64) -> Result<(Graph, usize), Error> {
    if samples.pixels.is_empty() {
        return Err(Error::Specification("there are no samples".into()));
    }
    let random = &mut Rng::with_seed(seed);
    let moments = moments(&graph, samples);
    let mut revived = 0;
    for bottleneck in bottlenecks(&graph) {
        let given = &moments[bottleneck.last()];
        let live = live(given);
        if live.is_empty() || live.len() == given.mean.len() {
            continue;
        }
        revived += given.mean.len() - live.len();
        bottleneck.lose_means(&mut graph, &live, given);
        bottleneck.revive(&mut graph, &live, random);
    }
    Ok((graph, revived))
}

/// The moments of each node's channels.
fn moments(graph: &Graph, samples: &Images) -> Vec<Moments> {
    let frozen = vec![true; graph.nodes.len()];
    Pass { graph, frozen: &frozen, rounding: false }.moments(samples, &mut BufferPool::default())
}

/// The channels that depend on the picture, in ascending order.
fn live(given: &Moments) -> Vec<usize> {
    let variance = |channel: usize| f64::from(given.variance[channel]);
    let channels = given.variance.len();
    let mean = (0..channels).map(variance).sum::<f64>() / channels.max(1) as f64;
    (0..channels).filter(|&channel| variance(channel) > mean * LEAST_SHARE).collect()
}

impl Bottleneck {
    /// Adds the mean of all but the `live` channels to what follows the narrowing convolution.
    fn lose_means(&self, graph: &mut Graph, live: &[usize], given: &Moments) {
        let outputs = self.outputs(graph);
        let mut means = vec![0.0; outputs];
        let rows = graph.values(self.narrowing(graph)).chunks_exact(outputs).zip(&given.mean).enumerate();
        for (_, (row, &mean)) in rows.filter(|(channel, _)| live.binary_search(channel).is_err()) {
            means.iter_mut().zip(row).for_each(|(sum, &weight)| *sum += f64::from(weight) * f64::from(mean));
        }
        self.compensate(graph, &means, &vec![0.0; outputs]);
    }

    /// Gives all but the `live` channels new weights: as large as those of the others, in what is a number a channel their mean.
    fn revive(&self, graph: &mut Graph, live: &[usize], random: &mut Rng) {
        let channels = self.channels(graph);
        let is_dead: Vec<bool> = (0..channels).map(|channel| live.binary_search(&channel).is_err()).collect();
        let (weights, outputs) = (self.narrowing(graph), self.outputs(graph));
        let rows = graph.parameters[weights].values.chunks_exact_mut(outputs).zip(&is_dead);
        rows.filter(|(_, is_dead)| **is_dead).for_each(|(row, _)| row.fill(0.0));
        for id in
            self.inner.iter().flat_map(|&node| graph.nodes[node].operator.parameters()).collect::<Vec<_>>()
        {
            let parameter = &mut graph.parameters[id];
            let of_live = |values: &[f32], f: fn(f64) -> f64| {
                let rows = values.chunks_exact(channels);
                let sum: f64 = rows.flat_map(|row| live.iter().map(|&at| f(row[at].into()))).sum();
                sum / (live.len() * values.len() / channels) as f64
            };
            // Evenly, which every machine draws the same; its standard deviation is a root of three below its bound.
            let drawn = match parameter.role {
                Role::Weight => Some((3.0 * of_live(&parameter.values, |value| value * value)).sqrt() as f32),
                Role::Other | Role::Statistic => None,
            };
            let mean = of_live(&parameter.values, |value| value) as f32;
            for row in parameter.values.chunks_exact_mut(channels) {
                for (value, _) in row.iter_mut().zip(&is_dead).filter(|(_, is_dead)| **is_dead) {
                    *value = drawn.map_or(mean, |bound| bound * (2.0 * random.f32() - 1.0));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Operator;
    use crate::{Encoder, Optimizer, Spec, Trainable};

    fn images() -> Images {
        let random = &mut Rng::with_seed(2);
        Images { height: 32, width: 32, pixels: (0..4 * 32 * 32 * 3).map(|_| random.u8(..)).collect() }
    }

    /// Empties the depthwise filters of five channels in each bottleneck. Returns the depthwise nodes.
    fn with_dead_channels() -> (Graph, Vec<usize>) {
        let spec = Spec { input: [32, 32], width: 0.5, dimension: 64, ..Spec::default() };
        let mut graph = spec.build(3).expect("a network");
        let mut nodes = Vec::new();
        for bottleneck in bottlenecks(&graph) {
            let channels = bottleneck.channels(&graph);
            for &node in &bottleneck.inner {
                let Operator::Convolution { depthwise: true, weights, .. } = graph.nodes[node].operator
                else {
                    continue;
                };
                for row in graph.parameters[weights].values.chunks_exact_mut(channels) {
                    row[3..8].fill(0.0);
                }
                nodes.push(node);
            }
        }
        (graph, nodes)
    }

    #[test]
    fn dead_channels_live_again_and_the_network_computes_what_it_did() {
        let (graph, nodes) = with_dead_channels();
        assert!(nodes.len() > 5);
        let (alive, count) = revive(graph.clone(), &images(), 1).expect("revived");
        assert_eq!(count, 5 * nodes.len());
        let embed = |graph: &Graph| Encoder::of(graph.clone(), Optimizer::default()).embed(&images()).values;
        let (old, new) = (embed(&graph), embed(&alive));
        let largest = old.iter().map(|value| value.abs()).fold(0.0, f32::max);
        assert!(old.iter().zip(&new).all(|(a, b)| (a - b).abs() < 1e-4 * largest));
        let moments = moments(&alive, &images());
        let all_live = |one: &Bottleneck| live(&moments[one.last()]).len() == one.channels(&alive);
        assert!(bottlenecks(&alive).iter().all(all_live));
        assert_eq!(revive(alive, &images(), 1).expect("nothing to do").1, 0);
    }

    #[test]
    fn a_revived_channel_takes_part_after_one_step() {
        let (graph, nodes) = with_dead_channels();
        let (alive, _) = revive(graph, &images(), 1).expect("revived");
        let narrow = bottlenecks(&alive)[0].narrow;
        let mut encoder = Encoder::of(alive, Optimizer::default());
        encoder.step(&images(), 1e-3, &mut |embeddings| Some(embeddings.clone()));
        let Operator::Convolution { weights, .. } = encoder.graph().nodes[narrow].operator else {
            panic!("{nodes:?}")
        };
        let outputs = encoder.graph().nodes[narrow].shape.channels;
        let row = &encoder.graph().values(weights)[3 * outputs..][..outputs];
        assert!(row.iter().any(|&weight| weight != 0.0));
    }
}
