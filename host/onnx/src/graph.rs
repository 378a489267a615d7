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
}

impl<'a> Graph<'a> {
    pub(crate) fn new(nodes: Vec<Node<'a>>, outputs: impl Iterator<Item = &'a str>) -> Self {
        let mut reads = HashMap::new();
        for name in nodes.iter().flat_map(Node::inputs).chain(outputs) {
            *reads.entry(name).or_insert(0) += 1;
        }
        Self { nodes, reads }
    }

    /// Whether exactly one node reads `value`, and it is no output: that node can be folded into the one that writes it.
    pub fn is_read_once(&self, value: &str) -> bool {
        self.reads.get(value) == Some(&1)
    }
}
