//! Gradients of whole networks, against differences.
#![forbid(unsafe_code)]

use autodiff::{BufferPool, Role, Shape};
use encoder::graph::Graph;
use encoder::pass::Pass;
use encoder::{Embeddings, Images, Spec};
use fastrand::Rng;

#[path = "../../autodiff/tests/differences/mod.rs"]
#[allow(dead_code)]
mod differences;

use differences::{Differences, check_as, dot, random};

/// Checks the gradients of every parameter of a network.
fn whole(graph: &Graph, frozen: &[bool], step: f32) {
    let rng = &mut Rng::with_seed(9);
    let count = 16;
    let Shape { height, width, .. } = graph.input;
    let pixels = (0..count * graph.input.len()).map(|_| rng.u8(..)).collect();
    let images = Images { height, width, pixels };
    let chosen = Embeddings { dimension: graph.dimension(), values: random(rng, count * graph.dimension()) };
    let pool = &mut BufferPool::default();
    let pass = Pass { graph, frozen, rounding: false };
    let trace = pass.train(&images, pool);
    let gradients = pass.backward(trace, &chosen, pool).gradients;
    let largest = gradients.iter().flatten().flatten().fold(0f32, |most, g| most.max(g.abs()));
    for (id, parameter) in graph.parameters.iter().enumerate() {
        let reader = graph.nodes.iter().position(|node| node.operator.parameters().contains(&id));
        let changes = !frozen[reader.expect("a node reads it")] && parameter.role != Role::Statistic;
        assert_eq!(gradients[id].is_some(), changes, "{}", parameter.name);
        let Some(gradient) = &gradients[id] else { continue };
        // What a later normalisation undoes has almost no gradient, so all are held to the largest of all.
        let own = gradient.iter().fold(0f32, |most, g| most.max(g.abs()));
        let tolerance = 5e-3 * own + 1e-3 * largest;
        let how = Differences { step, tolerance, places: 5 };
        check_as(&parameter.name, &parameter.values, gradient, &how, &|values| {
            let mut graph = graph.clone();
            graph.parameters[id].values = values.to_vec();
            let pass = Pass { graph: &graph, frozen, rounding: false };
            dot(
                &pass.train(&images, &mut BufferPool::default()).embeddings(graph.dimension()).values,
                &chosen.values,
            )
        });
    }
}

#[test]
fn a_whole_network_and_one_of_which_part_is_frozen() {
    let spec = Spec { input: [32, 40], width: 0.125, depth: [1, 1, 0], features: 64, dimension: 16 };
    let mut graph = spec.build(2).expect("it is sound");
    // Smooth, so that differences tell the truth: no kinks.
    let rng = &mut Rng::with_seed(1);
    for parameter in &mut graph.parameters {
        match parameter.name.rsplit('.').next() {
            Some("slope") => parameter.values.fill(1.0),
            Some("offset") => parameter.values = random(rng, parameter.values.len()),
            _ => {}
        }
    }
    let nodes = graph.nodes.len();
    whole(&graph, &vec![false; nodes], 3e-3);
    let frozen: Vec<bool> = (0..nodes).map(|node| node % 7 < 3 || node < nodes / 3).collect();
    whole(&graph, &frozen, 3e-3);
}
