//! A section in memory, checked once.

use bytemuck::{cast_slice, pod_read_unaligned};

use crate::format::{ALIGN, Header, LayerRecord, MAGIC, Place, VERSION};
use crate::{Accelerator, Error, check};

/// Major and minor number of the NPU's architecture, in the upper bits of its register ID.
const ARCHITECTURE: u32 = 0x100;

/// The network that a section is to compute, as its image describes it.
#[derive(Clone, Copy, Debug)]
pub struct Network<'a, I> {
    /// The identity of the image.
    pub identity: &'a [u8; 32],
    /// Bytes of its input.
    pub input: usize,
    /// Bytes of each output.
    pub outputs: I,
}

/// A section that was checked, used in place.
#[derive(Clone, Copy, Debug)]
pub struct Section<'a> {
    header: Header,
    accelerator: &'static Accelerator,
    outputs: &'a [Place],
    layers: &'a [LayerRecord],
    stream: &'a [u32],
    data: &'a [u8],
}

impl<'a> Section<'a> {
    /// Reads the section of `network` and proves that no command of its stream reads or writes anywhere but in its data,
    /// its scratch, and the memory in the NPU.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn read(
        bytes: &'a [u8],
        network: Network<'_, impl IntoIterator<Item = usize>>,
    ) -> Result<Self, Error> {
        let first = bytes.get(..4).ok_or(Error::Truncated)?;
        if *first != MAGIC {
            return Err(Error::NotASection);
        }
        if !(bytes.as_ptr() as usize).is_multiple_of(ALIGN) {
            return Err(Error::Misaligned);
        }
        // It is read once: what was checked is what is used.
        let header: Header = pod_read_unaligned(bytes.get(..size_of::<Header>()).ok_or(Error::Truncated)?);
        if header.version != VERSION {
            return Err(Error::Version(header.version));
        }
        let accelerator = Accelerator::named(&header.accelerator).filter(|it| it.config == header.config);
        let accelerator = accelerator.ok_or(Error::Config(header.config))?;
        if header.id >> 20 != ARCHITECTURE {
            return Err(Error::Architecture(header.id));
        }
        if header.identity != *network.identity {
            return Err(Error::Identity);
        }
        let part = |offset: u32, count: u32, size: usize| {
            let start = offset as usize;
            let end = (count as usize).checked_mul(size).and_then(|length| length.checked_add(start))?;
            bytes.get(start..end).filter(|_| start.is_multiple_of(ALIGN))
        };
        let table = |offset: u32, count: u32, size: usize| part(offset, count, size).ok_or(Error::Truncated);
        let section = Self {
            header,
            accelerator,
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
        let sizes = section.outputs.iter().map(|place| place.bytes as usize);
        if header.input.bytes as usize != network.input || !sizes.eq(network.outputs) {
            return Err(Error::Sizes);
        }
        section.check()?;
        Ok(section)
    }

    /// Walks through the stream.
    fn check(&self) -> Result<(), Error> {
        check::stream(self.stream, &check::Memories::new(&self.header, self.accelerator))
    }

    /// The same section with its stream in `copy`, which is checked there. `copy` has the length of the stream.
    pub(crate) fn copied<'b>(&self, copy: &'b mut [u32]) -> Result<Section<'b>, Error>
    where
        'a: 'b,
    {
        copy.copy_from_slice(self.stream);
        let section = self.at(copy);
        section.check()?;
        Ok(section)
    }

    /// The same section with its stream in `copy`.
    pub(crate) fn at<'b>(&self, copy: &'b [u32]) -> Section<'b>
    where
        'a: 'b,
    {
        Section { stream: copy, ..*self }
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The NPU that it is for.
    pub fn accelerator(&self) -> &'static Accelerator {
        self.accelerator
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
