//! A loaded model image.

use core::ops::Range;

use kernels::Shape;

use crate::Error;
use crate::bands::{self, Axis, MAX_CHAIN};
use crate::format::{
    ALIGN, CalibrationRecord, DIGEST, FidelityRecord, Header, Kind, OperatorRecord, RemovedRecord, Section,
    TensorRecord, basis,
};
use crate::operator::{Operator, shape};

/// A model image that was checked, used in place.
#[derive(Clone, Copy, Debug)]
pub struct Model<'a> {
    pub(crate) image: &'a [u8],
    pub(crate) header: &'a Header,
    pub(crate) operators: &'a [OperatorRecord],
    pub(crate) tensors: &'a [TensorRecord],
    pub(crate) outputs: &'a [u32],
    pub(crate) calibration: Calibration<'a>,
    /// Height and width of all tensors are halved so often.
    pub(crate) halvings: u8,
}

/// One output of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output {
    /// Shape, NHWC.
    pub shape: Shape,
    /// `real = value * 2^-frac_bits`.
    pub frac_bits: i8,
    /// Offset in the arena in bytes.
    pub(crate) offset: usize,
}

/// The calibration table of an encoder, in either form.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Calibration<'a> {
    /// Form 0: `one_in` and `threshold` only.
    Unstated(&'a [[u32; 2]]),
    /// Form 1.
    Stated(&'a [CalibrationRecord]),
}

impl<'a> Calibration<'a> {
    /// The rows, those of form 0 as [`basis::UNPROVEN`].
    pub(crate) fn rows(self) -> impl ExactSizeIterator<Item = CalibrationRecord> + Clone + 'a {
        let length = match self {
            Self::Unstated(rows) => rows.len(),
            Self::Stated(rows) => rows.len(),
        };
        (0..length).map(move |row| match self {
            Self::Unstated(rows) => {
                let [one_in, threshold] = rows[row].map(|word| word as i32);
                CalibrationRecord {
                    one_in: one_in as u32,
                    threshold,
                    estimate: threshold,
                    basis: basis::UNPROVEN,
                }
            }
            Self::Stated(rows) => rows[row],
        })
    }
}

impl<'a> Model<'a> {
    /// The kind of the network.
    pub fn kind(&self) -> Kind {
        Kind::from_number(self.header.kind).unwrap_or(Kind::Other)
    }

