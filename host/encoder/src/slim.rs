//! Takes channels out of bottlenecks, so that a trained network becomes a cheaper one that still works.
//!
//! The channels between the widening and the narrowing convolution of a bottleneck are read by no other node. So a channel
//! can be removed there with its filter, its depthwise filter, its normalisations and activations, and the weights of the
//! narrowing convolution that read it. The channels that go are those whose loss changes the sums of the narrowing
//! convolution least for the multiply-adds that it saves, where the remaining weights make up for it as well as
//! weights can: least squares over the pixels of sample pictures. This is the optimal brain surgeon of Hassibi and Stork 1993,
//! for whole channels (Frantar and Alistarh 2022). What the sums lose on the mean goes to the bias or the normalisation behind.

use crate::bottleneck::{Behind, Bottleneck, bottlenecks};
use crate::covariance::{Covariance, covariances};
use crate::graph::{Graph, Node, Operator, ParameterId};
use crate::inverse::inverse;
use crate::{Error, Images};

/// Channels go by so many, since boards compute so many at once.
const STEP: usize = 16;

/// The variance that each channel is taken to have beside its own, as a share of it: what samples tell of two channels is not exact.
const RIDGE: f64 = 1e-3;

/// The network with at most `multiply_adds`, by bottlenecks of fewer channels; the channels are measured on `samples`.
///
/// # Errors
/// There are no bottlenecks, they are not enough, or there are no samples.
pub fn slim(mut graph: Graph, multiply_adds: usize, samples: &Images) -> Result<Graph, Error> {
    let refuse = |reason: String| Err(Error::Specification(reason));
    if samples.pixels.is_empty() {
        return refuse("there are no samples".into());
    }
    let bottlenecks = bottlenecks(&graph);
    let nodes: Vec<usize> = bottlenecks.iter().map(Bottleneck::last).collect();
    let measured = covariances(&graph, &nodes, samples);
    let mut readings: Vec<Reading> =
        bottlenecks.iter().zip(&measured).map(|(one, given)| Reading::new(one, &graph, given)).collect();
    let mut narrower: Vec<Option<Reading>> = readings.iter().map(Reading::narrower).collect();
    loop {
        let kept: Vec<usize> = readings.iter().map(|reading| reading.kept.len()).collect();
        let cost = cost(&graph, &bottlenecks, &kept);
        if cost <= multiply_adds {
            break;
        }
        let price = |at: usize| {
            let next = narrower[at].as_ref()?;
            let mut fewer = kept.clone();
            fewer[at] = next.kept.len();
            let saved = cost - self::cost(&graph, &bottlenecks, &fewer);
            Some((at, (next.lost() - readings[at].lost()) / saved as f64))
        };
        let prices = (0..narrower.len()).filter_map(price);
        let Some((at, _)) = prices.min_by(|(_, a), (_, b)| a.total_cmp(b)) else {
            return refuse(format!(
                "{multiply_adds} multiply-adds are too few: with the narrowest bottlenecks it takes {cost}"
            ));
        };
        readings[at] = narrower[at].take().unwrap_or_else(|| unreachable!("it has a price"));
        narrower[at] = readings[at].narrower();
    }
    bottlenecks.iter().zip(&readings).for_each(|(one, reading)| one.keep(&mut graph, reading));
    Ok(graph)
}

/// How a narrowing convolution reads its channels, each divided by its standard deviation.
#[derive(Clone)]
struct Reading {
    /// The channels that are left, in ascending order.
    kept: Vec<usize>,
    /// The inverse of their correlations, row by row. It has a row for each channel; those of removed channels are zero.
    inverse: Vec<f64>,
    /// A row for each channel.
    weights: Vec<f64>,
    /// The variance that each output has lost.
    variances: Vec<f64>,
    /// The variance of all outputs, with all channels, as what follows scales them.
    total: f64,
    /// The standard deviation of each channel.
    deviations: Vec<f64>,
    /// What the outputs are multiplied with, squared.
    scales: Vec<f64>,
    /// The mean of each channel.
    means: Vec<f64>,
}

