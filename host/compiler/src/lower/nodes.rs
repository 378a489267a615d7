//! One ONNX node at a time.

use kernels::{Shape, Window};
use onnx::Node;

use super::values::{Lowering, Value, View, invalid};
use crate::Error;
use crate::graph::{Activation, Conv, Graph, Operator};

/// Lowers `node`, or says why it cannot be.
pub fn lower<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Error> {
    match node.operator() {
        "Conv" => conv(to, node),
        "Gemm" | "MatMul" => fully_connected(to, node),
        "BatchNormalization" => batch_normalization(to, node),
        "Add" if node.constant(1).is_none() && node.constant(0).is_none() => add(to, node),
        "Mul" if node.constant(1).is_none() && node.constant(0).is_none() => gate(to, node),
        "Add" | "Sub" | "Mul" | "Div" => arithmetic(to, node),
        "Relu" | "PRelu" => activation(to, node),
        "MaxPool" => max_pool(to, node),
        "GlobalAveragePool" => {
            let input = to.feature_map(node, 0)?;
            to.push(node, Operator::AveragePool, vec![input.tensor], Shape::new(1, 1, input.shape.channels));
            Ok(())
        }
        "Resize" | "Upsample" => resize(to, node),
        "Dropout" | "Identity" => {
            let input = to.input(node, 0)?;
            to.alias(node, input.tensor, input.view, input.sigmoid);
            Ok(())
        }
        "Transpose" => transpose(to, node),
        "Flatten" | "Reshape" => flatten(to, node),
        "Sigmoid" => {
            let input = to.input(node, 0)?;
            to.alias(node, input.tensor, input.view, true);
            Ok(())
        }
        // A flattening whose shape is computed: the shape of the engine's tensors is known anyway.
        "Shape" | "Gather" | "Unsqueeze" | "Concat" if to.is_shape(node) => {
            to.shape(node);
            Ok(())
        }
        _ => Err(to.unsupported(node, "the engine has no such operator")),
    }
}

fn conv<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Error> {
    let input = to.feature_map(node, 0)?;
    let conv = node.convolution(input.shape.channels).map_err(|problem| to.refuse(node, problem))?;
    let [rows, columns] = conv.window.kernel;
    if rows.max(columns) > 255 {
        return Err(to.unsupported(node, "a kernel of more than 255 rows or columns"));
    }
    let [height, width] = output_size(node, &conv.window, input.shape)?;
    let positions = || (0..rows).flat_map(move |y| (0..columns).map(move |x| [y, x]));
    let mut weights = Vec::with_capacity(conv.weights.values.len());
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
    to.push(node, Operator::Conv(conv), vec![input.tensor], shape);
    Ok(())
}

/// A fully connected layer: a convolution whose kernel is as large as its input.
fn fully_connected<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Error> {
    let input = to.input(node, 0)?;
    let shape = input.shape;
    if input.sigmoid || input.view == View::Nhwc || (input.view == View::Nchw && shape.pixels() > 1) {
        return Err(to.unsupported(node, "its input is not flat"));
    }
    let layer = node.fully_connected(shape.len()).map_err(|problem| to.refuse(node, problem))?;
    if shape.height.max(shape.width) > 255 {
        return Err(to.unsupported(node, "an input of more than 255 rows or columns"));
    }
    let nhwc = input.view == View::FlatNhwc;
    let mut weights = Vec::with_capacity(layer.inputs * layer.outputs);
    for o in 0..layer.outputs {
        for pixel in 0..shape.pixels() {
            weights.extend((0..shape.channels).map(|c| match nhwc {
                true => layer.weight(o, pixel * shape.channels + c),
                false => layer.weight(o, c * shape.pixels() + pixel),
            }));
        }
    }
    let outputs = layer.outputs;
    let bias = layer.bias.unwrap_or_else(|| vec![0.0; outputs]);
    let window = Window { kernel: [shape.height, shape.width], ..Window::POINT };
    let conv = Conv { window, depthwise: false, weights, bias, activation: Activation::Identity };
    to.push(node, Operator::Conv(conv), vec![input.tensor], Shape::new(1, 1, outputs));
    Ok(())
}

fn batch_normalization<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Error> {
    let input = to.input(node, 0)?;
    let norm = node.normalization(input.shape.channels).map_err(|problem| to.refuse(node, problem))?;
    let [scale, shift] = norm.scale_and_shift();
    scale_channels(to, node, input, scale, shift)
}

/// Adds, subtracts, multiplies or divides by a constant, one number or one a channel.
fn arithmetic<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Error> {
    let input = to.input(node, node.computed_operand().unwrap_or(0))?;
    let by = node.arithmetic(input.shape.channels).map_err(|problem| to.refuse(node, problem))?;
    let before = &mut to.graph.preprocessing;
    if input.tensor == Graph::INPUT && by.join_preparation(&mut before.mean, &mut before.scale) {
        to.alias(node, input.tensor, input.view, false);
        return Ok(());
    }
    scale_channels(to, node, input, by.scale, by.shift)
}

