//! Small hand-made model images: one convolution per output.

use bytemuck::{Zeroable, bytes_of, cast_slice, cast_slice_mut};
use kernels::Scale;
use kernels::weights::{pack, packed_len};
use nn::format::{ALIGN, Header, Kind, MAGIC, OperatorRecord, Section, TensorRecord, VERSION, align, code};
use sha2::{Digest, Sha256};

/// A convolution from the input to one output.
pub struct Layer {
    /// Kernel sides.
    pub kernel: u8,
    /// Strides.
    pub stride: u8,
    /// Rows, columns and channels of the output.
    pub shape: [u16; 3],
    /// `real = value * 2^-frac_bits`.
    pub frac_bits: i8,
    /// Weights: output channel, row, column, input channel.
    pub weights: Vec<i8>,
    /// One value per output channel.
    pub bias: Vec<i32>,
    /// The accumulator is divided by two to the power of this.
    pub halvings: i32,
}

/// Bytes with the alignment of flash.
pub struct Image(Vec<u128>, usize);

impl Image {
    /// The image.
    pub fn bytes(&self) -> &[u8] {
        &cast_slice(&self.0)[..self.1]
    }
}

/// An arena of at least `len` bytes, aligned to 16.
pub fn arena(len: usize) -> Vec<u128> {
    vec![0; len.div_ceil(16)]
}

/// Builds a model image from these layers, which all read the input.
pub fn build(kind: Kind, input: [u16; 3], layers: &[Layer]) -> Image {
    let mut data = Vec::new();
    let mut operators = Vec::new();
    let mut tensors = Vec::new();
    let mut place = 0;
    let mut tensor = |shape: [u16; 3], bytes: u8, frac_bits: i8| {
        let offset = place as u32;
        place += align(shape.iter().map(|&n| usize::from(n)).product::<usize>() * usize::from(bytes));
        let [height, width, channels] = shape;
        TensorRecord {
            offset,
            height,
            width,
            channels,
            bytes,
            frac_bits,
            kept: height,
            ..TensorRecord::zeroed()
        }
    };
    tensors.push(tensor(input, 1, 0));
    let start = align(size_of::<Header>());
    let operators_at = start;
    let tensors_at = align(operators_at + layers.len() * size_of::<OperatorRecord>());
    let outputs_at = align(tensors_at + (layers.len() + 1) * size_of::<TensorRecord>());
    let data_at = align(outputs_at + layers.len() * 4);
    let mut put = |bytes: &[u8]| {
        let offset = data_at + data.len();
        data.extend_from_slice(bytes);
        data.resize(align(data.len()), 0);
        offset as u32
    };
    for (index, layer) in layers.iter().enumerate() {
        let channels = layer.bias.len();
        let depth = layer.weights.len() / channels;
        let mut weights = vec![0; packed_len(depth, channels)];
        pack(&layer.weights, channels, &mut weights);
        // The multiplier for 2^-halvings; the shift is adjusted if the multiplier would be too large.
        let shift = (2 - layer.halvings).max(0);
        let multiplier = 1 << (31 - layer.halvings - shift);
        let scale = |&bias: &i32| Scale { bias, multiplier, negative: multiplier, shift };
        let scales: Vec<Scale> = layer.bias.iter().map(scale).collect();
        operators.push(OperatorRecord {
            code: code::CONV,
            kernel: [layer.kernel; 2],
            stride: [layer.stride; 2],
            output: index as u16 + 1,
            clamp: [i16::MIN, i16::MAX],
            weights: put(cast_slice(&weights)),
            scales: put(cast_slice(&scales)),
            ..OperatorRecord::zeroed()
        });
        tensors.push(tensor(layer.shape, 2, layer.frac_bits));
    }
    let outputs: Vec<u32> = (1..=layers.len() as u32).collect();
    let length = align(data_at + data.len()) + 32;
    let section = |offset: usize, count: usize| Section { offset: offset as u32, count: count as u32 };
    let header = Header {
        magic: MAGIC,
        version: VERSION,
        kind: kind as u16,
        length: length as u32,
        arena: place as u32,
        operators: section(operators_at, layers.len()),
        tensors: section(tensors_at, tensors.len()),
        outputs: section(outputs_at, outputs.len()),
        data: section(data_at, data.len()),
        ..Header::zeroed()
    };
    let mut image = vec![0u8; length.next_multiple_of(ALIGN)];
    let mut lay = |at: usize, bytes: &[u8]| image[at..at + bytes.len()].copy_from_slice(bytes);
    lay(0, bytes_of(&header));
    lay(operators_at, cast_slice(&operators));
    lay(tensors_at, cast_slice(&tensors));
    lay(outputs_at, cast_slice(&outputs));
    lay(data_at, &data);
    let digest = Sha256::digest(&image[..length - 32]);
    image[length - 32..length].copy_from_slice(&digest);
    let mut aligned = arena(length);
    cast_slice_mut::<u128, u8>(&mut aligned)[..length].copy_from_slice(&image[..length]);
    Image(aligned, length)
}
