//! The checks of [`Model::load`]. After them every number in the image is valid.
//!
//! The numbers are anybody's, and a board's `usize` has 32 bits. So no sum and no product here can wrap: each is
//! checked, or saturates at a value that no image passes. Clippy refuses any other arithmetic in this file. The
//! boards run generated images in `conformance::parsers`.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use core::ops::Range;

use kernels::{GATE_STEPS, MULTIPLIER_BOUND, Scale, TABLE_STEPS, Window, requantize_bound};

use crate::bands::{self, MAX_CHAIN};
use crate::format::{ALIGN, CalibrationRecord, OperatorRecord, Section, TensorRecord, basis, code};
use crate::operator::{Operator, range, shape};
use crate::{Error, Model, Part};

/// The bytes of a section with records of `size` bytes, if they are inside `content` and aligned.
pub fn section(content: &[u8], section: Section, size: usize) -> Result<&[u8], Error> {
    let start = section.offset as usize;
    let bytes = (section.count as usize).checked_mul(size).and_then(|len| start.checked_add(len));
    let inside = bytes.and_then(|end| content.get(start..end)).filter(|_| start.is_multiple_of(ALIGN));
    inside.ok_or(Error::Inconsistent { part: Part::Header, index: start })
}

/// Checks tensors, operators, outputs and calibration of a model whose sections are valid.
pub fn model(model: &Model, outputs: &[u32]) -> Result<(), Error> {
    let all = |part, index: usize, sound: bool| match sound {
        true => Ok(()),
        false => Err(Error::Inconsistent { part, index }),
    };
    for (index, record) in model.tensors.iter().enumerate() {
        all(Part::Tensor, index, tensor(record, model.arena_len()))?;
    }
    let input = model.tensors.get(model.header.input as usize);
    all(Part::Header, 0, input.is_some_and(|t| t.bytes == 1))?;
    // Nothing here computes the output of a float network, so there is nothing to compute it with.
    let is_float_alone = model.operators.is_empty() && outputs.len() == 1;
    all(Part::Header, 0, !model.is_float() || is_float_alone)?;
    for (index, record) in model.operators.iter().enumerate() {
        all(Part::Operator, index, operator(model, record).is_some())?;
    }
    let mut first = 0;
    while first < model.operators.len() {
        let range = model.chain(first);
        all(Part::Operator, first, chain(model, &range, outputs).is_some())?;
        first = range.end;
    }
    for (index, record) in model.tensors.iter().enumerate() {
        let written = model.operators.iter().any(|operator| usize::from(operator.output) == index);
        all(Part::Tensor, index, written || record.kept == record.height)?;
    }
    for (index, &number) in outputs.iter().enumerate() {
        let output = model.tensors.get(number as usize);
        all(Part::Output, index, output.is_some_and(|t| t.bytes == 2))?;
    }
    // Before the first row: rates are above zero, and a row is known at best by counting.
    let mut before =
        CalibrationRecord { threshold: i32::MIN, basis: basis::MEASURED, ..CalibrationRecord::default() };
    for (index, row) in model.calibration().enumerate() {
        let rises = before.one_in < row.one_in && before.threshold <= row.threshold;
        let known = (before.basis..=basis::UNPROVEN).contains(&row.basis) && row.estimate <= row.threshold;
        all(Part::Calibration, index, rises && known)?;
        before = row;
    }
    Ok(())
}

/// Whether a tensor is inside the arena and aligned, and its zero point is in the range of its type.
fn tensor(tensor: &TensorRecord, arena: usize) -> bool {
    let shape = shape(tensor, 0);
    let zero_point = match tensor.bytes {
        1 => -128..=127,
        2 => 0..=0,
        _ => return false,
    };
    let row = shape.width.checked_mul(shape.channels);
    let fits = row.and_then(|row| row.checked_mul(shape.height));
    let kept = row.and_then(|row| row.checked_mul(tensor.kept.into())?.checked_mul(tensor.bytes.into()));
    let end = kept.and_then(|kept| kept.checked_add(tensor.offset as usize));
    fits.is_some_and(|len| len > 0 && len <= 1 << 28)
        && (1..=tensor.height).contains(&tensor.kept)
        && (tensor.offset as usize).is_multiple_of(ALIGN)
        && end.is_some_and(|end| end <= arena)
        && zero_point.contains(&tensor.zero_point)
        && (-16..=31).contains(&tensor.frac_bits)
}

