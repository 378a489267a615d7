//! One ONNX node at a time: which operator it becomes, and the operators with windows.

use kernels::{Shape, Window};
use onnx::{Constant, Node, Problem, permutation};

use super::layout::{Dimension, Layout, Order};
use super::length;
use super::pointwise;
use super::product;
use super::quantization;
use super::values::Lowering;
use crate::Error;
use crate::graph::{Activation, Conv, Operator, TensorId};

/// The longest side of a window, the greatest stride and the widest padding that the image's format has.
const MOST: usize = 255;

/// Lowers `node`, or says why it cannot be.
///
/// Whatever the node says and no step here asked for is refused as well, see [`Node::finish`], and so is each number that is
/// none ([`Node::has_finite_numbers`]).
pub fn lower<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Error> {
    let lowered = dispatch(to, node).and_then(|()| node.finish());
    // What is only known has no meaning before a node of the network reads it.
    let lowered = lowered.and_then(|()| match to.is_known(node) {
        true => Ok(()),
        false => node.has_finite_numbers(&|index| to.constant(node, index)),
    });
    lowered.map_err(|problem| to.refuse(node, problem))
}

fn dispatch<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Problem> {
    if to.is_known(node)
        && let Some(value) = node.evaluate(&|index| to.constant(node, index))
    {
        let value = value?;
        to.know(node, value);
        return Ok(());
    }
    if node.arity() > 0 && to.is_known(node) {
        return Err(Problem::unsupported(
            "its inputs are constants, and this operator is not computed of constants; let the exporter, or a tool for \
             ONNX files, fold the constants first",
        ));
    }
    match node.operator() {
        "Conv" => conv(to, node),
        "Gemm" | "MatMul" => fully_connected(to, node),
        "BatchNormalization" => pointwise::batch_normalization(to, node),
        "Div" | "Reciprocal" if !node.is_constant(1) => length::divide(to, node),
        "Add" if !node.is_constant(1) && !node.is_constant(0) => pointwise::add(to, node),
        "Mul" if !node.is_constant(1) && !node.is_constant(0) => product::product(to, node),
        "Add" | "Sub" | "Mul" | "Div" => pointwise::arithmetic(to, node),
        "Relu" | "PRelu" | "LeakyRelu" | "Clip" => pointwise::activation(to, node),
        "HardSwish" => pointwise::hard_swish(to, node),
        "QuantizeLinear" => quantization::quantize(to, node),
        "DequantizeLinear" => quantization::dequantize(to, node),
        "Pad" => pad(to, node),
        "Sigmoid" | "HardSigmoid" => pointwise::sigmoid(to, node),
        "Softmax" => pointwise::softmax(to, node),
        "ReduceL2" | "ReduceSumSquare" | "ReduceSum" | "LpNormalization" => length::length(to, node),
        "Pow" | "Sqrt" => length::power(to, node),
        "Max" => length::greatest(to, node),
        "Expand" => expand(to, node),
        "MaxPool" => max_pool(to, node),
        "AveragePool" => average_pool(to, node),
        "GlobalAveragePool" => {
            let input = to.feature_map(node, 0)?;
            to.push_map(
                node,
                Operator::AveragePool,
                vec![input.tensor],
                Shape::new(1, 1, input.shape.channels),
            );
            Ok(())
        }
        "ReduceMean" => mean(to, node),
        "Resize" | "Upsample" => resize(to, node),
        "Dropout" | "Identity" => {
            node.passes_on()?;
            let input = to.any_input(node, 0)?;
            to.alias(node, input);
            Ok(())
        }
        "Transpose" => transpose(to, node),
        "Flatten" | "Reshape" | "Squeeze" | "Unsqueeze" => reshape(to, node),
        "Shape" => shape(to, node),
        _ => Err(Problem::unsupported("the engine has no such operator")),
    }
}

