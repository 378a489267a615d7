//! The nodes that some values depend on.

use std::collections::HashMap;

use crate::Node;

/// Nodes in running order, and how often each value is read.
///
/// Made by [`Model::whole`](crate::Model::whole) or [`Model::towards`](crate::Model::towards).
pub struct Graph<'a> {
    /// The nodes; each reads only constants, the input, and what nodes before it write.
    pub nodes: Vec<Node<'a>>,
    reads: HashMap<&'a str, usize>,
    /// The values of nodes that compute nothing, and the values that they show.
    views: HashMap<&'a str, &'a str>,
}

/// Operators that show a value in another form and compute nothing.
const VIEWS: [&str; 9] = [
    "Identity",
    "Dropout",
    "Flatten",
    "Reshape",
    "Squeeze",
    "Unsqueeze",
    "Transpose",
    "QuantizeLinear",
    "DequantizeLinear",
];

impl<'a> Graph<'a> {
    pub(crate) fn new(nodes: Vec<Node<'a>>, outputs: impl Iterator<Item = &'a str>) -> Self {
        let mut reads = HashMap::new();
        for name in nodes.iter().flat_map(Node::inputs).chain(outputs) {
            *reads.entry(name).or_insert(0) += 1;
        }
        let shown = nodes.iter().filter(|node| VIEWS.contains(&node.operator()));
        let views = shown.filter_map(|node| Some((node.output(), node.inputs().next()?))).collect();
        Self { nodes, reads, views }
    }

    /// Whether exactly one node reads `value`, and it is no output: that node can be folded into the one that writes it.
    ///
    /// Where `value` only shows another one, flat or transposed, that one must have no other reader either.
    pub fn is_read_once(&self, value: &str) -> bool {
        // A sound file has no circle of views; a broken one ends here as well.
        let chain = std::iter::successors(Some(value), |shown| self.views.get(shown).copied());
        chain.take(self.views.len() + 1).all(|value| self.reads.get(value) == Some(&1))
    }
}
