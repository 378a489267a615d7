//! Takes channels out of bottlenecks, so that a trained network becomes a cheaper one that still works.
//!
//! What a bottleneck widens to and narrows from again is seen by nobody else: a channel there can go with its
//! filter, its depthwise filter, its normalisations, and what the narrowing convolution reads of it. How much
//! a channel counts follows from the weights alone: after a normalisation with gain `g` and offset `o` a value is
//! nearly normal with that spread and mean, so that the spread after PReLU is known, and times the weights that
//! read it, it is the channel's part in the variance of the bottleneck's sums. The mean of what goes is put on
//! the normalisation behind. In the manner of Molchanov et al. 2017, the least part for the most
//! multiply-adds goes first.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use crate::Error;
use crate::graph::{Activation, Graph, Normalization, Operator, ParameterId};

/// Channels go by so many, since boards compute so many at once.
const STEP: usize = 16;

/// Least share of a normalisation's variance that is left when channels before it go.
const LEAST_VARIANCE: f64 = 0.05;

/// A bottleneck by its convolutions and what is between them.
struct Bottleneck {
    /// The convolution that widens, the nodes between, and the one that narrows.
    nodes: Vec<usize>,
    /// The normalisation right before the one that narrows, and that behind it.
    norms: [Normalization; 2],
    /// What follows the former.
    activation: Activation,
    /// Multiply-adds of one channel.
    cost: usize,
}

/// What a channel gives to the narrowing convolution.
#[derive(Clone, Copy)]
struct Moments {
    mean: f64,
    variance: f64,
}

/// What it would be to lose the [`STEP`] channels of a bottleneck that give the least.
struct Loss {
    /// Their part in the sums, for each multiply-add that is saved.
    price: f64,
    /// What all channels give.
    moments: Vec<Moments>,
    /// The others, in ascending order.
    kept: Vec<usize>,
}

/// The network with at most `multiply_adds`, by bottlenecks of fewer channels.
///
/// # Errors
/// There are no bottlenecks with normalisations, or they are not enough.
pub fn slim(mut graph: Graph, multiply_adds: usize) -> Result<Graph, Error> {
    while graph.multiply_adds() > multiply_adds {
        let total = graph.multiply_adds();
        let bottlenecks = bottlenecks(&graph);
        if bottlenecks.is_empty() {
            let reason = "it has no bottlenecks with batch norms to take channels from".into();
            return Err(Error::Specification(reason));
        }
        let least = bottlenecks.iter().filter_map(|one| Some((one, one.loss(&graph)?)));
        let Some((one, Loss { moments, kept, .. })) =
            least.min_by(|(_, a), (_, b)| a.price.total_cmp(&b.price))
        else {
            return Err(Error::Specification(format!(
                "{multiply_adds} multiply-adds are too few: with the narrowest bottlenecks it takes {total}"
            )));
        };
        one.keep(&mut graph, &kept, &moments);
    }
    Ok(graph)
}

/// The channels by their part, the least first.
fn ascending(parts: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|&a, &b| parts[a].total_cmp(&parts[b]));
    order
}

/// All bottlenecks: dense convolution, normalisation, depthwise convolution, normalisation, dense convolution,
/// normalisation, each read by the next one only.
fn bottlenecks(graph: &Graph) -> Vec<Bottleneck> {
    let reader = |number: usize| {
        let mut readers = (0..graph.nodes.len()).filter(|&n| graph.nodes[n].inputs.contains(&(number + 1)));
        readers.next().filter(|_| readers.next().is_none())
    };
    let bottleneck = |start: usize| {
        let mut nodes = vec![start];
        while nodes.len() < 6 {
            nodes.push(reader(*nodes.last()?)?);
        }
        let [wide, _, deep, before, narrow, behind] = nodes[..] else { return None };
        let is_dense =
            |n: usize| matches!(graph.nodes[n].operator, Operator::Convolution { depthwise: false, .. });
        let is_deep = matches!(graph.nodes[deep].operator, Operator::Convolution { depthwise: true, .. });
        let norm = |n: usize| match graph.nodes[n].operator {
            Operator::Normalize(by, activation) => Some((by, activation)),
            _ => None,
        };
        norm(nodes[1])?;
        let ((before, activation), (behind, _)) = (norm(before)?, norm(behind)?);
        let channels = graph.nodes[wide].shape.channels;
        let cost = [wide, deep, narrow].iter().map(|&n| cost(graph, n, channels)).sum();
        nodes.pop();
        (is_dense(wide) && is_deep && is_dense(narrow)).then_some(Bottleneck {
            nodes,
            norms: [before, behind],
            activation,
            cost,
        })
    };
    (0..graph.nodes.len()).filter_map(bottleneck).collect()
}

