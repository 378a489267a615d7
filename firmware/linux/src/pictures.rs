//! Pictures as they come from a source.

use std::io;

use crate::pixels::Format;

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
