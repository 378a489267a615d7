//! The numbers of a model image that the engine has checked, for a compiler to read.

use bytemuck::{cast_slice, from_bytes};
use kernels::Scale;
use nn::format::{Header, OperatorRecord, Section, TensorRecord, code};

/// An image that [`nn::Model::load`] took.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    bytes: &'a [u8],
    /// The image as the engine has it.
    pub model: nn::Model<'a>,
    /// Operators in order of execution.
    pub operators: &'a [OperatorRecord],
    /// Tensors.
    pub tensors: &'a [TensorRecord],
    /// Numbers of the output tensors.
    pub outputs: &'a [u32],
    /// Number of the input tensor.
    pub input: u32,
}

impl<'a> Image<'a> {
    /// The numbers in `bytes`, an image at a multiple of 16.
    ///
    /// # Errors
    /// The engine refuses the image.
    pub fn read(bytes: &'a [u8]) -> Result<Self, nn::Error> {
        let model = nn::Model::load(bytes)?;
        let bytes = &bytes[..model.image_len()];
        let header: &Header = from_bytes(&bytes[..size_of::<Header>()]);
        let part = |section: Section, size: usize| {
            let start = section.offset as usize;
            &bytes[start..start + section.count as usize * size]
        };
        Ok(Self {
            bytes,
            model,
            operators: cast_slice(part(header.operators, size_of::<OperatorRecord>())),
            tensors: cast_slice(part(header.tensors, size_of::<TensorRecord>())),
            outputs: cast_slice(part(header.outputs, size_of::<u32>())),
            input: header.input,
        })
    }

    /// A tensor.
    pub fn tensor(&self, number: u16) -> &'a TensorRecord {
        &self.tensors[usize::from(number)]
    }

    /// The scales of an operator, one a channel of its output; a gate has one.
    pub fn scales(&self, record: &OperatorRecord) -> &'a [Scale] {
        let channels = usize::from(self.tensor(record.output).channels);
        let count = if record.code == code::GATE { 1 } else { channels };
        let start = record.scales as usize;
        cast_slice(&self.bytes[start..start + count * size_of::<Scale>()])
    }

    /// The weights of a convolution in the order output, row, column, input; of a depthwise one row, column, channel.
    pub fn weights(&self, record: &OperatorRecord) -> Vec<i8> {
        let [rows, columns] = record.kernel.map(usize::from);
        let [from, to] = [record.input[0], record.output].map(|it| usize::from(self.tensor(it).channels));
        let start = record.weights as usize;
        if record.code == code::DEPTHWISE {
            return cast_slice(&self.bytes[start..start + rows * columns * to]).to_vec();
        }
        let depth = rows * columns * from;
        let packed: &[i8] = cast_slice(&self.bytes[start..start + kernels::weights::packed_len(depth, to)]);
        let row = kernels::weights::row_len(to);
        let piece = kernels::weights::PIECE;
        let place = |filter: usize, at: usize| at / piece * row + filter * piece + at % piece;
        (0..to).flat_map(|filter| (0..depth).map(move |at| packed[place(filter, at)])).collect()
    }

    /// The table of a gate, Q15.
    pub fn gate_table(&self, record: &OperatorRecord) -> &'a [i16] {
        let start = record.weights as usize;
        cast_slice(&self.bytes[start..start + kernels::GATE_STEPS * 2])
    }

    /// The values of a function.
    pub fn table(&self, record: &OperatorRecord) -> &'a [i8] {
        let start = record.weights as usize;
        cast_slice(&self.bytes[start..start + kernels::TABLE_STEPS])
    }
}