/// `Some` if the tensors of the operator exist and do not overlap, and its parameters match their shapes.
fn operator(model: &Model, record: &OperatorRecord) -> Option<()> {
    let tensor = |number: u16| model.tensors.get(usize::from(number));
    let (a, b, out) = (tensor(record.input[0])?, tensor(record.input[1])?, tensor(record.output)?);
    let apart = |x: &TensorRecord, y: &TensorRecord| {
        let (x, y) = (range(x, 0), range(y, 0));
        x.end <= y.start || y.end <= x.start
    };
    require(a.bytes == 1 && b.bytes == 1 && apart(a, out) && apart(b, out))?;
    require(record.input[0] == record.input[1] || apart(a, b))?;
    let limits = if out.bytes == 1 { -128..=127 } else { -32768..=32767 };
    require(record.clamp[0] <= record.clamp[1])?;
    require(limits.contains(&i32::from(record.clamp[0])) && limits.contains(&i32::from(record.clamp[1])))?;
    let operator = Operator::new(model.image, model.tensors, record, 0);
    let (input, output) = (shape(a, 0), shape(out, 0));
    let window = operator.window();
    match record.code {
        code::CONV => {
            require(covers(&window, input.height, output.height, 0))?;
            require(covers(&window, input.width, output.width, 1))?;
            convolution(model, &operator, record)
        }
        code::DEPTHWISE => {
            require(covers(&window, input.height, output.height, 0))?;
            require(covers(&window, input.width, output.width, 1))?;
            require(input.channels == output.channels)?;
            convolution(model, &operator, record)
        }
        code::ADD => {
            let small = |factor: i32| factor.unsigned_abs() < 1 << 21;
            require(input == output && shape(b, 0) == output && out.bytes == 1)?;
            require(record.factor.into_iter().all(small) && (1..=30).contains(&record.sum_shift))
        }
        code::MAX_POOL => {
            require(input.channels == output.channels && out.bytes == 1)?;
            require(covers(&window, input.height, output.height, 0))?;
            require(covers(&window, input.width, output.width, 1))
        }
        code::AVERAGE_POOL => {
            require(input.channels == output.channels && output.pixels() == 1)?;
            stage(model, record, output.channels, 128i64.saturating_mul(input.pixels() as i64))
        }
        code::RESIZE_2X => {
            let twice = [input.height.saturating_mul(2), input.width.saturating_mul(2), input.channels];
            require(out.bytes == 1 && [output.height, output.width, output.channels] == twice)
        }
        code::GATE => {
            let logits = shape(b, 0);
            require(input == output && out.bytes == 1 && record.input[0] != record.input[1])?;
            require(logits.pixels() == 1 && logits.channels == input.channels)?;
            // The kernel clamps to the range of the output type only.
            require(record.clamp == [-128, 127])?;
            let table = array(model, record.weights, size_of::<[i16; GATE_STEPS]>())?;
            require(bytemuck::cast_slice::<u8, i16>(table).iter().all(|&factor| factor >= 0))?;
            stage(model, record, 1, 255 << 15)
        }
        code::TABLE => {
            require(input == output && out.bytes == 1 && window == Window::POINT)?;
            array(model, record.weights, TABLE_STEPS).map(|_| ())
        }
        _ => None,
    }
}

/// `Some` if the output of each operator in a chain is read only by the next one, and enough rows are kept.
fn chain(model: &Model, range: &Range<usize>, outputs: &[u32]) -> Option<()> {
    let records = &model.operators[range.clone()];
    let last = model.tensors.get(usize::from(records.last()?.output))?;
    require(last.kept == last.height)?;
    if range.len() == 1 {
        return Some(());
    }
    let (axes, band) = model.axes(range);
    let kept = bands::kept(axes.get(..range.len())?, band);
    require(range.len() <= MAX_CHAIN && band > 0)?;
    for (pair, rows) in records.windows(2).zip(kept) {
        let between = pair[0].output;
        let readers = model.operators.iter().filter(|record| record.input.contains(&between)).count();
        let writers = model.operators.iter().filter(|record| record.output == between).count();
        require(pair[1].input == [between; 2] && readers == 1 && writers == 1)?;
        require(!outputs.contains(&between.into()) && model.header.input != u32::from(between))?;
        require(usize::from(model.tensors.get(usize::from(between))?.kept) >= rows)?;
    }
    let banded = |record: &OperatorRecord| {
        matches!(record.code, code::CONV | code::DEPTHWISE | code::MAX_POOL | code::TABLE)
    };
    require(records.iter().all(banded))
}

/// Whether the window is valid and every output position covers at least one input position.
pub(crate) fn covers(window: &Window, input: usize, output: usize, axis: usize) -> bool {
    let (kernel, stride, pad) = (window.kernel[axis], window.stride[axis], window.pad[axis]);
    let last = output.saturating_sub(1).saturating_mul(stride);
    kernel > 0 && stride > 0 && pad < kernel && last < input.saturating_add(pad)
}

/// Whether the weights are in the data section and no accumulator can overflow.
fn convolution(model: &Model, operator: &Operator, record: &OperatorRecord) -> Option<()> {
    array(model, record.weights, operator.weight_bytes())?;
    let channels = operator.output_shape().channels;
    let products = i64::try_from(operator.exact_weight_count().checked_div(channels as u64)?).ok()?;
    stage(model, record, channels, products.saturating_mul(128 * 128))
}

/// Whether the scales are in the data section and each is valid for every accumulator of its channel.
fn stage(model: &Model, record: &OperatorRecord, channels: usize, products: i64) -> Option<()> {
    let scales = array(model, record.scales, channels.checked_mul(size_of::<Scale>())?)?;
    let fits = |scale: &Scale| {
        let small = |multiplier: i32| multiplier.unsigned_abs() < MULTIPLIER_BOUND.unsigned_abs();
        (0..=30).contains(&scale.shift)
            && i64::from(scale.bias).abs().saturating_add(products) <= requantize_bound(scale.shift)
            && small(scale.multiplier)
            && small(scale.negative)
    };
    require(bytemuck::cast_slice(scales).iter().all(fits))
}

/// The bytes of an array, if it is in the data section and aligned.
fn array<'a>(model: &Model<'a>, offset: u32, len: usize) -> Option<&'a [u8]> {
    let data = model.header.data;
    let start = offset as usize;
    require(offset >= data.offset && start.is_multiple_of(ALIGN))?;
    let end = start.checked_add(len)?;
    require(end <= (data.offset as usize).checked_add(data.count as usize)?)?;
    model.image.get(start..end)
}

/// `Some` if `sound` is true.
fn require(sound: bool) -> Option<()> {
    sound.then_some(())
}