/// Multiplies every channel by its scale and adds its offset.
fn scale_channels<'a>(
    to: &mut Lowering<'a>,
    node: &Node<'a>,
    input: Value,
    scale: Vec<f32>,
    offset: Vec<f32>,
) -> Result<(), Error> {
    let one_pixel = input.shape.pixels() == 1;
    if input.sigmoid || (input.view != View::Nchw && !one_pixel) {
        return Err(to.unsupported(node, "its input was transposed, flattened or put through a sigmoid"));
    }
    if let Some(Operator::Conv(conv)) = to.foldable(node)
        && conv.activation == Activation::Identity
    {
        conv.scale_outputs(&scale, &offset);
        to.alias(node, input.tensor, input.view, false);
        return Ok(());
    }
    let conv = Conv::point(scale, offset, Activation::Identity);
    to.push(node, Operator::Conv(conv), vec![input.tensor], input.shape);
    Ok(())
}

fn activation<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Error> {
    let input = to.feature_map(node, 0)?;
    let slopes = node.slopes(input.shape.channels).map_err(|problem| to.refuse(node, problem))?;
    let activation = slopes.map_or(Activation::Relu, Activation::Prelu);
    match to.foldable(node) {
        Some(Operator::Conv(conv)) if conv.activation == Activation::Identity => conv.activation = activation,
        Some(Operator::Add(relu)) if activation == Activation::Relu => *relu = true,
        _ => {
            let channels = input.shape.channels;
            let conv = Conv::point(vec![1.0; channels], vec![0.0; channels], activation);
            to.push(node, Operator::Conv(conv), vec![input.tensor], input.shape);
            return Ok(());
        }
    }
    to.alias(node, input.tensor, View::Nchw, false);
    Ok(())
}

fn add<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Error> {
    let (a, b) = (to.feature_map(node, 0)?, to.feature_map(node, 1)?);
    if a.shape != b.shape {
        return Err(to.unsupported(node, &format!("the other input has the shape {}", b.shape)));
    }
    to.push(node, Operator::Add(false), vec![a.tensor, b.tensor], a.shape);
    Ok(())
}

/// A feature map times the sigmoid of one value a channel, in either order.
fn gate<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Error> {
    let (a, b) = (to.input(node, 0)?, to.input(node, 1)?);
    let (map, logits) = if b.sigmoid { (a, b) } else { (b, a) };
    let gated = logits.sigmoid && !map.sigmoid && map.view == View::Nchw && logits.view == View::Nchw;
    if !gated || logits.shape != Shape::new(1, 1, map.shape.channels) || map.tensor == logits.tensor {
        return Err(to.unsupported(node, "only by the sigmoid of one value a channel"));
    }
    to.push(node, Operator::Gate, vec![map.tensor, logits.tensor], map.shape);
    Ok(())
}

fn max_pool<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Error> {
    let input = to.feature_map(node, 0)?;
    let window = node.pooling_window().map_err(|problem| to.refuse(node, problem))?;
    let [height, width] = output_size(node, &window, input.shape)?;
    let shape = Shape::new(height, width, input.shape.channels);
    to.push(node, Operator::MaxPool(engine(&window)), vec![input.tensor], shape);
    Ok(())
}

fn resize<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Error> {
    let input = to.feature_map(node, 0)?;
    if !node.is_doubling() {
        return Err(to.unsupported(node, "only the factor 2, mode nearest, asymmetric, floor"));
    }
    let shape = Shape::new(2 * input.shape.height, 2 * input.shape.width, input.shape.channels);
    to.push(node, Operator::Resize2x, vec![input.tensor], shape);
    Ok(())
}

fn transpose<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Error> {
    let input = to.input(node, 0)?;
    let view = match (input.view, node.ints("perm").unwrap_or_default()[..].as_ref()) {
        (View::Nchw, [0, 2, 3, 1]) => View::Nhwc,
        (View::Nhwc, [0, 3, 1, 2]) => View::Nchw,
        _ => return Err(to.unsupported(node, "only from NCHW to NHWC and back")),
    };
    to.alias(node, input.tensor, view, input.sigmoid);
    Ok(())
}

/// `Flatten`, and those `Reshape`s that only merge dimensions: the values keep their order.
fn flatten<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Error> {
    let input = to.input(node, 0)?;
    if node.int("axis").is_some_and(|axis| axis != 1) {
        return Err(to.unsupported(node, "an axis other than 1"));
    }
    let view = match input.view {
        View::Nchw if input.shape.pixels() == 1 => View::FlatNhwc,
        View::Nchw | View::Flat => View::Flat,
        View::Nhwc | View::FlatNhwc => View::FlatNhwc,
    };
    to.alias(node, input.tensor, view, input.sigmoid);
    Ok(())
}

/// Height and width of the output of `window`.
fn output_size(node: &Node, window: &onnx::Window, input: Shape) -> Result<[usize; 2], Error> {
    let size = window.output([input.height, input.width]);
    size.ok_or_else(|| invalid(node, "its kernel is larger than its input"))
}

/// The window as the engine has it: the padding below and to the right follows from the shapes.
fn engine(window: &onnx::Window) -> Window {
    let [top, left, ..] = window.pads;
    Window { kernel: window.kernel, stride: window.stride, pad: [top, left] }
}