impl Reading {
    fn new(one: &Bottleneck, graph: &Graph, given: &Covariance) -> Self {
        let (channels, outputs) = (given.means.len(), one.outputs(graph));
        let deviations: Vec<f64> =
            (0..channels).map(|channel| given.values[channel * (channels + 1)].max(0.0).sqrt()).collect();
        let correlation = |at: usize| {
            let (a, b) = (at / channels, at % channels);
            let product = deviations[a] * deviations[b];
            let ridge = if a == b { RIDGE } else { 0.0 };
            ridge + if product > 0.0 { given.values[at] / product } else { 0.0 }
        };
        let correlations: Vec<f64> = (0..channels * channels).map(correlation).collect();
        let rows = graph.values(one.narrowing(graph)).chunks_exact(outputs).zip(&deviations);
        let weights: Vec<f64> = rows
            .flat_map(|(row, deviation)| row.iter().map(move |&weight| f64::from(weight) * deviation))
            .collect();
        let scales = one.scales(graph);
        let mut total = 0.0;
        for (row, correlated) in weights.chunks_exact(outputs).zip(correlations.chunks_exact(channels)) {
            for (other, factor) in weights.chunks_exact(outputs).zip(correlated) {
                let product = row.iter().zip(other).zip(&scales).map(|((a, b), scale)| a * b * scale);
                total += factor * product.sum::<f64>();
            }
        }
        Self {
            kept: (0..channels).collect(),
            inverse: inverse(correlations, channels),
            weights,
            variances: vec![0.0; outputs],
            total: total.max(f64::MIN_POSITIVE),
            deviations,
            scales,
            means: given.means.clone(),
        }
    }

    /// The share of the variance that is lost.
    fn lost(&self) -> f64 {
        let lost: f64 =
            self.variances.iter().zip(&self.scales).map(|(variance, scale)| variance * scale).sum();
        lost / self.total
    }

    /// The same without the [`STEP`] channels that count least; `None` where too few are left.
    fn narrower(&self) -> Option<Self> {
        if self.kept.len() <= STEP {
            return None;
        }
        let mut next = self.clone();
        (0..STEP).for_each(|_| next.remove());
        Some(next)
    }

    /// The variance of all outputs that goes with a channel.
    fn part(&self, channel: usize) -> f64 {
        let row = self.row(channel).iter().zip(&self.scales).map(|(weight, scale)| weight * weight * scale);
        row.sum::<f64>() / self.inverse[channel * (self.deviations.len() + 1)]
    }

    fn row(&self, channel: usize) -> &[f64] {
        &self.weights[channel * self.scales.len()..][..self.scales.len()]
    }

    /// Removes the channel that counts least, and has the others make up for it.
    fn remove(&mut self) {
        let parts = self.kept.iter().enumerate().map(|(place, &channel)| (place, self.part(channel)));
        let Some((place, _)) = parts.min_by(|(_, a), (_, b)| a.total_cmp(b)) else { return };
        let gone = self.kept.remove(place);
        let (channels, outputs) = (self.deviations.len(), self.scales.len());
        let row = self.row(gone).to_vec();
        let column: Vec<f64> = self.inverse[gone * channels..][..channels].to_vec();
        let pivot = column[gone];
        for (variance, weight) in self.variances.iter_mut().zip(&row) {
            *variance += weight * weight / pivot;
        }
        for channel in 0..channels {
            let factor = column[channel] / pivot;
            if factor == 0.0 {
                continue;
            }
            let weights = &mut self.weights[channel * outputs..][..outputs];
            weights.iter_mut().zip(&row).for_each(|(weight, gone)| *weight -= factor * gone);
            let inverse = &mut self.inverse[channel * channels..][..channels];
            inverse.iter_mut().zip(&column).for_each(|(value, other)| *value -= factor * other);
        }
        // What rounding left of it.
        self.weights[gone * outputs..][..outputs].fill(0.0);
        self.inverse[gone * channels..][..channels].fill(0.0);
        (0..channels).for_each(|channel| self.inverse[channel * channels + gone] = 0.0);
    }
}

impl Bottleneck {
    /// What follows multiplies each output of the narrowing convolution with these, squared.
    fn scales(&self, graph: &Graph) -> Vec<f64> {
        let scale = |output: usize| match self.behind {
            Behind::Bias(_) => 1.0,
            Behind::Normalize(by) => {
                let value = |id: ParameterId| f64::from(graph.values(id)[output]);
                value(by.gain).powi(2) / (value(by.variance) + f64::from(by.epsilon))
            }
        };
        (0..self.outputs(graph)).map(scale).collect()
    }

