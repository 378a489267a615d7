//! The bounds that a node clips to.

use onnx::{Node, Problem};

use super::values::Lowering;
use crate::graph::Activation;

/// The bounds of a `Clip`, its attributes or inputs; each may be left out.
pub fn bounds<'a>(to: &Lowering<'a>, node: &Node<'a>) -> Result<Activation, Problem> {
    let bound = |name: &str, index: usize, open: f32| match (node.float(name), node.input(index)) {
        (Some(bound), _) => Ok(bound),
        (None, None) => Ok(open),
        (None, Some(_)) => match to.constant(node, index).map(|bound| &bound.values[..]) {
            Some(&[bound]) => Ok(bound),
            _ => Err(Problem::unsupported("bounds that are not one constant number")),
        },
    };
    // A bound at the end of the numbers is none.
    let open = |bound: f32| if bound.abs() >= f32::MAX { bound.signum() * f32::INFINITY } else { bound };
    let [low, high] = [bound("min", 1, -f32::INFINITY)?, bound("max", 2, f32::INFINITY)?].map(open);
    match (low, high) {
        (0.0, f32::INFINITY) => Ok(Activation::Relu),
        _ if low <= high => Ok(Activation::Clip([low, high])),
        _ => Err(Problem::Invalid(format!("bounds {low} and {high}"))),
    }
}