fn conv<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Problem> {
    let input = to.feature_map(node, 0)?;
    let mut conv = node.convolution(input.shape.channels, Some([input.shape.height, input.shape.width]))?;
    let [rows, columns] = conv.window.kernel;
    let [height, width] = output_size(&conv.window, input.shape)?;
    let tensor = unpadded(to, input.tensor, &mut conv.window);
    let positions = || (0..rows).flat_map(move |y| (0..columns).map(move |x| [y, x]));
    let mut weights = Vec::with_capacity(conv.outputs * conv.depth * rows * columns);
    if conv.depthwise {
        for at in positions() {
            weights.extend((0..conv.outputs).map(|o| conv.weight(o, 0, at)));
        }
    } else {
        for o in 0..conv.outputs {
            for at in positions() {
                weights.extend((0..conv.depth).map(|i| conv.weight(o, i, at)));
            }
        }
    }
    let shape = Shape::new(height, width, conv.outputs);
    let bias = conv.bias.unwrap_or_else(|| vec![0.0; conv.outputs]);
    let (window, activation) = (engine(&conv.window), Activation::Identity);
    let conv = Conv { window, depthwise: conv.depthwise, weights, bias, activation };
    to.push_map(node, Operator::Conv(conv), vec![tensor], shape);
    Ok(())
}

/// Makes the padding of a convolution's input that of its `window`, where the engine takes so much; gives the tensor to read.
fn unpadded(to: &Lowering, tensor: TensorId, window: &mut onnx::Window) -> TensorId {
    let Some((source, pads)) = to.paddings.get(&tensor).filter(|_| to.folds) else { return tensor };
    // What was folded into the padding since is no padding; a channel that was made zero has no one left.
    let writer = to.graph.writer(tensor).map(|n| &to.graph.nodes[n].operator);
    let plain = |conv: &Conv| {
        conv.activation == Activation::Identity
            && conv.bias.iter().all(|&bias| bias == 0.0)
            && conv.weights.iter().all(|&weight| weight == 0.0 || weight == 1.0)
            && conv.weights.iter().sum::<f32>() == conv.bias.len() as f32
    };
    if !matches!(writer, Some(Operator::Conv(conv)) if plain(conv)) {
        return tensor;
    }
    let wider = onnx::Window { pads: std::array::from_fn(|side| window.pads[side] + pads[side]), ..*window };
    if output_size(&wider, to.graph.tensors[*source].shape).is_err() {
        return tensor;
    }
    *window = wider;
    *source
}

/// Zeros around a feature map: a depthwise convolution whose window has a one where the pixel lies. A convolution that reads
/// it pads by itself ([`unpadded`]).
fn pad<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Problem> {
    let input = to.feature_map(node, 0)?;
    let pads = node.padding(input.layout.dims.len(), &|index| to.constant(node, index))?;
    let [top, left, bottom, right] = pads;
    let (wide, high) = (left + right, top + bottom);
    if wide.max(high) >= MOST {
        return Err(Problem::unsupported("padding of 255 pixels and more"));
    }
    let Shape { height, width, channels } = input.shape;
    let shape = Shape::new(height + high, width + wide, channels);
    let kernel = [high + 1, wide + 1];
    let mut weights = vec![0.0; kernel[0] * kernel[1] * channels];
    weights[(bottom * kernel[1] + right) * channels..][..channels].fill(1.0);
    let window = Window { kernel, stride: [1, 1], pad: [high, wide] };
    let bias = vec![0.0; channels];
    let conv = Conv { window, depthwise: true, weights, bias, activation: Activation::Identity };
    to.push_map(node, Operator::Conv(conv), vec![input.tensor], shape);
    let padded = to.graph.tensors.len() - 1;
    to.paddings.insert(padded, (input.tensor, pads));
    Ok(())
}

