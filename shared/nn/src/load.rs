//! Loading a model image: its sections are found, and all of it is checked once.
//! Numbers of the image are not trusted here either, see [`check`](crate::check).
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use bytemuck::{cast_slice, from_bytes};
use sha2::{Digest, Sha256};

use crate::format::{
    ALIGN, CALIBRATION_FORM, CalibrationRecord, DIGEST, Header, Kind, MAGIC, OperatorRecord, RemovedRecord,
    TensorRecord, VERSION,
};
use crate::model::Calibration;
use crate::{Error, Model, Part, check};

/// Bytes of the shortest image: a header and the digest.
const LEAST: usize = size_of::<Header>() + DIGEST;

impl<'a> Model<'a> {
    /// Loads `image` after checking all of it. Bytes after its end are ignored, so `image` can be a whole
    /// flash slot.
    pub fn load(image: &'a [u8]) -> Result<Self, Error> {
        if !(image.as_ptr() as usize).is_multiple_of(ALIGN) {
            return Err(Error::Misaligned);
        }
        let length = image_length(image)?;
        let image = &image[..length];
        let parts = image.split_last_chunk::<DIGEST>();
        let (content, digest) = parts.ok_or(Error::Truncated { expected: LEAST, found: length })?;
        if Sha256::digest(content)[..] != digest[..] {
            return Err(Error::Corrupted);
        }
        let header: &Header = from_bytes(&image[..size_of::<Header>()]);
        let kind = Kind::from_number(header.kind);
        kind.ok_or(Error::Kind(header.kind))?;
        let section = |section, size| check::section(content, section, size);
        let model = Self {
            halvings: 0,
            image,
            header,
            operators: cast_slice(section(header.operators, size_of::<OperatorRecord>())?),
            tensors: cast_slice(section(header.tensors, size_of::<TensorRecord>())?),
            outputs: cast_slice(section(header.outputs, size_of::<u32>())?),
            calibration: match header.calibration_form {
                0 => Calibration::Unstated(cast_slice(section(header.calibration, size_of::<[u32; 2]>())?)),
                CALIBRATION_FORM => {
                    let bytes = section(header.calibration, size_of::<CalibrationRecord>())?;
                    Calibration::Stated(cast_slice(bytes))
                }
                form => return Err(Error::CalibrationForm(form)),
            },
        };
        section(header.data, 1)?;
        section(header.npu, 1)?;
        section(header.removed, size_of::<RemovedRecord>())?;
        check::model(&model, model.outputs)?;
        Ok(model)
    }
}

/// The length in the header, if the header is valid and the image has that many bytes.
fn image_length(image: &[u8]) -> Result<usize, Error> {
    let start = image.get(..4).ok_or(Error::Truncated { expected: LEAST, found: image.len() })?;
    if *start != MAGIC {
        return Err(Error::NotAnImage);
    }
    let Some(header) = image.get(..size_of::<Header>()) else {
        return Err(Error::Truncated { expected: LEAST, found: image.len() });
    };
    let header: &Header = from_bytes(header);
    if header.version != VERSION {
        return Err(Error::Version(header.version));
    }
    let length = header.length as usize;
    if length < LEAST {
        return Err(Error::Inconsistent { part: Part::Header, index: 0 });
    }
    if image.len() < length {
        return Err(Error::Truncated { expected: length, found: image.len() });
    }
    Ok(length)
}
