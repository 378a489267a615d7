//! The mean of two networks of one structure, weight by weight.
//!
//! A network that learns from few faces forgets part of what it knew of all others. The mean of its weights before and after is
//! often better than both, on faces like those that it learned from and on others (WiSE-FT, Wortsman et al. 2022).

use crate::Error;
use crate::graph::Graph;
use crate::state::structure;

/// `share` of the parameters of `start`, and the rest of those of `graph`.
///
/// # Errors
/// They are networks of different structures.
pub fn average(mut graph: Graph, start: &Graph, share: f32) -> Result<Graph, Error> {
    if structure(&graph) != structure(start) {
        return Err(Error::Specification("only networks of one structure have a mean".into()));
    }
    for (parameter, start) in graph.parameters.iter_mut().zip(&start.parameters) {
        for (value, start) in parameter.values.iter_mut().zip(&start.values) {
            *value += share * (start - *value);
        }
    }
    Ok(graph)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Spec;

    fn network(width: f32, seed: u64) -> Graph {
        let spec = Spec { input: [64; 2], width, depth: [1, 1, 1], features: 64, dimension: 64 };
        spec.build(seed).expect("a network")
    }

    #[test]
    fn the_mean_of_two_networks_has_the_mean_of_each_weight() {
        let (trained, start) = (network(0.25, 1), network(0.25, 2));
        let mean = average(trained.clone(), &start, 0.25).expect("one structure");
        let mut different = 0;
        for ((mean, trained), start) in mean.parameters.iter().zip(&trained.parameters).zip(&start.parameters)
        {
            for ((mean, trained), start) in mean.values.iter().zip(&trained.values).zip(&start.values) {
                assert!((mean - (0.75 * trained + 0.25 * start)).abs() < 1e-6);
                different += usize::from(trained != start);
            }
        }
        assert!(different > 1000, "{different} weights differ");
        let all = average(trained.clone(), &start, 0.0).expect("one structure");
        assert!(all.parameters.iter().zip(&trained.parameters).all(|(a, b)| a.values == b.values));
    }

    #[test]
    fn networks_of_two_structures_have_no_mean() {
        assert!(matches!(average(network(0.25, 1), &network(0.5, 1), 0.5), Err(Error::Specification(_))));
    }
}