    /// Leaves the channels that `reading` keeps alone, with its weights.
    fn keep(&self, graph: &mut Graph, reading: &Reading) {
        let (channels, outputs) = (self.channels(graph), self.outputs(graph));
        if reading.kept.len() == channels {
            return;
        }
        let weights = self.narrowing(graph);
        let row = |channel: usize| {
            let (row, deviation) = (reading.row(channel), reading.deviations[channel]);
            row.iter().map(move |weight| if deviation > 0.0 { (weight / deviation) as f32 } else { 0.0 })
        };
        let new: Vec<f32> = reading.kept.iter().flat_map(|&channel| row(channel)).collect();
        let mut means = vec![0.0; outputs];
        let mut add = |row: &[f32], mean: f64| {
            means.iter_mut().zip(row).for_each(|(sum, &weight)| *sum += f64::from(weight) * mean);
        };
        graph
            .values(weights)
            .chunks_exact(outputs)
            .zip(&reading.means)
            .for_each(|(row, &mean)| add(row, mean));
        let kept = new.chunks_exact(outputs).zip(&reading.kept);
        kept.for_each(|(row, &channel)| add(row, -reading.means[channel]));
        self.compensate(graph, &means, &reading.variances);
        graph.parameters[weights].values = new;
        for &node in &self.inner {
            graph.nodes[node].shape.channels = reading.kept.len();
            for id in graph.nodes[node].operator.parameters() {
                let values = &mut graph.parameters[id].values;
                let rows = values.chunks_exact(channels);
                *values = rows.flat_map(|row| reading.kept.iter().map(|&channel| row[channel])).collect();
            }
        }
    }
}

/// Multiply-adds of the network, with so many channels in each bottleneck. The convolution that narrows one bottleneck may widen
/// the next one: it then has fewer inputs and fewer outputs.
fn cost(graph: &Graph, bottlenecks: &[Bottleneck], kept: &[usize]) -> usize {
    let of_node = |(number, node): (usize, &Node)| {
        let Operator::Convolution { weights, .. } = node.operator else { return 0 };
        let changed = bottlenecks.iter().zip(kept);
        let changed = changed.filter(|(one, _)| one.narrow == number || one.inner.contains(&number));
        let whole = node.shape.pixels() * graph.values(weights).len();
        changed.fold(whole, |cost, (one, kept)| cost / one.channels(graph) * kept)
    };
    graph.nodes.iter().enumerate().map(of_node).sum()
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
        drawn(4)
    }

    fn drawn(count: usize) -> Images {
        let random = &mut fastrand::Rng::with_seed(2);
        Images { height: 32, width: 32, pixels: (0..count * 32 * 32 * 3).map(|_| random.u8(..)).collect() }
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
        let inner = bottlenecks(&graph)[0].inner.clone();
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
    fn channels_that_others_can_stand_in_for_go_first_and_nothing_changes() {
        let mut whole = network();
        let one = bottlenecks(&whole).swap_remove(0);
        for id in
            one.inner.iter().flat_map(|&node| whole.nodes[node].operator.parameters()).collect::<Vec<_>>()
        {
            for row in whole.parameters[id].values.chunks_exact_mut(one.channels(&network())) {
                row.copy_within(16..32, 0);
            }
        }
        // Of fewer pictures than channels, some other channels seem to be sums of the rest.
        let slimmer = slim(whole.clone(), whole.multiply_adds() - 1, &drawn(600)).expect("slimmer");
        assert_eq!(bottlenecks(&slimmer)[0].channels(&slimmer), 16);
        assert!(apart(&whole, &slimmer) < 0.1, "{}", apart(&whole, &slimmer));
    }

    #[test]
    fn a_slim_network_is_as_cheap_as_asked_and_says_when_it_cannot_be() {
        let graph = network();
        let wanted = graph.multiply_adds() * 2 / 3;
        let slimmer = slim(graph.clone(), wanted, &images()).expect("slimmer");
        // The first convolution that narrows also widens the next bottleneck.
        assert!(slimmer.multiply_adds() <= wanted, "{} of {wanted}", slimmer.multiply_adds());
        assert!(slimmer.multiply_adds() * 10 > wanted * 9);
        assert!(slimmer.size() < graph.size());
        assert!(embed(&slimmer).values.iter().all(|value| value.is_finite()));
        let error = slim(graph, 1000, &images()).expect_err("too few").to_string();
        assert!(error.contains("1000 multiply-adds are too few"), "{error}");
    }
}
