//! Results as text, so that people can read a difference.

use core::fmt::{self, Write};

/// A writer of text into a slice.
pub(crate) struct Text<'a> {
    /// The slice.
    pub(crate) room: &'a mut [u8],
    /// Bytes written so far.
    pub(crate) written: usize,
}

impl Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.written + text.len();
        let place = self.room.get_mut(self.written..end).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.written = end;
        Ok(())
    }
}
