//! What a reader makes of the values of a file.

use std::collections::HashMap;

use crate::{Node, Problem};

/// A reader's values by their names in the file.
pub struct Values<'a, V> {
    by_name: HashMap<&'a str, V>,
}

impl<'a, V: Clone> Values<'a, V> {
    /// Only the input is there.
    pub fn new(input: &'a str, value: V) -> Self {
        Self { by_name: HashMap::from([(input, value)]) }
    }

    /// Gives the output of `node` a value.
    pub fn set(&mut self, node: &Node<'a>, value: V) {
        self.by_name.insert(node.output(), value);
    }

    /// The value `name`.
    pub fn get(&self, name: &str) -> Option<V> {
        self.by_name.get(name).cloned()
    }

    /// Input `index` of `node`, which must be computed and not constant.
    ///
    /// # Errors
    /// It is left out, or no node before this one computes it.
    pub fn input(&self, node: &Node<'a>, index: usize) -> Result<V, Problem> {
        let name = node.input(index).ok_or_else(|| Problem::invalid(format!("input {index} is missing")))?;
        let value = self.get(name);
        value.ok_or_else(|| match node.is_constant(index) {
            true => Problem::unsupported(format!(
                "its input \"{name}\" is a constant; only a computed value is taken"
            )),
            false => Problem::invalid(format!(
                "its input \"{name}\" is neither a constant nor computed by a node before it"
            )),
        })
    }
}
