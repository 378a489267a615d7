//! A model image as a TOSA network that gives the same bytes.
//!
//! | operator | in TOSA |
//! |---|---|
//! | convolution, depthwise | the same, and one `RESCALE` with the engine's own multipliers and rounding |
//! | with PReLU | the greater of two convolutions, scaled by multiplier and by multiplier times slope; the lesser one in channels with a slope above 1. Rounding is monotone, so this is exact |
//! | average pool | a depthwise convolution by ones |
//! | add | see [`sum`] |
//! | gate | the table in two halves of 8 bits, which make a value of 16; a product of 16 bits |
//! | max pool, resize, table | the same |

use nn::format::{OperatorRecord, TensorRecord, code};

use crate::Error;
use crate::convolution;
use crate::graph::{Graph, Rescale, Value};
use crate::image::Image;
use crate::record::{shape, shift_of};
use crate::sum::{self, Form};
use crate::tosa::{Block, Code, Type};

/// Limits of a type.
const fn limits(bytes: u8) -> [i16; 2] {
    if bytes == 2 { [i16::MIN, i16::MAX] } else { [-128, 127] }
}

/// The network of an image.
///
/// # Errors
/// [`Error::Operator`]: one that an NPU cannot compute with the same bytes.
pub fn network(image: &Image) -> Result<Block, Error> {
    let mut graph = Graph::default();
    let mut values: Vec<Option<Value>> = vec![None; image.tensors.len()];
    values[image.input as usize] = Some(graph.input(shape(&image.tensors[image.input as usize])));
    for (number, record) in image.operators.iter().enumerate() {
        graph.operator = number;
        let input = |which: usize| {
            let tensor = usize::from(record.input[which]);
            values.get(tensor).cloned().flatten().ok_or(refused(number, record, "its input is never written"))
        };
        let (a, b) = (input(0)?, input(1)?);
        let value =
            operator(&mut graph, image, record, [&a, &b]).map_err(|why| refused(number, record, why))?;
        values[usize::from(record.output)] = Some(value);
    }
    let outputs = image.outputs.iter().filter_map(|&output| values[output as usize].clone());
    let outputs: Vec<Value> = outputs.collect();
    Ok(graph.finish(&outputs))
}

fn refused(operator: usize, record: &OperatorRecord, why: &'static str) -> Error {
    Error::Operator { operator, name: code::name(record.code), why }
}

fn operator(
    graph: &mut Graph,
    image: &Image,
    record: &OperatorRecord,
    [a, b]: [&Value; 2],
) -> Result<Value, &'static str> {
    let (from, to) = (image.tensor(record.input[0]), image.tensor(record.output));
    let scaled = match record.code {
        code::CONV | code::DEPTHWISE | code::AVERAGE_POOL => convolution::lower(graph, image, record, a)?,
        code::ADD => add(graph, image, record, [a, b])?,
        code::MAX_POOL => return max_pool(graph, record, [from, to], a),
        code::RESIZE_2X => return Ok(resize(graph, to, a)),
        code::GATE => return gate(graph, image, record, [a, b]),
        code::TABLE => {
            let entries: Vec<i32> = image.table(record).iter().map(|&entry| entry.into()).collect();
            return Ok(graph.table(a, &entries));
        }
        _ => return Err("this version does not know it"),
    };
    Ok(if record.clamp == limits(to.bytes) { scaled } else { graph.clamp(&scaled, record.clamp) })
}

