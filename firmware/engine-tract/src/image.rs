//! Writes the image of a float encoder, as drawn in [`nn::format`].

use bytemuck::{bytes_of, cast_slice};
use nn::format::{
    CALIBRATION_FORM, CalibrationRecord, DIGEST, FLOAT_MAGIC, FidelityRecord, FloatRecord, Header, Kind,
    MAGIC, Section, TensorRecord, VERSION, align,
};
use sha2::{Digest, Sha256};

use crate::Error;

/// Bytes for the name of a network.
const NAME_BYTES: usize = 32;

/// What is written beside the ONNX file.
#[derive(Clone, Debug)]
pub struct Description<'a> {
    /// The name, at most 32 bytes.
    pub name: &'a str,
    /// Side of the aligned crop in pixels.
    pub side: usize,
    /// Values of the embedding.
    pub dimension: usize,
    /// Whether blue is the first channel.
    pub bgr: bool,
    /// Subtracted from each pixel, in the network's order of channels.
    pub mean: [f32; 3],
    /// Multiplied then.
    pub scale: f32,
    /// Thresholds for false-match rates, rising; none if they were not measured.
    pub calibration: &'a [CalibrationRecord],
}

/// The image of the network in `onnx`. It is not run: [`Plan::load`](crate::Plan::load) tells whether it can be.
///
/// # Errors
/// [`Error::TooLarge`], [`Error::Inconsistent`] for numbers that are none.
pub fn write(onnx: &[u8], description: &Description) -> Result<Vec<u8>, Error> {
    let Description { name, side, dimension, bgr, mean, scale, calibration } = *description;
    if !mean.iter().chain([&scale]).all(|value| value.is_finite()) {
        return Err(Error::Inconsistent("its preprocessing has a value that is no number"));
    }
    let mut name_bytes = [0; NAME_BYTES];
    name_bytes.get_mut(..name.len()).ok_or(Error::TooLarge("its name"))?.copy_from_slice(name.as_bytes());
    let narrow = |value: usize| u16::try_from(value).map_err(|_| Error::TooLarge("its tensors"));
    let pixels = align(side * side * 3);
    let tensor = |offset: usize, sides: [u16; 2], channels: u16, bytes: u8| TensorRecord {
        offset: offset as u32,
        height: sides[0],
        width: sides[1],
        channels,
        bytes,
        kept: sides[0],
        ..TensorRecord::default()
    };
    let side = narrow(side)?;
    let tensors = [tensor(0, [side; 2], 3, 1), tensor(pixels, [1; 2], narrow(dimension)?, 2)];
    let record = FloatRecord { magic: FLOAT_MAGIC, bgr: bgr.into(), mean, scale, reserved: [0; 2] };

    let tensors_at = align(size_of::<Header>());
    let outputs_at = align(tensors_at + size_of_val(&tensors));
    let data_at = align(outputs_at + size_of::<u32>());
    let data_bytes = size_of::<FloatRecord>() + onnx.len();
    let calibration_at = align(data_at + data_bytes);
    let length = align(calibration_at + size_of_val(calibration)) + DIGEST;
    u32::try_from(length).map_err(|_| Error::TooLarge("its file"))?;

    let section = |offset: usize, count: usize| Section { offset: offset as u32, count: count as u32 };
    let outputs = [1u32];
    let mut identity = Sha256::new();
    for part in [cast_slice(&tensors), cast_slice(&outputs), bytes_of(&record), onnx] {
        identity.update(part);
    }
    let header = Header {
        magic: MAGIC,
        version: VERSION,
        kind: Kind::FloatEncoder as u16,
        length: length as u32,
        arena: (pixels + align(2 * dimension)) as u32,
        operators: section(tensors_at, 0),
        tensors: section(tensors_at, tensors.len()),
        outputs: section(outputs_at, outputs.len()),
        calibration: section(calibration_at, calibration.len()),
        data: section(data_at, data_bytes),
        input: 0,
        calibration_form: CALIBRATION_FORM,
        name: name_bytes,
        source: Sha256::digest(onnx).into(),
        identity: identity.finalize().into(),
        fidelity: FidelityRecord::default(),
        npu: Section::default(),
        reserved2: [0; 8],
    };
    let mut image = vec![0; length];
    let mut put = |at: usize, bytes: &[u8]| image[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, bytes_of(&header));
    put(tensors_at, cast_slice(&tensors));
    put(outputs_at, cast_slice(&outputs));
    put(data_at, bytes_of(&record));
    put(data_at + size_of::<FloatRecord>(), onnx);
    put(calibration_at, cast_slice(calibration));
    let digest = Sha256::digest(&image[..length - DIGEST]);
    image[length - DIGEST..].copy_from_slice(&digest);
    Ok(image)
}
