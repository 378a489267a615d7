//! A model image in memory, aligned so that the engine can use it in place.

use std::path::Path;

use crate::{Error, Result};

/// The bytes of a model image, aligned to 16 as the engine requires.
pub struct ImageFile {
    words: Vec<u128>,
    length: usize,
}

impl ImageFile {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(Error::file(path))?;
        Ok(Self::from_bytes(&bytes))
    }

    /// Copies an image, for example one that was just compiled.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut words = vec![0u128; bytes.len().div_ceil(size_of::<u128>())];
        bytemuck::cast_slice_mut(&mut words)[..bytes.len()].copy_from_slice(bytes);
        Self { words, length: bytes.len() }
    }

    /// The bytes of the image.
    pub fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.length]
    }

    /// The checked model.
    ///
    /// # Errors
    /// [`nn::Error`] if the image is not valid.
    pub fn model(&self) -> core::result::Result<nn::Model<'_>, nn::Error> {
        nn::Model::load(self.bytes())
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
