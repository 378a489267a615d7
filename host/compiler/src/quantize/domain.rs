//! Which values of a tensor its readers tell apart: no step of it is spent on others.
//!
//! An activation that is not part of the operator before it (a Relu after a gate or a pool) reads a tensor of its own. What that
//! activation cuts off can be a thousand times what it leaves, and then a range for all of it leaves less than one step
//! for what counts. The 256 steps are therefore spread over what the readers leave alone. Whatever lies beyond becomes the first or
//! the last step when it is written, which is what the readers would make of it.

use crate::graph::{Conv, Graph, Operator, TensorId};

/// No value is like another.
const ALL: [f32; 2] = [f32::NEG_INFINITY, f32::INFINITY];

/// `range`, less the values of `tensor` that all readers cut off; it always holds zero.
pub fn narrow(graph: &Graph, tensor: TensorId, range: [f32; 2]) -> [f32; 2] {
    let [low, high] = of(graph, tensor);
    [range[0].max(low.min(0.0)), range[1].min(high.max(0.0))]
}

/// The least and the greatest value that some reader of `tensor` tells from those beyond.
fn of(graph: &Graph, tensor: TensorId) -> [f32; 2] {
    let is_given = graph.outputs.contains(&tensor) || graph.ranges.contains_key(&tensor);
    if is_given || tensor == Graph::INPUT {
        return ALL;
    }
    let readers = graph.readers(tensor).map(|reader| of_reader(graph, reader, tensor));
    readers.reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])]).unwrap_or(ALL)
}

/// What one reader tells apart.
fn of_reader(graph: &Graph, reader: usize, tensor: TensorId) -> [f32; 2] {
    let node = &graph.nodes[reader];
    match &node.operator {
        Operator::Conv(conv) if conv.depthwise && conv.window.is_point() => of_channels(conv),
        // The greatest of some values that are cut off is cut off, and repeated values are what they are.
        Operator::MaxPool(_) | Operator::Resize2x => of(graph, node.output),
        Operator::Gate(function) if node.inputs[0] != tensor => function.bounds(),
        Operator::Table(function) => function.bounds(),
        _ => ALL,
    }
}

/// What an activation tells apart of a value that is first multiplied and moved, a channel at a time.
fn of_channels(conv: &Conv) -> [f32; 2] {
    let [low, high] = conv.activation.bounds();
    let channels = conv.weights.iter().zip(&conv.bias).map(|(&weight, &bias)| {
        let ends = [low, high].map(|bound| (bound - bias) / weight);
        match weight {
            0.0 => [0.0, 0.0],
            _ if weight < 0.0 => [ends[1], ends[0]],
            _ => ends,
        }
    });
    channels.reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])]).unwrap_or(ALL)
}

#[cfg(test)]
mod tests {
    use kernels::Shape;

    use super::*;
    use crate::graph::{Activation, GateFunction, Node, Preprocessing, Tensor};

    /// Tensor 1, which these operators read; the last input of each is tensor 1, and each has an output of its own.
    fn read_by(operators: Vec<Operator>) -> Graph {
        let tensor = || Tensor { name: String::new(), shape: Shape::new(2, 2, 2) };
        let nodes = operators.into_iter().enumerate();
        let nodes: Vec<Node> = nodes
            .map(|(n, operator)| {
                let inputs = if matches!(operator, Operator::Gate(_)) { vec![0, 1] } else { vec![1] };
                Node { operator, inputs, output: n + 2 }
            })
            .collect();
        Graph {
            tensors: (0..nodes.len() + 2).map(|_| tensor()).collect(),
            outputs: vec![nodes.len() + 1],
            nodes,
            preprocessing: Preprocessing { bgr: false, mean: 0.0, scale: 1.0 },
            ranges: std::collections::BTreeMap::new(),
        }
    }

    fn point(weights: [f32; 2], bias: [f32; 2], activation: Activation) -> Operator {
        Operator::Conv(Conv::point(weights.into(), bias.into(), activation))
    }

    fn narrowed(operators: Vec<Operator>) -> [f32; 2] {
        narrow(&read_by(operators), 1, [-100.0, 100.0])
    }

    #[test]
    fn what_each_reader_cuts_off_is_left_out() {
        let relu = || point([1.0; 2], [0.0; 2], Activation::Relu);
        assert_eq!(narrowed(vec![relu()]), [0.0, 100.0]);
        let turned = point([-1.0, 2.0], [0.0, 6.0], Activation::Clip([-2.0, 4.0]));
        assert_eq!(narrowed(vec![turned]), [-4.0, 2.0]);
        let far = point([1.0; 2], [-5.0; 2], Activation::Clip([0.0, 1.0]));
        assert_eq!(narrowed(vec![far]), [0.0, 6.0], "zero is always in it");
        let hard = GateFunction::Hard { slope: 0.25, offset: 0.5 };
        assert_eq!(narrowed(vec![Operator::Gate(hard)]), [-2.0, 2.0]);
        assert_eq!(narrowed(vec![Operator::Gate(GateFunction::Positive)]), [0.0, 100.0]);
    }

    #[test]
    fn what_one_reader_tells_apart_stays() {
        let relu = || point([1.0; 2], [0.0; 2], Activation::Relu);
        let plain = || point([1.0; 2], [0.0; 2], Activation::Identity);
        let slopes = || point([1.0; 2], [0.0; 2], Activation::Prelu(vec![0.1; 2]));
        for other in [plain(), slopes(), Operator::AveragePool, Operator::Add(Activation::Relu)] {
            assert_eq!(narrowed(vec![relu(), other]), [-100.0, 100.0]);
        }
        let mut graph = read_by(vec![relu()]);
        graph.outputs.push(1);
        assert_eq!(narrow(&graph, 1, [-100.0, 100.0]), [-100.0, 100.0], "an output");
        // A pool between them.
        let mut graph = read_by(vec![Operator::MaxPool(kernels::Window::POINT), relu()]);
        graph.nodes[1].inputs = vec![2];
        assert_eq!(narrow(&graph, 1, [-100.0, 100.0]), [0.0, 100.0]);
    }
}