fn add(
    graph: &mut Graph,
    image: &Image,
    record: &OperatorRecord,
    [a, b]: [&Value; 2],
) -> Result<Value, &'static str> {
    let zero = record.input.map(|input| image.tensor(input).zero_point);
    let out = image.tensor(record.output);
    let addition = kernels::Addition {
        input_zero: zero,
        multiplier: record.factor,
        shift: record.sum_shift,
        zero_point: out.zero_point,
        min: record.clamp[0].into(),
        max: record.clamp[1].into(),
    };
    let form =
        sum::form(&addition).ok_or("no form of its sum gives the same bytes for all pairs of inputs")?;
    let operand = |graph: &mut Graph, value: &Value, which: usize| {
        let scale = Rescale {
            multiplier: vec![form.factor[which]],
            shift: vec![Form::SHIFT],
            zero: [zero[which], 0],
        };
        graph.rescale(value, Type::I32, &scale)
    };
    let (a, b) = (operand(graph, a, 0), operand(graph, b, 1));
    let mut total = graph.both(Code::Add, &a, &b);
    if form.bias != 0 {
        let bias = graph.constant(&[1; 4], Type::I32, &[form.bias]);
        total = graph.apply(Code::Add, vec![total.name.clone(), bias], total.shape, Type::I32);
    }
    let scale = Rescale {
        multiplier: vec![form.multiplier],
        shift: vec![Form::SUM_SHIFT],
        zero: [0, out.zero_point],
    };
    Ok(graph.rescale(&total, Type::I8, &scale))
}

fn max_pool(
    graph: &mut Graph,
    record: &OperatorRecord,
    [from, to]: [&TensorRecord; 2],
    a: &Value,
) -> Result<Value, &'static str> {
    let pair = |pair: [u8; 2]| pair.map(i32::from);
    let (kernel, stride, [input, output]) = (pair(record.kernel), pair(record.stride), [from, to].map(shape));
    let whole = (0..2).all(|axis| (output[axis] - 1) * stride[axis] + kernel[axis] == input[axis]);
    if record.pad != [0, 0] || !whole {
        return Err(
            "its windows do not tile the input; only pooling without padding or remainder is written",
        );
    }
    Ok(graph.apply(Code::MaxPool2d { kernel, stride }, vec![a.name.clone()], output, Type::I8))
}

/// Each pixel twice: half-pixel coordinates, rounded to the nearest.
fn resize(graph: &mut Graph, to: &TensorRecord, a: &Value) -> Value {
    let inputs =
        vec![a.name.clone(), graph.shape(&[4, 2, 4, 2]), graph.shape(&[-1, -1]), graph.shape(&[1, 1])];
    graph.apply(Code::Resize, inputs, shape(to), Type::I8)
}

/// The sigmoid of a logit has 15 bits, and a table of the NPU gives 8: the upper and the lower ones come from two tables,
/// on one value a channel, and are added to 16 bits.
fn gate(
    graph: &mut Graph,
    image: &Image,
    record: &OperatorRecord,
    [a, logits]: [&Value; 2],
) -> Result<Value, &'static str> {
    let table = image.gate_table(record);
    let scale = image.scales(record).first().ok_or("it has no scale")?;
    if table.iter().any(|&entry| entry < 0) || scale.multiplier < 0 {
        return Err("its factors are negative");
    }
    let (from, to) = (image.tensor(record.input[0]), image.tensor(record.output));
    let half = |entry: fn(i32) -> i32| -> Vec<i32> { table.iter().map(|&it| entry(it.into())).collect() };
    let upper = graph.table(logits, &half(|entry| (entry >> 7) - 128));
    let lower = graph.table(logits, &half(|entry| entry & 127));
    let by = |multiplier: i32, zero: i32| Rescale {
        multiplier: vec![multiplier],
        shift: vec![10],
        zero: [zero, 0],
    };
    let upper = graph.rescale(&upper, Type::I32, &by(1 << 29, -128));
    let lower = graph.rescale(&lower, Type::I32, &by(1 << 22, 0));
    let factor = graph.both(Code::Add, &upper, &lower);
    let back = Rescale { multiplier: vec![1 << 30], shift: vec![42], zero: [0, 0] };
    let factor = graph.rescale(&factor, Type::I16, &back);
    let pixels = graph.rescale(a, Type::I16, &Rescale::none([from.zero_point, 0]));
    let (pixels, factor) = (graph.widen(&pixels, 0), graph.widen(&factor, 0));
    let shift = graph.constant(&[1], Type::I8, &[0]);
    let inputs = vec![pixels.name.clone(), factor.name, shift];
    let product = graph.apply(Code::Mul, inputs, pixels.shape, Type::I32);
    let scale = Rescale {
        multiplier: vec![scale.multiplier],
        shift: vec![shift_of(scale)?],
        zero: [0, to.zero_point],
    };
    Ok(graph.rescale(&product, Type::I8, &scale))
}