/// Multiply-adds of a convolution for each of its `channels`.
fn cost(graph: &Graph, node: usize, channels: usize) -> usize {
    let Operator::Convolution { weights, .. } = graph.nodes[node].operator else { return 0 };
    graph.nodes[node].shape.pixels() * graph.values(weights).len() / channels
}

impl Bottleneck {
    /// None where too few channels are left.
    fn loss(&self, graph: &Graph) -> Option<Loss> {
        let (moments, parts) = self.channels(graph);
        let order = ascending(&parts);
        let (going, kept) = order.split_at_checked(STEP).filter(|(_, kept)| !kept.is_empty())?;
        let part: f64 = going.iter().map(|&channel| parts[channel]).sum();
        let mut kept = kept.to_vec();
        kept.sort_unstable();
        Some(Loss { price: part / (STEP * self.cost) as f64, moments, kept })
    }

    /// What each channel gives, and its part in the sums of the narrowing convolution, 1 in all.
    fn channels(&self, graph: &Graph) -> (Vec<Moments>, Vec<f64>) {
        let [before, behind] = self.norms;
        let values = |id: ParameterId, channel: usize| f64::from(graph.values(id)[channel]);
        let moments: Vec<Moments> = (0..graph.values(before.gain).len())
            .map(|channel| {
                let slope = match self.activation {
                    Activation::Identity => 1.0,
                    Activation::Relu => 0.0,
                    Activation::Prelu(slopes) => values(slopes, channel),
                };
                activated(values(before.offset, channel), values(before.gain, channel).abs(), slope)
            })
            .collect();
        let rows = self.narrowing(graph);
        let scale = |output: usize| {
            values(behind.gain, output).powi(2)
                / (values(behind.variance, output) + f64::from(behind.epsilon))
        };
        let part = |(row, moments): (&[f32], &Moments)| {
            let read = row.iter().enumerate().map(|(output, &w)| f64::from(w).powi(2) * scale(output));
            read.sum::<f64>() * moments.variance
        };
        let outputs = graph.values(behind.gain).len();
        let parts: Vec<f64> = rows.chunks_exact(outputs).zip(&moments).map(part).collect();
        let total = parts.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        (moments, parts.into_iter().map(|part| part / total).collect())
    }

    /// Weights of the narrowing convolution: a row a channel.
    fn narrowing<'a>(&self, graph: &'a Graph) -> &'a [f32] {
        match graph.nodes[self.nodes[4]].operator {
            Operator::Convolution { weights, .. } => graph.values(weights),
            _ => &[],
        }
    }

    /// Leaves the channels `kept` alone, in ascending order.
    fn keep(&self, graph: &mut Graph, kept: &[usize], moments: &[Moments]) {
        let channels = moments.len();
        self.compensate(graph, kept, moments);
        let (narrow, inner) = self.nodes.split_last().expect("a bottleneck has five nodes");
        for &node in inner {
            graph.nodes[node].shape.channels = kept.len();
            for id in graph.nodes[node].operator.parameters() {
                let values = &mut graph.parameters[id].values;
                let rows = values.chunks_exact(channels);
                *values = rows.flat_map(|row| kept.iter().map(|&channel| row[channel])).collect();
            }
        }
        if let Operator::Convolution { weights, .. } = graph.nodes[*narrow].operator {
            let outputs = graph.nodes[*narrow].shape.channels;
            let values = &mut graph.parameters[weights].values;
            let rows: Vec<&[f32]> = values.chunks_exact(outputs).collect();
            *values = kept.iter().flat_map(|&channel| rows[channel]).copied().collect();
        }
    }

    /// Takes what the other channels gave from the running statistics behind.
    fn compensate(&self, graph: &mut Graph, kept: &[usize], moments: &[Moments]) {
        let [_, behind] = self.norms;
        let outputs = graph.values(behind.gain).len();
        let rows: Vec<Vec<f64>> = self
            .narrowing(graph)
            .chunks_exact(outputs)
            .map(|row| row.iter().map(|&weight| f64::from(weight)).collect())
            .collect();
        for output in 0..outputs {
            let gone = (0..rows.len()).filter(|channel| kept.binary_search(channel).is_err());
            let (mut mean, mut variance) = (0.0, 0.0);
            for channel in gone {
                let weight = rows[channel][output];
                mean += weight * moments[channel].mean;
                variance += weight.powi(2) * moments[channel].variance;
            }
            let running = &mut graph.parameters[behind.mean].values[output];
            *running = (f64::from(*running) - mean) as f32;
            let running = &mut graph.parameters[behind.variance].values[output];
            let left = f64::from(*running) - variance;
            *running = left.max(LEAST_VARIANCE * f64::from(*running)) as f32;
        }
    }
}

