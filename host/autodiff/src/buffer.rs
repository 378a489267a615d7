//! Memory of floats that begins on a cache line.
//!
//! A vector of sixteen floats that straddles two lines costs two loads; a plain `Vec<f32>` of any
//! size begins sixteen bytes into a page, so every one of its vectors would.

use std::ops::{Deref, DerefMut};

/// A cache line.
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
struct Line([f32; 16]);

/// Floats that begin on a cache line. Growing keeps no values.
#[derive(Clone, Default)]
pub struct Buffer {
    lines: Vec<Line>,
    length: usize,
}

impl Buffer {
    /// `length` zeros.
    pub fn zeros(length: usize) -> Self {
        Self { lines: vec![Line([0.0; 16]); length.div_ceil(16)], length }
    }

    /// Floats that fit without new memory.
    pub fn capacity(&self) -> usize {
        self.lines.len() * 16
    }

    /// Makes the length `length`; its values are then undefined.
    ///
    /// Memory is kept, so that a buffer that is used again costs no page faults.
    pub fn resize(&mut self, length: usize) {
        let lines = length.div_ceil(16);
        if self.lines.len() < lines {
            // Not `resize`, which would copy the old values.
            self.lines = Vec::new();
            self.lines = vec![Line([0.0; 16]); lines];
        }
        self.length = length;
    }
}

impl From<&[f32]> for Buffer {
    fn from(values: &[f32]) -> Self {
        let mut buffer = Self::zeros(values.len());
        buffer.copy_from_slice(values);
        buffer
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &bytemuck::cast_slice(&self.lines)[..self.length]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut bytemuck::cast_slice_mut(&mut self.lines)[..self.length]
    }
}
