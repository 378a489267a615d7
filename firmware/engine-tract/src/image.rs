//! Writes the image of a float encoder, as drawn in [`nn::format`].

use bytemuck::{bytes_of, cast_slice};
use nn::format::{
    CalibrationRecord, Counts, DIGEST, FLOAT_MAGIC, FloatRecord, Header, Kind, TensorRecord, TooLarge, align,
};
use sha2::{Digest, Sha256};

use crate::Error;

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

    let outputs = [1u32];
    let mut identity = Sha256::new();
    for part in [cast_slice(&tensors), cast_slice(&outputs), bytes_of(&record), onnx] {
        identity.update(part);
    }
    let counts = Counts {
        tensors: tensors.len(),
        outputs: outputs.len(),
        data: size_of::<FloatRecord>() + onnx.len(),
        calibration: calibration.len(),
        ..Counts::default()
    };
    let arena = pixels + align(2 * dimension);
    let header = Header::new(Kind::FloatEncoder, name, &counts, arena, 0).map_err(|what| {
        Error::TooLarge(match what {
            TooLarge::Name => "its name",
            TooLarge::Image => "its file",
            TooLarge::Arena => "its tensors",
        })
    })?;
    let header =
        Header { source: Sha256::digest(onnx).into(), identity: identity.finalize().into(), ..header };
    let length = header.length as usize;
    let mut image = vec![0; length];
    let mut put = |at: usize, bytes: &[u8]| image[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, bytes_of(&header));
    put(header.tensors.offset as usize, cast_slice(&tensors));
    put(header.outputs.offset as usize, cast_slice(&outputs));
    put(counts.data_at(), bytes_of(&record));
    put(counts.data_at() + size_of::<FloatRecord>(), onnx);
    put(header.calibration.offset as usize, cast_slice(calibration));
    let digest = Sha256::digest(&image[..length - DIGEST]);
    image[length - DIGEST..].copy_from_slice(&digest);
    Ok(image)
}