    /// The name of the network.
    pub fn name(&self) -> &'a str {
        let name = self.header.name.split(|&b| b == 0).next().unwrap_or_default();
        core::str::from_utf8(name).unwrap_or("?")
    }

    /// How close the image is to the network it was compiled from, as its compiler measured it.
    pub fn fidelity(&self) -> FidelityRecord {
        self.header.fidelity
    }

    /// SHA-256 of the network, to which templates are bound. It does not depend on the calibration table.
    pub fn identity(&self) -> &'a [u8; 32] {
        &self.header.identity
    }

    /// SHA-256 of the source file of the image.
    pub fn source(&self) -> &'a [u8; 32] {
        &self.header.source
    }

    /// SHA-256 at the end of the image, over everything before.
    pub fn digest(&self) -> [u8; DIGEST] {
        let mut digest = [0; DIGEST];
        digest.copy_from_slice(&self.image[self.image.len() - DIGEST..]);
        digest
    }

    /// The NPU section, if the image has one. Its place was checked, and nothing of what it holds.
    pub fn npu(&self) -> Option<&'a [u8]> {
        let (start, length) = (self.header.npu.offset as usize, self.header.npu.count as usize);
        self.image.get(start..start.checked_add(length)?).filter(|section| !section.is_empty())
    }

    /// What was removed of its operators, as the compiler recorded it; `None` if it did not. Nobody has checked the numbers.
    pub fn removed(&self) -> Option<&'a [RemovedRecord]> {
        let Section { offset, count } = self.header.removed;
        let (start, length) = (offset as usize, (count as usize).checked_mul(size_of::<RemovedRecord>())?);
        let bytes = self.image.get(start..start.checked_add(length)?).filter(|_| start > 0)?;
        bytemuck::try_cast_slice(bytes).ok()
    }

    /// Whether another engine runs the network, in float.
    pub fn is_float(&self) -> bool {
        self.header.kind == Kind::FloatEncoder as u16
    }

    /// The data: weights and scales, or a [`FloatRecord`](crate::format::FloatRecord) and the file of a float network.
    pub fn data(&self) -> &'a [u8] {
        let (start, length) = (self.header.data.offset as usize, self.header.data.count as usize);
        start.checked_add(length).and_then(|end| self.image.get(start..end)).unwrap_or_default()
    }

    /// Length of the image in bytes.
    pub fn image_len(&self) -> usize {
        self.image.len()
    }

    /// Bytes of arena that [`Model::run`] needs.
    pub fn arena_len(&self) -> usize {
        self.header.arena as usize
    }

    /// Shape of the input: NHWC, `i8 = u8 - 128`, RGB.
    pub fn input(&self) -> Shape {
        shape(&self.tensors[self.header.input as usize], self.halvings)
    }

    /// The input in `arena`, which must be filled before [`Model::run`].
    ///
    /// If the arena is too short, the slice is empty, and `run` fails.
    pub fn input_mut<'b>(&self, arena: &'b mut [i8]) -> &'b mut [i8] {
        let tensor = &self.tensors[self.header.input as usize];
        let start = tensor.offset as usize;
        arena.get_mut(start..start + shape(tensor, self.halvings).len()).unwrap_or_default()
    }

    /// Number of outputs.
    pub fn output_count(&self) -> usize {
        self.outputs.len()
    }

    /// Shape and scale of output `index`.
    pub fn output(&self, index: usize) -> Option<Output> {
        let tensor = &self.tensors[*self.outputs.get(index)? as usize];
        let shape = shape(tensor, self.halvings);
        let (frac_bits, offset) = (tensor.frac_bits, tensor.offset as usize);
        Some(Output { shape, frac_bits, offset })
    }

    /// Bytes of each output: its values have 16 bits.
    pub fn output_bytes(&self) -> impl Iterator<Item = usize> + use<'a> {
        let model = *self;
        (0..model.output_count()).map(move |index| model.output(index).map_or(0, |it| 2 * it.shape.len()))
    }

    /// The values of output `index` after [`Model::run`]; empty if there is no such output.
    pub fn read<'b>(&self, arena: &'b [i8], index: usize) -> Outputs<'b> {
        let bytes = self.output(index).and_then(|o| arena.get(o.offset..o.offset + 2 * o.shape.len()));
        Outputs { bytes: bytes.unwrap_or_default() }
    }

    /// Where output `index` lies in `arena`, for whoever computes it in another way than [`Model::run`]; empty if there is no
    /// such output, or if the arena is too short.
    pub fn output_mut<'b>(&self, arena: &'b mut [i8], index: usize) -> &'b mut [i8] {
        let place = self.output(index).map_or(0..0, |o| o.offset..o.offset + 2 * o.shape.len());
        arena.get_mut(place).unwrap_or_default()
    }

    /// The calibration table in ascending order; empty for networks other than encoders.
    pub fn calibration(&self) -> impl ExactSizeIterator<Item = CalibrationRecord> + Clone + use<'a> {
        self.calibration.rows()
    }

    /// Number of operators.
    pub fn operator_count(&self) -> usize {
        self.operators.len()
    }

    /// Operator `index`, for running or inspecting it.
    pub fn operator(&self, index: usize) -> Option<Operator<'a>> {
        let record = self.operators.get(index)?;
        Some(Operator::new(self.image, self.tensors, record, self.halvings))
    }

    /// Runs the network on the input in `arena`.
    ///
    /// # Errors
    /// [`Error::Arena`] or [`Error::Misaligned`] for an unsuitable arena, [`Error::Float`] for a network of another engine;
    /// then nothing has run.
    pub fn run(&self, arena: &mut [i8]) -> Result<(), Error> {
        self.run_observed(arena, |_| ())
    }

    /// Runs the network and calls `done` with the number of each operator after it has run; in a chain once
    /// per band, see [`crate::bands`].
    ///
    /// # Errors
    /// As [`Model::run`].
    pub fn run_observed(&self, arena: &mut [i8], mut done: impl FnMut(usize)) -> Result<(), Error> {
        if arena.len() < self.arena_len() {
            return Err(Error::Arena { needed: self.arena_len(), given: arena.len() });
        }
        if !(arena.as_ptr() as usize).is_multiple_of(ALIGN) {
            return Err(Error::Misaligned);
        }
        if self.is_float() {
            return Err(Error::Float);
        }
        let mut first = 0;
        while first < self.operators.len() {
            let chain = self.chain(first);
            self.run_chain(chain.clone(), arena, &mut done);
            first = chain.end;
        }
        Ok(())
    }
}

impl Model<'_> {
    /// The chain that starts with operator `first`; most chains have a single operator.
    pub(crate) fn chain(&self, first: usize) -> Range<usize> {
        let inside = |record: &&OperatorRecord| {
            let output = &self.tensors[usize::from(record.output)];
            output.kept < output.height
        };
        let more = self.operators[first..].iter().take_while(inside).count();
        first..(first + more + 1).min(self.operators.len())
    }

    /// The vertical axes of a chain, and the rows per band.
    pub(crate) fn axes(&self, chain: &Range<usize>) -> ([Axis; MAX_CHAIN], usize) {
        let mut axes = [Axis::default(); MAX_CHAIN];
        for (axis, record) in axes.iter_mut().zip(&self.operators[chain.clone()]) {
            *axis = Operator::new(self.image, self.tensors, record, self.halvings).axis();
        }
        (axes, self.operators[chain.end - 1].band.into())
    }

    fn run_chain(&self, chain: Range<usize>, arena: &mut [i8], done: &mut impl FnMut(usize)) {
        let operator =
            |number: usize| Operator::new(self.image, self.tensors, &self.operators[number], self.halvings);
        if chain.len() == 1 {
            operator(chain.start).run(arena);
            return done(chain.start);
        }
        let (axes, rows) = self.axes(&chain);
        let Some(axes) = axes.get(..chain.len()) else { return };
        bands::steps(axes, rows, |step| {
            let number = chain.start + step.operator;
            operator(number).run_step(&step, arena);
            done(number);
        });
    }
}

/// The values of an output, `i16` each.
#[derive(Clone, Copy, Debug)]
pub struct Outputs<'a> {
    bytes: &'a [i8],
}

impl<'a> Outputs<'a> {
    /// Number of values.
    pub fn len(&self) -> usize {
        self.bytes.len() / 2
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Value `index`; zero past the end.
    pub fn get(&self, index: usize) -> i16 {
        match self.bytes.get(2 * index..2 * index + 2) {
            Some(pair) => i16::from_le_bytes([pair[0] as u8, pair[1] as u8]),
            None => 0,
        }
    }

    /// All values in order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = i16> + Clone + 'a {
        self.bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0] as u8, pair[1] as u8]))
    }
}
