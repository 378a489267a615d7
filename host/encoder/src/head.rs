//! Puts a new last layer in place of the old one, or a linear map behind it.

use autodiff::Window;
use fastrand::Rng;

use crate::Error;
use crate::build::Builder;
use crate::graph::{Activation, Graph, Node, Normalization, Operator, ParameterId};

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
        let Last { layer, window, bias, norm, .. } = Last::take(&mut graph)?;
        drop_unused(&mut graph);
        let mut builder = Builder::of(graph);
        let random = &mut Rng::with_seed(seed);
        let head = builder
            .convolution(&layer.name, layer.inputs[0], window, Some(dimension), bias.is_some(), random)
            .map_err(Error::Specification)?;
        if let Some((name, _)) = norm {
            builder.normalize(&name, head, false).map_err(Error::Specification)?;
        }
        Ok(builder.finish())
    }
}

/// The last layer of a network, taken off it.
struct Last {
    layer: Node,
    window: Window,
    weights: ParameterId,
    bias: Option<ParameterId>,
    /// The normalisation after it, with its name.
    norm: Option<(String, Normalization)>,
}

impl Last {
    fn take(graph: &mut Graph) -> Result<Self, Error> {
        let none = || Error::NoEncoder("its last layer is no convolution or fully connected layer".into());
        let mut layer = graph.nodes.pop().ok_or_else(none)?;
        let mut norm = None;
        if let Operator::Normalize(by, Activation::Identity) = layer.operator {
            norm = Some((layer.name, by));
            layer = graph.nodes.pop().ok_or_else(none)?;
        }
        let Operator::Convolution { window, depthwise: false, weights, bias } = layer.operator.clone() else {
            return Err(none());
        };
        Ok(Self { window, weights, bias, norm, layer })
    }
}

/// Multiplies the output by `factor`, and adds one offset to each of its values.
///
/// # Errors
/// As [`project`]; and other than one offset a value.
pub fn rescale(graph: Graph, factor: f32, offsets: &[f32]) -> Result<Graph, Error> {
    let values = graph.dimension();
    if offsets.len() != values {
        return Err(Error::Specification(format!("{} offsets for {values} values", offsets.len())));
    }
    let map: Vec<f32> =
        (0..values * values).map(|at| if at % (values + 1) == 0 { factor } else { 0.0 }).collect();
    let mut graph = project(graph, &map)?;
    if let Some(Operator::Convolution { bias: Some(bias), .. }) =
        graph.nodes.last().map(|node| node.operator.clone())
    {
        graph.parameters[bias].values.iter_mut().zip(offsets).for_each(|(bias, offset)| *bias += offset);
    }
    Ok(graph)
}

/// Gives `map` times the old embedding, in a last layer of that many values: `map` has a row a new value, of a
/// factor an old one.
///
/// A normalisation at the end becomes part of the layer.
///
/// # Errors
/// The network does not end in a convolution or a fully connected layer, or `map` is no such matrix.
pub fn project(mut graph: Graph, map: &[f32]) -> Result<Graph, Error> {
    let old = graph.dimension();
    let dimension = map.len() / old.max(1);
    if dimension == 0 || !map.len().is_multiple_of(old) {
        let reason = format!("{} factors do not map {old} values", map.len());
        return Err(Error::Specification(reason));
    }
    let Last { layer, window, weights, bias, norm } = Last::take(&mut graph)?;
    let Graph { parameters, .. } = &graph;
    let values = |id: ParameterId| parameters[id].values.iter().map(|&value| f64::from(value));
    let mut offsets: Vec<f64> = bias.map_or_else(|| vec![0.0; old], |id| values(id).collect());
    let mut gains = vec![1.0; old];
    if let Some((_, by)) = &norm {
        let deviations = values(by.variance).map(|variance| (variance + f64::from(by.epsilon)).sqrt());
        gains = values(by.gain).zip(deviations).map(|(gain, deviation)| gain / deviation).collect();
        let moved = offsets.iter().zip(values(by.mean)).zip(&gains).zip(values(by.offset));
        offsets = moved.map(|(((bias, mean), gain), offset)| (bias - mean) * gain + offset).collect();
    }
    let rows: Vec<Vec<f64>> = map
        .chunks_exact(old)
        .map(|row| row.iter().zip(&gains).map(|(&factor, gain)| f64::from(factor) * gain).collect())
        .collect();
    let offsets: Vec<f32> = map
        .chunks_exact(old)
        .map(|row| {
            row.iter().zip(&offsets).map(|(&factor, offset)| f64::from(factor) * offset).sum::<f64>() as f32
        })
        .collect();
    let read: Vec<f64> = values(weights).collect();
    let product = |old_filter: &[f64], row: &Vec<f64>| -> f32 {
        row.iter().zip(old_filter).map(|(factor, weight)| factor * weight).sum::<f64>() as f32
    };
    let filters: Vec<f32> =
        read.chunks_exact(old).flat_map(|taps| rows.iter().map(move |row| product(taps, row))).collect();
    drop_unused(&mut graph);
    let mut builder = Builder::of(graph);
    builder
        .convolution(&layer.name, layer.inputs[0], window, Some(dimension), true, &mut Rng::with_seed(0))
        .map_err(Error::Specification)?;
    let mut graph = builder.finish();
    if let Some(Operator::Convolution { weights, bias: Some(bias), .. }) =
        graph.nodes.last().map(|node| node.operator.clone())
    {
        graph.parameters[weights].values = filters;
        graph.parameters[bias].values = offsets;
    }
    Ok(graph)
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