/// A fully connected layer: a convolution whose kernel is as large as its input.
fn fully_connected<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Problem> {
    let input = to.input(node, 0)?;
    let (shape, dims) = (input.shape, &input.layout.dims);
    // A row of values for each picture.
    let is_row = dims.len() >= 2 && dims[0] == to.batch && dims.last() == Some(&shape.len());
    if !is_row || (node.operator() == "Gemm" && dims.len() != 2) {
        return Err(Problem::Unsupported(format!(
            "its input has the dimensions {dims:?}, which is not one row"
        )));
    }
    let layer = node.fully_connected(shape.len())?;
    if shape.height.max(shape.width) > MOST {
        return Err(Problem::unsupported("an input of more than 255 rows or columns"));
    }
    let mut weights = Vec::with_capacity(layer.inputs * layer.outputs);
    for o in 0..layer.outputs {
        for pixel in 0..shape.pixels() {
            weights.extend((0..shape.channels).map(|c| match input.layout.order {
                Order::Pixels => layer.weight(o, pixel * shape.channels + c),
                Order::Planes => layer.weight(o, c * shape.pixels() + pixel),
            }));
        }
    }
    let outputs = layer.outputs;
    let bias = layer.bias.unwrap_or_else(|| vec![0.0; outputs]);
    let window = Window { kernel: [shape.height, shape.width], ..Window::POINT };
    let conv = Conv { window, depthwise: false, weights, bias, activation: Activation::Identity };
    let mut dims = dims.clone();
    dims.pop();
    dims.push(outputs);
    let layout = Layout { dims, order: Order::Planes };
    to.push(node, Operator::Conv(conv), vec![input.tensor], Shape::new(1, 1, outputs), layout);
    Ok(())
}

fn max_pool<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Problem> {
    let input = to.feature_map(node, 0)?;
    let window = node.pooling_window(Some([input.shape.height, input.shape.width]))?;
    let [height, width] = output_size(&window, input.shape)?;
    let shape = Shape::new(height, width, input.shape.channels);
    to.push_map(node, Operator::MaxPool(engine(&window)), vec![input.tensor], shape);
    Ok(())
}

/// The mean over a window: a depthwise convolution whose weights are all the same.
fn average_pool<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Problem> {
    let input = to.feature_map(node, 0)?;
    let window = node.pooling_window(Some([input.shape.height, input.shape.width]))?;
    if node.int("count_include_pad").unwrap_or(0) == 0 && window.pads != [0; 4] {
        return Err(Problem::unsupported("padding that does not count (count_include_pad)"));
    }
    let [height, width] = output_size(&window, input.shape)?;
    let channels = input.shape.channels;
    let shape = Shape::new(height, width, channels);
    if window.kernel == [input.shape.height, input.shape.width] && window.pads == [0; 4] {
        to.push_map(node, Operator::AveragePool, vec![input.tensor], shape);
        return Ok(());
    }
    let taps = window.kernel[0] * window.kernel[1];
    let conv = Conv {
        window: engine(&window),
        depthwise: true,
        weights: vec![1.0 / taps as f32; taps * channels],
        bias: vec![0.0; channels],
        activation: Activation::Identity,
    };
    to.push_map(node, Operator::Conv(conv), vec![input.tensor], shape);
    Ok(())
}

/// A mean over height and width, wherever the file has them.
fn mean<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Problem> {
    let input = to.input(node, 0)?;
    let (shape, dims) = (input.shape, &input.layout.dims);
    let counts = input.layout.dimensions(shape);
    let axes = node.axes(dims.len(), &|index| to.constant(node, index))?;
    let none = axes.is_none() && node.int("noop_with_empty_axes").unwrap_or(0) != 0;
    let axes = axes.unwrap_or_else(|| (0..dims.len()).collect());
    // All pixels, and nothing else; a mean over one value is that value.
    let fits = |(axis, counted): (usize, &Dimension)| match counted {
        Dimension::One => true,
        Dimension::Pixels => axes.contains(&axis),
        Dimension::Batch | Dimension::Channels => !axes.contains(&axis),
        Dimension::Mixed => false,
    };
    if none || !counts.iter().enumerate().all(fits) {
        return Err(Problem::Unsupported(format!(
            "a mean over the axes {axes:?} of {dims:?}, which are not height and \
                                                 width"
        )));
    }
    let keep = node.int("keepdims").unwrap_or(1) != 0;
    let left = (0..dims.len()).filter(|axis| keep || !axes.contains(axis));
    let dims = left.map(|axis| if axes.contains(&axis) { 1 } else { dims[axis] }).collect();
    let shape = Shape::new(1, 1, shape.channels);
    let layout = Layout { dims, order: Order::Planes };
    to.push(node, Operator::AveragePool, vec![input.tensor], shape, layout);
    Ok(())
}