/// Mean and variance of `x < 0 ? x * slope : x` for normal `x`.
fn activated(mean: f64, deviation: f64, slope: f64) -> Moments {
    let deviation = deviation.max(1e-12);
    let z = mean / deviation;
    let density = (-0.5 * z * z).exp() / (2.0 * PI).sqrt();
    let above = normal_cdf(z);
    let first = mean * above + deviation * density;
    let second = (mean * mean + deviation * deviation) * above + mean * deviation * density;
    let expected = first + slope * (mean - first);
    let square = second + slope * slope * (mean * mean + deviation * deviation - second);
    Moments { mean: expected, variance: (square - expected * expected).max(0.0) }
}

/// Abramowitz and Stegun 7.1.26, to 1.5e-7.
fn normal_cdf(z: f64) -> f64 {
    let x = z.abs() * FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let factors = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    let tail = factors.iter().fold(0.0, |sum, factor| (sum + factor) * t) * (-x * x).exp();
    if z < 0.0 { tail / 2.0 } else { 1.0 - tail / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Encoder, Images, Optimizer, Spec, Trainable};

    #[test]
    fn moments_behind_an_activation_are_those_of_drawn_numbers() {
        let random = &mut fastrand::Rng::with_seed(1);
        for (mean, deviation, slope) in
            [(0.0, 1.0, 0.0), (0.7, 1.5, 0.25), (-2.0, 0.8, -0.5), (1.0, 2.0, 1.0)]
        {
            let drawn: Vec<f64> = (0..40_000)
                .map(|_| {
                    let x: f64 = (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
                    let x = mean + deviation * x;
                    if x < 0.0 { x * slope } else { x }
                })
                .collect();
            let average = drawn.iter().sum::<f64>() / drawn.len() as f64;
            let spread = drawn.iter().map(|x| (x - average).powi(2)).sum::<f64>() / drawn.len() as f64;
            let found = activated(mean, deviation, slope);
            assert!((found.mean - average).abs() < 0.03, "{} {average}", found.mean);
            assert!((found.variance - spread).abs() < 0.05 * spread.max(0.1), "{} {spread}", found.variance);
        }
    }

    fn network() -> Graph {
        let spec = Spec { input: [32, 32], width: 0.5, dimension: 64, ..Spec::default() };
        spec.build(3).expect("a network")
    }

    /// Has channels of the first bottleneck give nothing.
    fn without(graph: &mut Graph, silent: &[usize]) {
        let [before, _] = bottlenecks(graph)[0].norms;
        for &channel in silent {
            for part in [before.gain, before.offset] {
                graph.parameters[part].values[channel] = 0.0;
            }
        }
    }

    #[test]
    fn channels_that_give_nothing_go_first_and_nothing_changes() {
        let mut graph = network();
        let silent: Vec<usize> = (5..21).collect();
        without(&mut graph, &silent);
        let cost = bottlenecks(&graph)[0].cost;
        let slimmer = slim(graph.clone(), graph.multiply_adds() - 1).expect("slimmer");
        assert_eq!(slimmer.multiply_adds(), graph.multiply_adds() - STEP * cost);
        let random = &mut fastrand::Rng::with_seed(2);
        let images =
            Images { height: 32, width: 32, pixels: (0..2 * 32 * 32 * 3).map(|_| random.u8(..)).collect() };
        let embed = |graph| Encoder::of(graph, Optimizer::default()).embed(&images).values;
        let (old, new) = (embed(graph), embed(slimmer));
        let largest = old.iter().map(|value| value.abs()).fold(0.0, f32::max);
        assert!(old.iter().zip(&new).all(|(a, b)| (a - b).abs() < 1e-4 * largest), "{old:?} {new:?}");
    }

    #[test]
    fn a_slim_network_is_as_cheap_as_asked_and_says_when_it_cannot_be() {
        let graph = network();
        let wanted = graph.multiply_adds() * 2 / 3;
        let slimmer = slim(graph.clone(), wanted).expect("slimmer");
        assert!(slimmer.multiply_adds() <= wanted);
        assert!(slimmer.multiply_adds() * 10 > wanted * 9);
        assert!(slimmer.size() < graph.size());
        let error = slim(graph, 1000).expect_err("too few").to_string();
        assert!(error.contains("1000 multiply-adds are too few"), "{error}");
    }
}
