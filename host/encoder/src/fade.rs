//! PReLUs that become ReLUs while a network learns.
//!
//! A ReLU costs an NPU and a processor about half of what a PReLU costs. A trained network loses most of what it knows if its
//! slopes below zero vanish at once. Here they go to zero in a straight line, so that the other weights can make up for them.

use std::ops::Range;

use crate::graph::{Activation, Graph, Operator, ParameterId};

/// Share of a training after which no slope is left.
const END: f64 = 0.5;

/// Moves the slopes of `graph` on from where `done.start` of a training is done to where `done.end` is.
pub fn fade(graph: &mut Graph, done: Range<f64>) {
    let left = |done: f64| (1.0 - done / END).max(0.0);
    let before = left(done.start);
    let factor = if before > 0.0 { (left(done.end) / before) as f32 } else { 0.0 };
    for id in slopes(graph) {
        graph.parameters[id].values.iter_mut().for_each(|slope| *slope *= factor);
    }
}

/// The slopes of all PReLUs.
fn slopes(graph: &Graph) -> Vec<ParameterId> {
    let slopes = |operator: &Operator| match *operator {
        Operator::Normalize(_, Activation::Prelu(slopes)) | Operator::Activate(Activation::Prelu(slopes)) => {
            Some(slopes)
        }
        _ => None,
    };
    graph.nodes.iter().filter_map(|node| slopes(&node.operator)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Encoder, Head, Images, Optimizer, Preprocessing, Source, Spec, Trainable};

    fn network() -> Graph {
        let spec = Spec { input: [64; 2], width: 0.25, depth: [1, 1, 1], features: 64, dimension: 64 };
        spec.build(1).expect("a network")
    }

    fn first_slope(graph: &Graph) -> f32 {
        graph.values(slopes(graph)[0])[0]
    }

    #[test]
    fn slopes_fall_in_a_straight_line_however_many_steps_there_are() {
        let (mut few, mut many) = (network(), network());
        let slope = first_slope(&few);
        fade(&mut few, 0.0..0.25);
        (0..100).for_each(|step| fade(&mut many, f64::from(step) / 400.0..f64::from(step + 1) / 400.0));
        assert!((first_slope(&few) - slope / 2.0).abs() < 1e-6);
        assert!((first_slope(&many) - slope / 2.0).abs() < 1e-6);
        fade(&mut few, 0.25..0.75);
        fade(&mut few, 0.75..0.8);
        assert!(slopes(&few).iter().all(|&id| few.values(id).iter().all(|&slope| slope == 0.0)));
    }

    #[test]
    fn a_faded_network_is_written_with_relus_and_computes_what_it_did() {
        let mut encoder = Encoder::of(network(), Optimizer::default());
        encoder.fade();
        let random = &mut fastrand::Rng::with_seed(5);
        let images =
            Images { height: 64, width: 64, pixels: (0..2 * 64 * 64 * 3).map(|_| random.u8(..)).collect() };
        let step = |encoder: &mut Encoder, done: Range<f64>| {
            encoder.step(&images, 1e-3, &mut |embeddings| Some(embeddings.clone()));
            encoder.advance(done);
        };
        step(&mut encoder, 0.0..0.4);
        assert!(first_slope(encoder.graph()) > 0.0);
        step(&mut encoder, 0.4..0.6);
        // A step after the end gives no slope back.
        step(&mut encoder, 0.6..0.8);
        let onnx = encoder.to_onnx();
        let preprocessing = Preprocessing { mean: 0.0, scale: 1.0 };
        let source = Source { onnx: &onnx, preprocessing, head: Head::Keep };
        let read = Encoder::read(&source, Optimizer::default()).expect("an encoder");
        assert!(slopes(read.graph()).is_empty());
        assert_eq!(slopes(encoder.graph()).len(), slopes(&network()).len());
        let (written, own) = (read.embed(&images).values, encoder.embed(&images).values);
        assert!(written.iter().zip(&own).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    #[test]
    fn the_slopes_of_other_trainings_stay() {
        let mut encoder = Encoder::of(network(), Optimizer::default());
        let slope = first_slope(encoder.graph());
        encoder.advance(0.0..1.0);
        assert_eq!(first_slope(encoder.graph()), slope);
    }
}
