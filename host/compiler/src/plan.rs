//! Places for tensors in the arena, so that those that live at the same time do not overlap.

use nn::format::align;

use crate::quantize::Network;

/// Place and lifetime of a tensor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// Offset in the arena in bytes, aligned.
    pub offset: usize,
    /// Length in bytes.
    pub length: usize,
    /// The operator that writes it.
    pub first: usize,
    /// The last operator that reads it.
    pub last: usize,
}

/// A placement for every tensor of `network`, and the length of the arena.
///
/// The largest tensors are placed first, each at the lowest offset where it meets no tensor that
/// lives at the same time ("greedy by size", Pisarchyk and Lee, 2020).
pub fn plan(network: &Network) -> (Vec<Placement>, usize) {
    let mut placements: Vec<Placement> =
        (0..network.tensors.len()).map(|tensor| lifetime(network, tensor)).collect();
    let mut order: Vec<usize> = (0..placements.len()).filter(|&t| placements[t].length > 0).collect();
    order.sort_by_key(|&tensor| std::cmp::Reverse(placements[tensor].length));
    let mut placed: Vec<Placement> = Vec::new();
    for tensor in order {
        let it = &mut placements[tensor];
        let mut neighbours: Vec<&Placement> =
            placed.iter().filter(|other| other.first <= it.last && it.first <= other.last).collect();
        neighbours.sort_by_key(|other| other.offset);
        for other in neighbours {
            if it.offset + it.length > other.offset {
                it.offset = it.offset.max(align(other.offset + other.length));
            }
        }
        placed.push(*it);
    }
    let length = placed.iter().map(|it| align(it.offset + it.length)).max().unwrap_or(0);
    (placements, length)
}

/// When a tensor is needed. The input is kept from the start, outputs to the end.
fn lifetime(network: &Network, tensor: usize) -> Placement {
    let written = network.operators.iter().position(|op| op.output == tensor);
    let read = network.operators.iter().rposition(|op| op.inputs.contains(&tensor));
    let end = network.operators.len().saturating_sub(1);
    let output = network.outputs.contains(&tensor);
    let length = network.tensors[tensor].shape.len() * usize::from(network.tensors[tensor].bytes);
    match (written, read) {
        (None, None) if !output => Placement::default(),
        (first, last) => {
            let first = first.unwrap_or(0);
            let last = if output { end } else { last.unwrap_or(first) };
            Placement { offset: 0, length, first, last }
        }
    }
}
