//! Puts a new last layer in place of the old one.

use fastrand::Rng;

use crate::Error;
use crate::build::Builder;
use crate::graph::{Activation, Graph, Operator, ParameterId};

/// What becomes of the last layer of a network that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// It stays.
    Keep,
    /// A new one gives another number of values; it is normalised if the old one was.
    New {
        /// Values of an embedding.
        dimension: usize,
        /// What its weights are drawn from.
        seed: u64,
    },
}

impl Head {
    /// Changes the network so.
    ///
    /// # Errors
    /// The network does not end in a convolution or a fully connected layer.
    pub fn apply(self, mut graph: Graph) -> Result<Graph, Error> {
        let Self::New { dimension, seed } = self else { return Ok(graph) };
        if dimension == 0 {
            return Err(Error::Specification("an embedding of no values".into()));
        }
        let normalized = matches!(
            graph.nodes.last().map(|node| &node.operator),
            Some(Operator::Normalize(_, Activation::Identity))
        );
        let norm = if normalized { graph.nodes.pop() } else { None };
        let none = || Error::NoEncoder("its last layer is no convolution or fully connected layer".into());
        let old = graph.nodes.pop().ok_or_else(none)?;
        let Operator::Convolution { window, depthwise: false, bias, .. } = old.operator else {
            return Err(none());
        };
        drop_unused(&mut graph);
        let mut builder = Builder::of(graph);
        let random = &mut Rng::with_seed(seed);
        let head = builder
            .convolution(&old.name, old.inputs[0], window, Some(dimension), bias.is_some(), random)
            .map_err(Error::Specification)?;
        if let Some(norm) = norm {
            builder.normalize(&norm.name, head, false).map_err(Error::Specification)?;
        }
        Ok(builder.finish())
    }
}

/// Takes out the parameters that no node reads.
fn drop_unused(graph: &mut Graph) {
    let used: Vec<ParameterId> = graph.nodes.iter().flat_map(|node| node.operator.parameters()).collect();
    let mut place = 0;
    let places: Vec<Option<ParameterId>> = (0..graph.parameters.len())
        .map(|id| {
            used.contains(&id).then(|| {
                place += 1;
                place - 1
            })
        })
        .collect();
    let mut id = 0;
    graph.parameters.retain(|_| {
        id += 1;
        places[id - 1].is_some()
    });
    for id in graph.nodes.iter_mut().flat_map(|node| node.operator.parameters_mut()) {
        *id = places[*id].unwrap_or(*id);
    }
}
