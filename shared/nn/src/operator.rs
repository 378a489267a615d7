//! One operator of a model, bound to its weights and its memory in the arena.

use core::ops::Range;

use bytemuck::{cast_slice, cast_slice_mut};
use kernels::weights::packed_bytes;
use kernels::{
    Addition, Convolution, Element, GATE_STEPS, Gate, OutputStage, Pooling, Scale, Shape, TABLE_STEPS, Window,
};

use crate::bands::{Axis, Step};
use crate::format::{OperatorRecord, TensorRecord, code};

/// An operator that can be run or described.
#[derive(Clone, Copy, Debug)]
pub struct Operator<'a> {
    record: &'a OperatorRecord,
    image: &'a [u8],
    input: [&'a TensorRecord; 2],
    output: &'a TensorRecord,
    /// Height and width of all tensors are halved so often, see [`crate::Model::halved`].
    halvings: u8,
}

impl<'a> Operator<'a> {
    pub(crate) fn new(
        image: &'a [u8],
        tensors: &'a [TensorRecord],
        record: &'a OperatorRecord,
        halvings: u8,
    ) -> Self {
        let tensor = |number: u16| &tensors[usize::from(number)];
        Self { record, image, input: record.input.map(tensor), output: tensor(record.output), halvings }
    }

    /// The record in the image.
    pub fn record(&self) -> &'a OperatorRecord {
        self.record
    }

    /// The name of the operator.
    pub fn name(&self) -> &'static str {
        match self.record.code {
            code::CONV if self.is_fully_connected() => "fully connected",
            code::DEPTHWISE if self.window().is_point() => "scale by channel",
            code => code::name(code),
        }
    }

    /// Shape of the (first) input.
    pub fn input_shape(&self) -> Shape {
        shape(self.input[0], self.halvings)
    }

    /// Shape of the output.
    pub fn output_shape(&self) -> Shape {
        shape(self.output, self.halvings)
    }

    /// Size, stride and padding of the kernel.
    pub fn window(&self) -> Window {
        let wide = |pair: [u8; 2]| pair.map(usize::from);
        let OperatorRecord { kernel, stride, pad, .. } = *self.record;
        Window { kernel: wide(kernel), stride: wide(stride), pad: wide(pad) }
    }

    /// Number of weights.
    pub fn weight_count(&self) -> usize {
        fitted(self.exact_weight_count())
    }

    /// Bytes of the weights in the image; those of a dense convolution include padding.
    ///
    /// A record that was not checked can declare more than the memory holds: then this is `usize::MAX`, which no
    /// image has.
    pub fn weight_bytes(&self) -> usize {
        let channels = [self.input_shape().channels, self.output_shape().channels].map(|side| side as u64);
        match self.record.code {
            code::CONV => fitted(packed_bytes(self.taps().saturating_mul(channels[0]), channels[1])),
            _ => self.weight_count(),
        }
    }

    /// Number of multiply-accumulates, including those on padding.
    pub fn multiply_adds(&self) -> usize {
        fitted(self.exact_weight_count().saturating_mul(self.output_shape().pixels() as u64))
    }

    /// Number of weights that the record declares, below 2^48. It is exact on a processor with 32 bits, too.
    pub(crate) fn exact_weight_count(&self) -> u64 {
        let channels = [self.input_shape().channels, self.output_shape().channels].map(|side| side as u64);
        let of_each = self.taps().saturating_mul(channels[1]);
        match self.record.code {
            code::CONV => of_each.saturating_mul(channels[0]),
            code::DEPTHWISE => of_each,
            _ => 0,
        }
    }

    /// Number of positions in the kernel.
    fn taps(&self) -> u64 {
        let [rows, columns] = self.record.kernel.map(u64::from);
        rows.saturating_mul(columns)
    }

    fn is_fully_connected(&self) -> bool {
        let input = self.input_shape();
        self.output_shape().pixels() == 1 && self.window().kernel == [input.height, input.width]
    }

    /// Reads the inputs from `arena` and writes the output to it.
    ///
    /// The model was checked, so the ranges exist and do not overlap; otherwise nothing would be computed.
    pub fn run(&self, arena: &mut [i8]) {
        let [a, b] = self.input.map(|tensor| range(tensor, self.halvings));
        let to = range(self.output, self.halvings);
        let whole = self.axis();
        let (output, input) = (0..whole.output, 0..whole.input);
        let all = Step { operator: 0, output, input, input_base: 0, output_base: 0, dropped: 0, held: 0 };
        if a == b {
            let Ok([a, out]) = arena.get_disjoint_mut([a, to]) else { return };
            self.compute(&all, a, a, out);
        } else {
            let Ok([a, b, out]) = arena.get_disjoint_mut([a, b, to]) else { return };
            self.compute(&all, a, b, out);
        }
    }

    /// Computes some rows of the output, as a step of a chain.
    pub fn run_step(&self, step: &Step, arena: &mut [i8]) {
        let (from, to) = (range(self.input[0], self.halvings), range(self.output, self.halvings));
        let (from_row, to_row) =
            (row_bytes(self.input[0], self.halvings), row_bytes(self.output, self.halvings));
        let held = to.start + step.dropped * to_row;
        if step.dropped > 0 && held + step.held * to_row <= arena.len() {
            arena.copy_within(held..held + step.held * to_row, to.start);
        }
        let place = |start: usize, rows: &Range<usize>, base: usize, row: usize| {
            start + (rows.start - base) * row..start + (rows.end - base) * row
        };
        let from = place(from.start, &step.input, step.input_base, from_row);
        let to = place(to.start, &step.output, step.output_base, to_row);
        let Ok([a, out]) = arena.get_disjoint_mut([from, to]) else { return };
        self.compute(step, a, a, out);
    }

    /// The vertical axis.
    pub fn axis(&self) -> Axis {
        let OperatorRecord { kernel, stride, pad, .. } = self.record;
        Axis {
            kernel: kernel[0].into(),
            stride: stride[0].into(),
            pad: pad[0].into(),
            input: self.input_shape().height,
            output: self.output_shape().height,
        }
    }

    fn compute(&self, step: &Step, a: &[i8], b: &[i8], out: &mut [i8]) {
        if self.output.bytes == 2 {
            let out: &mut [i16] = cast_slice_mut(out);
            return self.convolve(step, a, out);
        }
        match self.record.code {
            code::ADD => kernels::add(&self.addition(), a, b, out),
            code::MAX_POOL => kernels::max_pool(&self.part(step), a, out),
            code::RESIZE_2X => kernels::resize_nearest_2x(self.input_shape(), a, out),
            code::GATE => {
                if let Some(gate) = self.gate() {
                    kernels::gate(&gate, a, b, out);
                }
            }
            code::TABLE => {
                if let Some(table) = self.table() {
                    kernels::table(table, a, out);
                }
            }
            _ => self.convolve(step, a, out),
        }
    }

    fn convolve<O: Element>(&self, step: &Step, input: &[i8], out: &mut [O]) {
        match self.record.code {
            code::CONV => kernels::conv2d(&self.convolution(step), input, out),
            code::DEPTHWISE => kernels::depthwise_conv2d(&self.convolution(step), input, out),
            code::AVERAGE_POOL => kernels::average_pool(self.input_shape(), &self.stage(), input, out),
            _ => {}
        }
    }

    /// Shapes and window of a step: those of an image with only the rows that the step depends on.
    fn part(&self, step: &Step) -> Pooling {
        let window = self.window();
        let above = window.pad[0].saturating_sub(step.output.start * window.stride[0]);
        Pooling {
            input: Shape { height: step.input.len(), ..self.input_shape() },
            output: Shape { height: step.output.len(), ..self.output_shape() },
            window: Window { pad: [above, window.pad[1]], ..window },
        }
    }

    fn convolution(&self, step: &Step) -> Convolution<'a> {
        let start = self.record.weights as usize;
        let Pooling { input, output, window } = self.part(step);
        Convolution {
            input,
            output,
            window,
            input_zero: self.input[0].zero_point as i8,
            weights: cast_slice(&self.image[start..start + self.weight_bytes()]),
            stage: self.stage(),
        }
    }

    fn stage(&self) -> OutputStage<'a> {
        let OperatorRecord { scales, prelu, clamp, .. } = *self.record;
        let start = scales as usize;
        let len = self.output_shape().channels * size_of::<Scale>();
        OutputStage {
            scales: cast_slice(&self.image[start..start + len]),
            prelu: prelu != 0,
            zero_point: self.output.zero_point,
            min: clamp[0].into(),
            max: clamp[1].into(),
        }
    }

    /// The gate; `None` if the operator is not a gate and has no table.
    fn gate(&self) -> Option<Gate<'a>> {
        let (table, scale) = (self.record.weights as usize, self.record.scales as usize);
        let table = self.image.get(table..table + GATE_STEPS * size_of::<i16>())?;
        let scale: &[Scale] = cast_slice(self.image.get(scale..scale + size_of::<Scale>())?);
        let scale = scale.first()?;
        Some(Gate {
            table: cast_slice(table).try_into().ok()?,
            input_zero: self.input[0].zero_point,
            multiplier: scale.multiplier,
            shift: scale.shift,
            zero_point: self.output.zero_point,
        })
    }

    /// The values of a function; `None` if the operator has no table.
    fn table(&self) -> Option<&'a [i8; TABLE_STEPS]> {
        cast_slice::<u8, i8>(self.image.get(self.record.weights as usize..)?).first_chunk()
    }

    fn addition(&self) -> Addition {
        Addition {
            input_zero: self.input.map(|tensor| tensor.zero_point),
            multiplier: self.record.factor,
            shift: self.record.sum_shift,
            zero_point: self.output.zero_point,
            min: self.record.clamp[0].into(),
            max: self.record.clamp[1].into(),
        }
    }
}

/// A size as `usize`; `usize::MAX`, which no memory has, for a larger one.
fn fitted(size: u64) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}

/// Shape of a tensor record, with height and width halved so often.
pub(crate) fn shape(tensor: &TensorRecord, halvings: u8) -> Shape {
    let halved = |side: u16| usize::from(side) >> halvings;
    Shape::new(halved(tensor.height), halved(tensor.width), tensor.channels.into())
}

/// The memory of a tensor in the arena; inside a chain, that of the kept rows.
pub(crate) fn range(tensor: &TensorRecord, halvings: u8) -> Range<usize> {
    let start = tensor.offset as usize;
    let rows = usize::from(tensor.kept).min(shape(tensor, halvings).height);
    start..start + rows * row_bytes(tensor, halvings)
}

/// Bytes per row of a tensor.
fn row_bytes(tensor: &TensorRecord, halvings: u8) -> usize {
    let shape = shape(tensor, halvings);
    shape.width * shape.channels * usize::from(tensor.bytes)
}
