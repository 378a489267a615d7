//! Cross-layer equalization: channels of a tensor get ranges of similar size.
//!
//! A tensor has one scale, so a channel with a small range gets few of its 255 steps. Dividing a
//! channel by s where it is made and multiplying by s where it is read changes nothing in float:
//! convolution is linear, and ReLU and PReLU commute with a positive factor (Nagel et al., 2019,
//! "Data-free quantization through weight equalization and bias correction"). Sums, pooling and
//! resizing tie the channels of several tensors together, and those share their factors.
//!
//! The factor balances range r of a channel against weight w that reads it, `sqrt(r / w)` (as in
//! SmoothQuant). A depthwise reader has a weight scale for each channel, so where all readers are
//! depthwise the range alone decides.

use crate::graph::{Activation, Conv, Graph, Operator, TensorId};
use crate::observe::Ranges;

/// Factors are kept within this ratio of the geometric mean, against dead channels.
const LIMIT: f32 = 1024.0;

/// Rescales the channels of `graph`, and `ranges` with them.
pub fn equalize(graph: &mut Graph, ranges: &mut Ranges) {
    for group in groups(graph) {
        // A sigmoid does not commute with a factor, nor does a bound other than zero.
        let logits = |tensor: TensorId| {
            graph.nodes.iter().any(|node| match node.operator {
                Operator::Gate(_) => node.inputs[1] == tensor,
                Operator::Table(_) => node.inputs[0] == tensor || node.output == tensor,
                _ => false,
            })
        };
        let clipped = |tensor: TensorId| {
            graph.writer(tensor).is_some_and(|n| match &graph.nodes[n].operator {
                Operator::Conv(Conv { activation, .. }) | Operator::Add(activation) => {
                    matches!(activation, Activation::Clip(_))
                }
                _ => false,
            })
        };
        let fixed = |&tensor: &TensorId| {
            tensor == Graph::INPUT
                || graph.outputs.contains(&tensor)
                || graph.ranges.contains_key(&tensor)
                || logits(tensor)
                || clipped(tensor)
        };
        if group.iter().any(fixed) {
            continue;
        }
        let factors = factors(graph, &group, ranges);
        let inverse: Vec<f32> = factors.iter().map(|f| 1.0 / f).collect();
        for &tensor in &group {
            for (range, inverse) in ranges[tensor].iter_mut().zip(&inverse) {
                *range = range.map(|v| v * inverse);
            }
        }
        let zeros = vec![0.0; factors.len()];
        for node in &mut graph.nodes {
            if let Operator::Conv(conv) = &mut node.operator {
                if group.contains(&node.output) {
                    conv.scale_outputs(&inverse, &zeros);
                }
                if group.contains(&node.inputs[0]) {
                    conv.scale_inputs(&factors);
                }
            }
        }
    }
}

/// What each channel of `group` is divided by.
fn factors(graph: &Graph, group: &[TensorId], ranges: &Ranges) -> Vec<f32> {
    let channels = ranges[group[0]].len();
    let mut range = vec![0f32; channels];
    for &tensor in group {
        for (r, &[low, high]) in range.iter_mut().zip(&ranges[tensor]) {
            *r = r.max(high.max(-low));
        }
    }
    let mut weight = vec![0f32; channels];
    for node in graph.nodes.iter().filter(|node| group.contains(&node.inputs[0])) {
        let Operator::Conv(conv) = &node.operator else { continue };
        if !conv.depthwise {
            for filter in conv.weights.chunks_exact(conv.weights.len() / conv.bias.len()) {
                let greatest = filter.iter().fold(f32::MIN_POSITIVE, |m, w| m.max(w.abs()));
                for (i, w) in filter.iter().enumerate() {
                    let share = w.abs() / greatest;
                    weight[i % channels] = weight[i % channels].max(share);
                }
            }
        }
    }
    let dense = weight.iter().any(|&w| w > 0.0);
    let raw = range.iter().zip(&weight).map(|(&r, &w)| match dense {
        true => (r.max(1e-9) / w.max(1e-4)).sqrt(),
        false => r.max(1e-9),
    });
    let raw: Vec<f32> = raw.collect();
    let mean = (raw.iter().map(|f| f.ln()).sum::<f32>() / channels as f32).exp();
    raw.iter().map(|f| (f / mean).clamp(1.0 / LIMIT, LIMIT)).collect()
}

/// Tensors whose channels must share their factors.
fn groups(graph: &Graph) -> Vec<Vec<TensorId>> {
    let mut group: Vec<usize> = (0..graph.tensors.len()).collect();
    for node in &graph.nodes {
        if !matches!(node.operator, Operator::Conv(_)) {
            let tied = match node.operator {
                Operator::Gate(_) => &node.inputs[..1],
                Operator::Table(_) => &[],
                _ => &node.inputs[..],
            };
            for &input in tied {
                let (from, to) = (group[input], group[node.output]);
                group.iter_mut().filter(|g| **g == from).for_each(|g| *g = to);
            }
        }
    }
    let used = |&t: &TensorId| t == Graph::INPUT || graph.writer(t).is_some();
    let members = |g: usize| (0..group.len()).filter(|&t| group[t] == g).filter(used).collect::<Vec<_>>();
    (0..graph.tensors.len()).map(members).filter(|members| !members.is_empty()).collect()
}
