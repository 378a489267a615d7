//! One ONNX node at a time.

use kernels::{Shape, Window};

use super::values::{Lowering, Value, View, invalid};
use crate::Error;
use crate::graph::{Activation, Conv, Graph, Operator};
use crate::onnx::{Constant, Node};

/// Lowers `node`, or says why it cannot be.
pub fn lower(to: &mut Lowering, node: &Node) -> Result<(), Error> {
    match node.operator() {
        "Conv" => conv(to, node),
        "Gemm" | "MatMul" => gemm(to, node),
        "BatchNormalization" => batch_normalization(to, node),
        "Add" if node.constant(1).is_none() && node.constant(0).is_none() => add(to, node),
        "Mul" if node.constant(1).is_none() && node.constant(0).is_none() => gate(to, node),
        "Add" | "Sub" | "Mul" | "Div" => constant_arithmetic(to, node),
        "Relu" => activation(to, node, |_| Ok(Activation::Relu)),
        "PRelu" => activation(to, node, |channels| Ok(Activation::Prelu(per_channel(node, 1, channels)?))),
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

fn conv(to: &mut Lowering, node: &Node) -> Result<(), Error> {
    let input = to.feature_map(node, 0)?;
    let weights = node.constant(1).ok_or_else(|| invalid(node, "its weights are not constant"))?;
    let [outputs, depth, rows, columns] = weights.dims[..] else {
        return Err(invalid(node, "its weights do not have four dimensions"));
    };
    if node.ints("dilations").is_some_and(|d| d.iter().any(|&d| d != 1)) {
        return Err(to.unsupported(node, "dilation"));
    }
    if rows.max(columns) > 255 {
        return Err(to.unsupported(node, "a kernel of more than 255 rows or columns"));
    }
    let group = node.int("group").unwrap_or(1) as usize;
    // A depthwise convolution of a single channel is dense as well; dense is the quicker one.
    let depthwise = group == input.shape.channels && group == outputs && depth == 1 && group > 1;
    if !depthwise && (group != 1 || depth != input.shape.channels) {
        return Err(to.unsupported(node, &format!("{group} groups for {} channels", input.shape.channels)));
    }
    let (window, height, width) = window(to, node, [rows, columns], input.shape)?;
    let at =
        |o: usize, i: usize, y: usize, x: usize| weights.values[((o * depth + i) * rows + y) * columns + x];
    let mut ordered = Vec::with_capacity(weights.values.len());
    if depthwise {
        for (y, x) in positions(rows, columns) {
            ordered.extend((0..outputs).map(|o| at(o, 0, y, x)));
        }
    } else {
        for o in 0..outputs {
            for (y, x) in positions(rows, columns) {
                ordered.extend((0..depth).map(|i| at(o, i, y, x)));
            }
        }
    }
    let bias = match node.input(2) {
        Some(_) => per_channel(node, 2, outputs)?,
        None => vec![0.0; outputs],
    };
    let conv = Conv { window, depthwise, weights: ordered, bias, activation: Activation::Identity };
    to.push(node, Operator::Conv(conv), vec![input.tensor], Shape::new(height, width, outputs));
    Ok(())
}

/// A fully connected layer: a convolution whose kernel is as large as its input.
fn gemm(to: &mut Lowering, node: &Node) -> Result<(), Error> {
    let input = to.input(node, 0)?;
    let shape = input.shape;
    if input.sigmoid || input.view == View::Nhwc || (input.view == View::Nchw && shape.pixels() > 1) {
        return Err(to.unsupported(node, "its input is not flat"));
    }
    let weights = node.constant(1).ok_or_else(|| invalid(node, "its weights are not constant"))?;
    let transposed = node.int("transB").unwrap_or(0) != 0;
    let plain = |name| node.float(name).is_none_or(|v| v == 1.0);
    if node.int("transA").unwrap_or(0) != 0 || !plain("alpha") || !plain("beta") {
        return Err(to.unsupported(node, "alpha, beta or transA"));
    }
    let (outputs, inputs) = match weights.dims[..] {
        [outputs, inputs] if transposed => (outputs, inputs),
        [inputs, outputs] => (outputs, inputs),
        _ => return Err(invalid(node, "its weights do not have two dimensions")),
    };
    if inputs != shape.len() || shape.height.max(shape.width) > 255 {
        return Err(invalid(node, format!("its weights are for {inputs} inputs, there are {}", shape.len())));
    }
    let at = |o: usize, i: usize| weights.values[if transposed { o * inputs + i } else { i * outputs + o }];
    let nhwc = input.view == View::FlatNhwc;
    let mut ordered = Vec::with_capacity(inputs * outputs);
    for o in 0..outputs {
        for pixel in 0..shape.pixels() {
            ordered.extend((0..shape.channels).map(|c| match nhwc {
                true => at(o, pixel * shape.channels + c),
                false => at(o, c * shape.pixels() + pixel),
            }));
        }
    }
    let bias = match node.input(2) {
        Some(_) => per_channel(node, 2, outputs)?,
        None => vec![0.0; outputs],
    };
    let window = Window { kernel: [shape.height, shape.width], ..Window::POINT };
    let conv = Conv { window, depthwise: false, weights: ordered, bias, activation: Activation::Identity };
    to.push(node, Operator::Conv(conv), vec![input.tensor], Shape::new(1, 1, outputs));
    Ok(())
}

fn batch_normalization(to: &mut Lowering, node: &Node) -> Result<(), Error> {
    let input = to.input(node, 0)?;
    let channels = input.shape.channels;
    let parameter = |index| per_channel(node, index, channels);
    let (gamma, beta, mean, variance) = (parameter(1)?, parameter(2)?, parameter(3)?, parameter(4)?);
    let epsilon = node.float("epsilon").unwrap_or(1e-5);
    let scale: Vec<f32> = gamma.iter().zip(&variance).map(|(g, v)| g / (v + epsilon).sqrt()).collect();
    let offset = beta.iter().zip(&mean).zip(&scale).map(|((b, m), s)| b - m * s).collect();
    scale_channels(to, node, input, scale, offset)
}

/// Adds, subtracts, multiplies or divides by a constant, one number or one a channel.
fn constant_arithmetic(to: &mut Lowering, node: &Node) -> Result<(), Error> {
    // Sums and products do not mind the order; the others must have the constant second.
    let commutes = matches!(node.operator(), "Add" | "Mul");
    let constant = if node.constant(1).is_some() { 1 } else { 0 };
    if constant == 0 && (!commutes || node.constant(0).is_none()) {
        return Err(to.unsupported(node, "both inputs are computed"));
    }
    let input = to.input(node, 1 - constant)?;
    let values = per_channel(node, constant, input.shape.channels)?;
    let ones = vec![1.0; values.len()];
    let zeros = vec![0.0; values.len()];
    let (scale, offset) = match node.operator() {
        "Add" => (ones, values),
        "Sub" => (ones, values.iter().map(|v| -v).collect()),
        "Mul" => (values, zeros),
        _ => (values.iter().map(|v| 1.0 / v).collect(), zeros),
    };
    let uniform = |v: &[f32]| v.iter().all(|x| *x == v[0]);
    if input.tensor == Graph::INPUT && uniform(&scale) && uniform(&offset) {
        // (pixel - mean) * scale, scaled and moved once more.
        let before = &mut to.graph.preprocessing;
        before.mean -= offset[0] / (scale[0] * before.scale);
        before.scale *= scale[0];
        to.alias(node, input.tensor, input.view, false);
        return Ok(());
    }
    scale_channels(to, node, input, scale, offset)
}

/// Multiplies every channel by its scale and adds its offset.
fn scale_channels(
    to: &mut Lowering,
    node: &Node,
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

fn activation(
    to: &mut Lowering,
    node: &Node,
    make: impl Fn(usize) -> Result<Activation, Error>,
) -> Result<(), Error> {
    let input = to.feature_map(node, 0)?;
    let activation = make(input.shape.channels)?;
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

fn add(to: &mut Lowering, node: &Node) -> Result<(), Error> {
    let (a, b) = (to.feature_map(node, 0)?, to.feature_map(node, 1)?);
    if a.shape != b.shape {
        return Err(to.unsupported(node, &format!("the other input has the shape {}", b.shape)));
    }
    to.push(node, Operator::Add(false), vec![a.tensor, b.tensor], a.shape);
    Ok(())
}

/// A feature map times the sigmoid of one value a channel, in either order.
fn gate(to: &mut Lowering, node: &Node) -> Result<(), Error> {
    let (a, b) = (to.input(node, 0)?, to.input(node, 1)?);
    let (map, logits) = if b.sigmoid { (a, b) } else { (b, a) };
    let gated = logits.sigmoid && !map.sigmoid && map.view == View::Nchw && logits.view == View::Nchw;
    if !gated || logits.shape != Shape::new(1, 1, map.shape.channels) || map.tensor == logits.tensor {
        return Err(to.unsupported(node, "only by the sigmoid of one value a channel"));
    }
    to.push(node, Operator::Gate, vec![map.tensor, logits.tensor], map.shape);
    Ok(())
}

fn max_pool(to: &mut Lowering, node: &Node) -> Result<(), Error> {
    let input = to.feature_map(node, 0)?;
    let kernel = node.ints("kernel_shape").unwrap_or_default();
    let [rows, columns] = kernel[..] else {
        return Err(invalid(node, "its kernel does not have two dimensions"));
    };
    if node.int("ceil_mode").unwrap_or(0) != 0 {
        return Err(to.unsupported(node, "ceil_mode"));
    }
    let (window, height, width) = window(to, node, [rows, columns], input.shape)?;
    let shape = Shape::new(height, width, input.shape.channels);
    to.push(node, Operator::MaxPool(window), vec![input.tensor], shape);
    Ok(())
}

fn resize(to: &mut Lowering, node: &Node) -> Result<(), Error> {
    let input = to.feature_map(node, 0)?;
    let scales = (1..node.inputs()).filter_map(|i| node.constant(i)).find(|c| c.values.len() == 4);
    let twice = scales.is_some_and(|c| c.values == [1.0, 1.0, 2.0, 2.0]);
    let nearest = node.word("mode").is_none_or(|mode| mode == "nearest");
    let floor = node.word("nearest_mode").is_none_or(|mode| mode == "floor");
    let asymmetric = node.word("coordinate_transformation_mode").is_none_or(|mode| mode == "asymmetric");
    // With a factor of two, asymmetric rounding down is repetition, and so is what ONNX does where
    // nothing is said (half_pixel, round_prefer_floor); any other choice may shift.
    if !(twice && nearest && floor && asymmetric) {
        return Err(to.unsupported(node, "only the factor 2, mode nearest, asymmetric, floor"));
    }
    let shape = Shape::new(2 * input.shape.height, 2 * input.shape.width, input.shape.channels);
    to.push(node, Operator::Resize2x, vec![input.tensor], shape);
    Ok(())
}

fn transpose(to: &mut Lowering, node: &Node) -> Result<(), Error> {
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
fn flatten(to: &mut Lowering, node: &Node) -> Result<(), Error> {
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

/// The window of a convolution or pooling, and the height and width of its output.
fn window(
    to: &Lowering,
    node: &Node,
    kernel: [usize; 2],
    input: Shape,
) -> Result<(Window, usize, usize), Error> {
    let pair = |name: &str| match node.ints(name).as_deref() {
        None => Some([1, 1]),
        Some(&[a, b]) => Some([a, b]),
        Some(_) => None,
    };
    let stride = pair("strides").ok_or_else(|| invalid(node, "its strides do not have two dimensions"))?;
    if node.word("auto_pad").is_some_and(|pad| pad != "NOTSET") {
        return Err(to.unsupported(node, "auto_pad"));
    }
    let pads = node.ints("pads").unwrap_or_else(|| vec![0; 4]);
    let [top, left, bottom, right] = pads[..] else {
        return Err(invalid(node, "it does not have four pads"));
    };
    let length = |input: usize, pads: usize, axis: usize| {
        let room = (input + pads).checked_sub(kernel[axis]).filter(|_| stride[axis] > 0);
        room.map(|room| room / stride[axis] + 1)
            .ok_or_else(|| invalid(node, "its kernel is larger than its input"))
    };
    let (height, width) = (length(input.height, top + bottom, 0)?, length(input.width, left + right, 1)?);
    Ok((Window { kernel, stride, pad: [top, left] }, height, width))
}

/// Constant input `index` as one value a channel.
fn per_channel(node: &Node, index: usize, channels: usize) -> Result<Vec<f32>, Error> {
    let Constant { values, dims } =
        node.constant(index).ok_or_else(|| invalid(node, format!("input {index} is not constant")))?;
    match values.len() {
        1 => Ok(vec![values[0]; channels]),
        n if n == channels => Ok(values.clone()),
        _ => Err(invalid(node, format!("input {index} has the dimensions {dims:?}, not {channels} values"))),
    }
}

/// All positions of a kernel.
fn positions(rows: usize, columns: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).flat_map(move |y| (0..columns).map(move |x| (y, x)))
}
