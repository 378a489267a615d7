//! Results as text, so that a difference can be read.

use core::fmt::{self, Write};

/// Text in a slice.
pub(crate) struct Text<'a> {
    /// Where it goes.
    pub(crate) room: &'a mut [u8],
    /// Bytes of it so far.
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
