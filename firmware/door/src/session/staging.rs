//! A frame that the host sends in chunks, to be assessed in place of a frame of the camera; or a frame of the camera that
//! the host has seen the faces of, and may have enrolled.
//!
//! It belongs to a host: where another one begins a session, it is forgotten.

use protocol::{Error, Hash};
use vision::{Frame, MAX_HEIGHT, MAX_WIDTH, PixelFormat};

/// Bytes of the largest frame.
pub(crate) const MAX_BYTES: usize = MAX_WIDTH * MAX_HEIGHT * 2;

/// The buffer for a frame, and how much of it has arrived.
pub(crate) struct Staging<'m> {
    room: &'m mut [u8; MAX_BYTES],
    /// The key of the host of the session.
    host: Option<Hash>,
    format: PixelFormat,
    width: u16,
    height: u16,
    length: u32,
    next: u32,
}

impl<'m> Staging<'m> {
    pub(crate) fn new(room: &'m mut [u8; MAX_BYTES]) -> Self {
        Self { room, host: None, format: PixelFormat::Yuyv, width: 0, height: 0, length: 0, next: 0 }
    }

    /// Begins a frame, and forgets the one before.
    ///
    /// # Errors
    /// [`Error::FrameSize`].
    pub(crate) fn begin(
        &mut self,
        width: u16,
        height: u16,
        format: protocol::PixelFormat,
    ) -> Result<(), Error> {
        let (max_width, max_height) = (MAX_WIDTH as u16, MAX_HEIGHT as u16);
        let format = match format {
            protocol::PixelFormat::Yuyv => PixelFormat::Yuyv,
            protocol::PixelFormat::Rgb565 => PixelFormat::Rgb565,
        };
        let length = usize::from(width) * usize::from(height) * format.bytes_per_pixel();
        // `Frame::new` knows which sizes are allowed.
        let bytes = self.room.get(..length);
        let fits = bytes.is_some_and(|bytes| Frame::new(format, width.into(), height.into(), bytes).is_ok());
        if !fits {
            return Err(Error::FrameSize { width, height, max_width, max_height });
        }
        self.format = format;
        self.width = width;
        self.height = height;
        self.length = length as u32;
        self.next = 0;
        Ok(())
    }

    /// A host begins a session: what another one has shown is forgotten.
    pub(crate) fn hand_to(&mut self, host: Option<Hash>) {
        if self.host != host {
            self.forget();
        }
        self.host = host;
    }

    fn forget(&mut self) {
        (self.length, self.next) = (0, 0);
    }

    /// Takes a whole frame of the camera, in place of the one before.
    pub(crate) fn keep(&mut self, frame: &Frame<'_>) {
        self.forget();
        let bytes = frame.bytes();
        if let Some(room) = self.room.get_mut(..bytes.len()) {
            room.copy_from_slice(bytes);
            (self.format, self.width, self.height) =
                (frame.format(), frame.width() as u16, frame.height() as u16);
            self.length = bytes.len() as u32;
            self.next = self.length;
        }
    }

    /// Takes a chunk and returns the offset wanted next.
    ///
    /// # Errors
    /// [`Error::NoFrame`] if none was begun, [`Error::Offset`] if the chunk is out of order or
    /// reaches past the end.
    pub(crate) fn chunk(&mut self, offset: u32, data: &[u8]) -> Result<u32, Error> {
        if self.length == 0 {
            return Err(Error::NoFrame { next: 0, length: 0 });
        }
        let refusal = Error::Offset { offset, next: self.next, length: self.length };
        let end = u32::try_from(data.len()).ok().and_then(|length| offset.checked_add(length));
        let end = end.filter(|end| *end <= self.length).ok_or(refusal.clone())?;
        if end <= self.next {
            return Ok(self.next);
        }
        if offset != self.next {
            return Err(refusal);
        }
        let room = self.room.get_mut(offset as usize..end as usize).ok_or(refusal)?;
        room.copy_from_slice(data);
        self.next = end;
        Ok(self.next)
    }

    /// The whole frame.
    ///
    /// # Errors
    /// [`Error::NoFrame`] if parts are missing.
    pub(crate) fn frame(&self) -> Result<Frame<'_>, Error> {
        let missing = Error::NoFrame { next: self.next, length: self.length };
        if self.length == 0 || self.next < self.length {
            return Err(missing);
        }
        let bytes = self.room.get(..self.length as usize).unwrap_or_default();
        Frame::new(self.format, self.width.into(), self.height.into(), bytes).map_err(|_| missing)
    }
}
