//! Scales that the engine can apply.
//!
//! A tensor that the samples hardly use has a range near nothing, and so a scale far below the steps of the sums it is
//! made of. Such a scale would shift the sums out of their 32 bits; the engine refuses it. The scale is then doubled
//! until each operator that writes the tensor fits. Nothing is lost by that: the steps in between were empty.

use kernels::{MULTIPLIER_BOUND, requantize_bound};

use super::network::{Network, OperatorKind, QuantizedOperator, QuantizedTensor};
use crate::graph::{Node, Operator};

/// The factors of a sum are below this.
const FACTOR_BOUND: i32 = 1 << 21;

/// More doublings than there are between the least scale and any other.
const MOST_DOUBLINGS: usize = 96;

/// The operator that `make` gives, with the scale of its output doubled while the engine would refuse it.
pub fn fitted(
    network: &mut Network,
    node: &Node,
    make: impl Fn(&Network) -> QuantizedOperator,
) -> QuantizedOperator {
    let mut operator = make(network);
    for _ in 0..MOST_DOUBLINGS {
        let products = products(network, node);
        let shifted = operator.scales.iter().any(|scale| scale.shift > 0);
        if fits(&operator, products) || !(shifted || operator.kind == OperatorKind::Add) {
            break;
        }
        if !network.tensors[node.output].double() {
            break;
        }
        operator = make(network);
    }
    operator
}

/// The greatest magnitude of a sum of products, without the bias.
pub fn products(network: &Network, node: &Node) -> i64 {
    match &node.operator {
        Operator::Conv(conv) => (conv.weights.len() / conv.bias.len()) as i64 * 128 * 128,
        Operator::AveragePool => network.tensors[node.inputs[0]].shape.pixels() as i64 * 128,
        Operator::Gate(_) => 255 << 15,
        _ => 0,
    }
}

/// Whether the engine takes the scales of `operator`: the rules of `nn::Model::load`.
fn fits(operator: &QuantizedOperator, products: i64) -> bool {
    if operator.kind == OperatorKind::Add {
        return operator.factor.iter().all(|factor| factor.abs() < FACTOR_BOUND);
    }
    operator.scales.iter().all(|scale| {
        let small = |multiplier: i32| multiplier.unsigned_abs() < MULTIPLIER_BOUND.unsigned_abs();
        (0..=30).contains(&scale.shift)
            && i64::from(scale.bias).abs() + products <= requantize_bound(scale.shift)
            && small(scale.multiplier)
            && small(scale.negative)
    })
}

impl QuantizedTensor {
    /// Doubles the scale; `false` where an output has no coarser one.
    fn double(&mut self) -> bool {
        if self.bytes == 2 {
            if self.frac_bits <= -15 {
                return false;
            }
            self.frac_bits -= 1;
        }
        self.scale *= 2.0;
        self.scale.is_finite()
    }
}
