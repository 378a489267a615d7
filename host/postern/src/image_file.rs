//! A model image read from a file, at an address where it can be used in place.

use std::path::Path;

use anyhow::Context;

/// The bytes of a model image, aligned to 16 as the engine wants them.
pub struct ImageFile {
    words: Vec<u128>,
    length: usize,
}

impl ImageFile {
    /// Reads the file at `path`.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self::from_bytes(&bytes))
    }

    /// An image that was just compiled.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut words = vec![0u128; bytes.len().div_ceil(size_of::<u128>())];
        bytemuck::cast_slice_mut(&mut words)[..bytes.len()].copy_from_slice(bytes);
        Self { words, length: bytes.len() }
    }

    /// How long it is, in bytes.
    pub fn len(&self) -> usize {
        self.length
    }

    /// The image, checked.
    pub fn model(&self) -> Result<nn::Model<'_>, nn::Error> {
        nn::Model::load(&bytemuck::cast_slice(&self.words)[..self.length])
    }
}

/// An arena for networks, aligned to 16.
pub struct Arena {
    words: Vec<u128>,
}

impl Arena {
    /// An arena of at least `bytes`.
    pub fn new(bytes: usize) -> Self {
        Self { words: vec![0; bytes.div_ceil(size_of::<u128>())] }
    }

    /// The memory.
    pub fn bytes(&mut self) -> &mut [i8] {
        bytemuck::cast_slice_mut(&mut self.words)
    }
}
