//! A section in memory, checked once.

use bytemuck::{cast_slice, from_bytes};

use crate::format::{ALIGN, Header, LayerRecord, MAGIC, Place, VERSION};
use crate::{Error, check};

/// A section that was checked, used in place.
#[derive(Clone, Copy, Debug)]
pub struct Section<'a> {
    header: &'a Header,
    outputs: &'a [Place],
    layers: &'a [LayerRecord],
    stream: &'a [u32],
    data: &'a [u8],
}

impl<'a> Section<'a> {
    /// Reads a section and proves that no command of its stream reads or writes anywhere but in its data and scratch.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let first = bytes.get(..4).ok_or(Error::Truncated)?;
        if *first != MAGIC {
            return Err(Error::NotASection);
        }
        if !(bytes.as_ptr() as usize).is_multiple_of(ALIGN) {
            return Err(Error::Misaligned);
        }
        let header: &Header = from_bytes(bytes.get(..size_of::<Header>()).ok_or(Error::Truncated)?);
        if header.version != VERSION {
            return Err(Error::Version(header.version));
        }
        let part = |offset: u32, count: u32, size: usize| {
            let start = offset as usize;
            let end = (count as usize).checked_mul(size).and_then(|length| length.checked_add(start))?;
            bytes.get(start..end).filter(|_| start.is_multiple_of(ALIGN))
        };
        let table = |offset: u32, count: u32, size: usize| part(offset, count, size).ok_or(Error::Truncated);
        let section = Self {
            header,
            outputs: cast_slice(table(
                size_of::<Header>() as u32,
                header.outputs.into(),
                size_of::<Place>(),
            )?),
            layers: cast_slice(table(header.layers, header.layer_count, size_of::<LayerRecord>())?),
            stream: cast_slice(table(header.stream, header.words, size_of::<u32>())?),
            data: table(header.data, header.data_bytes, 1)?,
        };
        let inside = |place: &Place| {
            place.offset.checked_add(place.bytes).is_some_and(|end| end <= header.scratch) && place.bytes > 0
        };
        if section.outputs.is_empty() || !section.outputs.iter().chain([&header.input]).all(inside) {
            return Err(Error::Place);
        }
        check::stream(section.stream, &check::Memories::new(header)?)?;
        Ok(section)
    }

    /// The header.
    pub fn header(&self) -> &'a Header {
        self.header
    }

    /// The name of the accelerator.
    pub fn accelerator(&self) -> &'a str {
        let name = self.header.accelerator.split(|&byte| byte == 0).next().unwrap_or_default();
        core::str::from_utf8(name).unwrap_or("?")
    }

    /// Where the outputs lie in the scratch.
    pub fn outputs(&self) -> &'a [Place] {
        self.outputs
    }

    /// What Vela estimates, by operator of the image.
    pub fn layers(&self) -> &'a [LayerRecord] {
        self.layers
    }

    /// The commands; region 0 is the data, region 1 the scratch.
    pub fn stream(&self) -> &'a [u32] {
        self.stream
    }

    /// Weights, scales and tables.
    pub fn data(&self) -> &'a [u8] {
        self.data
    }
}