fn resize<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Problem> {
    let input = to.feature_map(node, 0)?;
    node.doubles(&input.layout.dims, &|index| to.constant(node, index))?;
    let shape = Shape::new(2 * input.shape.height, 2 * input.shape.width, input.shape.channels);
    to.push_map(node, Operator::Resize2x, vec![input.tensor], shape);
    Ok(())
}

fn transpose<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Problem> {
    let mut input = to.any_input(node, 0)?;
    let rank = input.layout.dims.len();
    let turned: Vec<i64> = (0..rank as i64).rev().collect();
    let order = permutation(node.ints("perm").unwrap_or(&turned), rank)?;
    let layout = input.layout.transposed(&order, input.shape);
    input.layout = layout.ok_or_else(|| Problem::unsupported("only from NCHW to NHWC and back"))?;
    to.alias(node, input);
    Ok(())
}

/// The values keep their order, and only the dimensions change.
fn reshape<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Problem> {
    let mut input = to.any_input(node, 0)?;
    if input.rest.is_length() {
        // One number, whose dimensions say along which ones it is repeated: see `length::divide`.
        return Err(Problem::unsupported("a length that is reshaped"));
    }
    let dims = node.reshaped(&input.layout.dims, &|index| to.constant(node, index))?;
    if to.batch > 1 && dims.first() != Some(&to.batch) {
        return Err(Problem::Unsupported(format!("it mixes the {} pictures of the batch", to.batch)));
    }
    input.layout.dims = dims;
    to.alias(node, input);
    Ok(())
}

/// The dimensions of a value, as a constant.
fn shape<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Problem> {
    let dims = to.any_input(node, 0)?.layout.dims;
    let sides = dims[node.extent(dims.len())].iter().map(|&side| side as i64);
    to.know(node, Constant::of_integers(sides));
    Ok(())
}

/// A value repeated along dimensions of one: the readers that repeat it by themselves know what it was.
fn expand<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Problem> {
    let value = to.any_input(node, 0)?;
    node.input(1);
    let sides =
        to.constant(node, 1).ok_or_else(|| Problem::unsupported("a shape that is computed"))?.integers();
    let dims = onnx::broadcast(&value.layout.dims, &sides)?;
    match dims == value.layout.dims {
        true => to.alias(node, value),
        false => to.expand(node, value, dims),
    }
    Ok(())
}

/// Height and width of the output of `window`, of which each pixel must see a pixel of the input.
fn output_size(window: &onnx::Window, input: Shape) -> Result<[usize; 2], Problem> {
    let size = window.output([input.height, input.width]);
    let size = size.ok_or_else(|| Problem::invalid("its kernel is larger than its input"))?;
    let onnx::Window { kernel, stride, pads } = window;
    if kernel.iter().chain(stride).chain(pads).any(|&side| side > MOST) {
        return Err(Problem::unsupported("a kernel, stride or padding of more than 255"));
    }
    let within = |axis: usize, side: usize| {
        pads[axis] < kernel[axis] && (size[axis] - 1) * stride[axis] < side + pads[axis]
    };
    if !within(0, input.height) || !within(1, input.width) {
        return Err(Problem::unsupported("padding as wide as the kernel"));
    }
    Ok(size)
}

/// The window as the engine has it: the padding below and to the right follows from the shapes.
fn engine(window: &onnx::Window) -> Window {
    let [top, left, ..] = window.pads;
    Window { kernel: window.kernel, stride: window.stride, pad: [top, left] }
}
