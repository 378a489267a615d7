//! From ONNX nodes to the operators of the engine.
//!
//! Nodes are taken in the order of the file. A value of the file becomes a `Value`: a tensor of
//! the graph, seen as NCHW, as NHWC (after a `Transpose`), or flat. Batch norms, constants added
//! or multiplied, and activations are folded into the convolution before them where nothing else
//! reads it. Otherwise they become a scale by channel, an operator of its own, and `fold` tries to merge
//! it into the convolutions that follow. What a node means is decoded by [`onnx::layers`].

mod fold;
mod nodes;
mod values;

use crate::Error;
use crate::graph::{Graph, Preprocessing, Tensor};
use kernels::Shape;
use onnx::Model;
use values::{Lowering, View};

/// Builds the float graph of `model`.
pub fn lower(model: &Model, preprocessing: Preprocessing, size: Option<[usize; 2]>) -> Result<Graph, Error> {
    let (name, dims) = model.input()?;
    let invalid = |reason: String| Error::Invalid { node: name.into(), reason };
    let [batch, channels, height, width] = dims[..] else {
        return Err(invalid(format!("the input has {} dimensions; NCHW is expected", dims.len())));
    };
    if batch.is_some_and(|n| n != 1) {
        return Err(invalid("the batch is not one".into()));
    }
    let [height, width] = match (size, height, width) {
        (Some(size), ..) => size,
        (None, Some(height), Some(width)) => [height, width],
        _ => return Err(invalid("the file leaves the size of the input open; give it".into())),
    };
    let channels = channels.ok_or_else(|| invalid("the number of channels is open".into()))?;
    let shape = Shape::new(height, width, channels);
    let graph = Graph {
        tensors: vec![Tensor { name: name.into(), shape }],
        nodes: Vec::new(),
        outputs: Vec::new(),
        preprocessing,
    };
    let file = model.whole();
    let mut lowering = Lowering::new(graph, name, &file);
    for node in &file.nodes {
        nodes::lower(&mut lowering, node)?;
    }
    for name in model.outputs() {
        let value = lowering.value(name).ok_or_else(|| Error::Invalid {
            node: name.into(),
            reason: "the output is not computed from the input".into(),
        })?;
        if value.view == View::Nchw && value.shape.pixels() > 1 {
            return Err(Error::Invalid {
                node: name.into(),
                reason: "an output in NCHW order with more than one pixel; transpose it to NHWC".into(),
            });
        }
        lowering.graph.outputs.push(value.tensor);
    }
    let mut graph = lowering.graph;
    fold::remove_unread(&mut graph);
    fold::scales_forward(&mut graph);
    if preprocessing.bgr {
        fold::swap_colours(&mut graph)?;
    }
    Ok(graph)
}
