//! Pictures as they come from a source.

use std::io;

use crate::pixels::{Format, Small, small};

/// Pictures in a row that cannot be used, after which the source is said to be wrong.
pub const ALL_UNUSABLE: u32 = 30;

/// A picture as it came: how large it is, and its bytes.
#[derive(Debug)]
pub struct Raw {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Bytes of a row.
    pub stride: usize,
    /// How its samples lie.
    pub format: Format,
    /// All of it.
    pub bytes: Vec<u8>,
}

/// A source of pictures that is open.
pub trait Pictures: Send {
    /// Waits for the next picture, and puts it in the place of `raw`.
    ///
    /// # Errors
    /// The source is gone.
    fn next(&mut self, raw: &mut Raw) -> io::Result<()>;
}

/// Counts pictures in a row that cannot be used. A cable gives a damaged one now and then; many come from a camera that
/// gives another format than it said.
#[derive(Debug, Default)]
pub struct Unusable(u32);

impl Unusable {
    /// The frame of a picture; `None` for one that cannot be used.
    ///
    /// # Errors
    /// `InvalidData`: it is one of too many.
    pub fn small(&mut self, raw: &Raw) -> io::Result<Option<Small>> {
        let small = small(raw.format, raw.width, raw.height, raw.stride, &raw.bytes);
        self.0 = if small.is_some() { 0 } else { self.0 + 1 };
        if self.0 == ALL_UNUSABLE {
            self.0 = 0;
            let Raw { width, height, format, bytes, .. } = raw;
            let said =
                format!("{} bytes came that are no picture of {width}x{height} in {format}", bytes.len());
            return Err(io::Error::new(io::ErrorKind::InvalidData, said));
        }
        Ok(small)
    }
}
