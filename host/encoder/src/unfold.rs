//! Puts batch norms back into a network whose file has them folded into the convolutions.
//!
//! Without them a step of one rate is much for a small weight and little for a large one, and a training at a high rate forgets
//! what the network had learned. Each norm's mean and variance are those of its channel on sample pictures; gain and offset
//! undo them. So the network computes what it did, up to the rounding of floats. [`fold`](crate::fold::fold), or the compiler,
//! folds them again.
//!
//! No norm follows a convolution that gives one pixel a channel: a batch's moments of so few numbers say little.

use autodiff::operators::normalize::Moments;
use autodiff::{BufferPool, Role};

use crate::build::{Builder, EPSILON};
use crate::graph::{Activation, Graph, Normalization, Operator, ParameterId, ValueId};
use crate::pass::Pass;
use crate::{Error, Images};

/// The network with its norms, and how many were added. Convolutions that have one behind them stay as they are.
///
/// # Errors
/// There are no samples.
pub fn unfold(graph: &Graph, samples: &Images) -> Result<(Graph, usize), Error> {
    if samples.pixels.is_empty() {
        return Err(Error::Specification("there are no samples".into()));
    }
    let frozen = vec![true; graph.nodes.len()];
    let moments =
        Pass { graph, frozen: &frozen, rounding: false }.moments(samples, &mut BufferPool::default());
    let mut builder = Builder::of(Graph { nodes: Vec::new(), ..graph.clone() });
    let mut values: Vec<ValueId> = vec![0];
    let mut added = 0;
    // An activation that became part of the norm before it.
    let mut joined = None;
    for (number, node) in graph.nodes.iter().enumerate() {
        let inputs = node.inputs.iter().map(|&input| values[input]).collect();
        if joined == Some(number) {
            values.push(values[node.inputs[0]]);
            continue;
        }
        let pushed = builder.push(&node.name, node.operator.clone(), inputs).map_err(Error::Specification)?;
        let readers: Vec<usize> =
            (0..graph.nodes.len()).filter(|&n| graph.nodes[n].inputs.contains(&(number + 1))).collect();
        let only_reader = match readers[..] {
            [reader] => Some(reader),
            _ => None,
        };
        let operator = only_reader.map(|reader| &graph.nodes[reader].operator);
        let is_folded = matches!(node.operator, Operator::Convolution { .. })
            && node.shape.pixels() > 1
            && !matches!(operator, Some(Operator::Normalize(..)));
        if !is_folded {
            values.push(pushed);
            continue;
        }
        let activation = match operator {
            Some(Operator::Activate(activation)) => {
                joined = only_reader;
                *activation
            }
            _ => Activation::Identity,
        };
        let by = normalization(&mut builder, &node.name, &moments[number]);
        let name = format!("{}.norm", node.name);
        let operator = Operator::Normalize(by, activation);
        values.push(builder.push(&name, operator, vec![pushed]).map_err(Error::Specification)?);
        added += 1;
    }
    Ok((builder.finish(), added))
}

/// A normalisation by these moments that changes nothing.
fn normalization(builder: &mut Builder, name: &str, moments: &Moments) -> Normalization {
    let deviation = moments.variance.iter().map(|variance| (variance + EPSILON).sqrt()).collect();
    let mut add = |part: &str, role, values: Vec<f32>| -> ParameterId {
        builder.parameter(format!("{name}.norm.{part}"), role, values)
    };
    Normalization {
        gain: add("gain", Role::Other, deviation),
        offset: add("offset", Role::Other, moments.mean.clone()),
        mean: add("mean", Role::Statistic, moments.mean.clone()),
        variance: add("variance", Role::Statistic, moments.variance.clone()),
        epsilon: EPSILON,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Preprocessing;
    use crate::{Encoder, Optimizer, Spec, Trainable, read, write};
    use fastrand::Rng;

    fn images() -> Images {
        let random = &mut Rng::with_seed(2);
        Images { height: 32, width: 32, pixels: (0..8 * 32 * 32 * 3).map(|_| random.u8(..)).collect() }
    }

    /// A network as its file gives it, with all norms folded.
    fn folded() -> Graph {
        let spec = Spec { input: [32, 32], width: 0.5, dimension: 64, ..Spec::default() };
        let mut encoder = Encoder::of(spec.build(3).expect("a network"), Optimizer::default());
        // Moments and offsets that are not those of a network that was never trained.
        for _ in 0..3 {
            encoder.step(&images(), 1e-3, &mut |embeddings| Some(embeddings.clone()));
        }
        // A file has no rounding.
        let (folded, _) = crate::fold::fold(encoder.graph()).expect("folded");
        let read = read::read(&write::write(&folded), Preprocessing { mean: 0.0, scale: 1.0 });
        read.expect("the file of a network")
    }

    fn norms(graph: &Graph) -> usize {
        graph.nodes.iter().filter(|node| matches!(node.operator, Operator::Normalize(..))).count()
    }

    #[test]
    fn norms_come_back_and_the_network_computes_what_it_did() {
        let graph = folded();
        assert_eq!(norms(&graph), 0, "the file has them folded");
        let (unfolded, added) = unfold(&graph, &images()).expect("unfolded");
        let convolution = |node: &&crate::graph::Node| {
            matches!(node.operator, Operator::Convolution { .. }) && node.shape.pixels() > 1
        };
        assert_eq!(added, graph.nodes.iter().filter(convolution).count());
        assert_eq!(norms(&unfolded), added);
        let embed = |graph: &Graph| Encoder::of(graph.clone(), Optimizer::default()).embed(&images()).values;
        let (old, new) = (embed(&graph), embed(&unfolded));
        let largest = old.iter().map(|value| value.abs()).fold(0.0, f32::max);
        assert!(largest > 0.0);
        assert!(old.iter().zip(&new).all(|(a, b)| (a - b).abs() < 1e-4 * largest));
        assert_eq!(unfold(&unfolded, &images()).expect("nothing to do").1, 0);
    }

    #[test]
    fn a_norm_that_came_back_learns() {
        let (unfolded, _) = unfold(&folded(), &images()).expect("unfolded");
        let gains = |graph: &Graph| -> Vec<Vec<f32>> {
            let gain = |node: &crate::graph::Node| match node.operator {
                Operator::Normalize(by, _) => Some(graph.values(by.gain).to_vec()),
                _ => None,
            };
            graph.nodes.iter().filter_map(gain).collect()
        };
        let before = gains(&unfolded);
        let mut encoder = Encoder::of(unfolded, Optimizer::default());
        encoder.step(&images(), 1e-2, &mut |embeddings| Some(embeddings.clone()));
        assert!(before.iter().zip(&gains(encoder.graph())).all(|(before, after)| before != after));
    }
}
