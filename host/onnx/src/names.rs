//! The names of a file: ONNX wants each value to have one origin, so that its name says which one it is.

use std::collections::HashMap;

use crate::{Error, proto};

/// Nothing, if no two values of `graph` have the same name. A constant may be listed as an input, as older files do.
///
/// # Errors
/// The first name that two values have.
pub(crate) fn check(graph: &proto::Graph) -> Result<(), Error> {
    let mut constants = HashMap::new();
    let mut others = HashMap::new();
    let taken = |name: &str, first: &'static str, second: &'static str| Error::Twice {
        name: name.to_owned(),
        first,
        second,
    };
    for tensor in &graph.initializer {
        if let Some(first) = constants.insert(&*tensor.name, "a constant") {
            return Err(taken(&tensor.name, first, "another constant"));
        }
    }
    for input in &graph.input {
        if let Some(first) = others.insert(&*input.name, "an input") {
            return Err(taken(&input.name, first, "another input"));
        }
    }
    for output in graph.node.iter().flat_map(|node| &node.output).filter(|output| !output.is_empty()) {
        let first =
            constants.get(&**output).copied().or_else(|| others.insert(output, "the output of a node"));
        if let Some(first) = first {
            let second = if first.starts_with("the") { "that of another" } else { "the output of a node" };
            return Err(taken(output, first, second));
        }
    }
    Ok(())
}
