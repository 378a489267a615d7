//! The camera: frames that the host puts into the shared memory.
//!
//! As a sensor's DMA would, the driver copies each frame into a buffer of the board, so that the
//! host can go on to the next one, and nobody computes on pixels that change.

use embassy_time::{Duration, Timer};
use emulation::window::{
    FORMAT_RGB565, FORMAT_YUYV, FRAME_ACKNOWLEDGE, FRAME_FORMAT, FRAME_HEIGHT, FRAME_SEQUENCE, FRAME_WIDTH,
};
use emulation::{AN547, Region};

use crate::register::Register;
use crate::window::word;

/// Bytes of the largest frame.
pub const FRAME_BYTES: usize = AN547.frame.len as usize;

/// How often the driver looks for a new frame; the host cannot interrupt.
const POLL: Duration = Duration::from_millis(5);

/// How the pixels are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, defmt::Format)]
pub enum Format {
    /// Two pixels in four bytes: Y0, Cb, Y1, Cr; BT.601 full range.
    Yuyv,
    /// One pixel in two bytes, little-endian.
    Rgb565,
}

/// A frame that the camera has taken.
#[derive(Debug)]
pub struct Frame<'a> {
    /// Pixels a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// How the pixels are stored.
    pub format: Format,
    /// The host's number of the frame.
    pub sequence: u32,
    /// `2 * width * height` bytes, row by row.
    pub pixels: &'a [u8],
}

/// The header of a frame.
#[derive(Clone, Copy)]
struct Header {
    width: u32,
    height: u32,
    format: Format,
    sequence: u32,
    words: usize,
}

/// The camera over the frame buffer `region`.
pub struct Camera {
    region: Region,
    buffer: &'static mut [u32; FRAME_BYTES / 4],
    taken: u32,
}

impl Camera {
    /// A camera that keeps its frame in `buffer`.
    ///
    /// # Safety
    /// The shared memory has a frame buffer at `region`.
    pub unsafe fn new(region: Region, buffer: &'static mut [u32; FRAME_BYTES / 4]) -> Self {
        // What was before the camera when the board lost its power is not before it now.
        Self { region, buffer, taken: word(FRAME_SEQUENCE).read() }
    }

    /// Waits for the next frame.
    pub async fn next(&mut self) -> Frame<'_> {
        let header = loop {
            if let Some(header) = self.capture() {
                break header;
            }
            Timer::after(POLL).await;
        };
        self.frame(header)
    }

    /// The next frame, if there is one.
    pub fn try_next(&mut self) -> Option<Frame<'_>> {
        let header = self.capture()?;
        Some(self.frame(header))
    }

    fn frame(&self, header: Header) -> Frame<'_> {
        let words = &self.buffer[..header.words];
        // SAFETY: words are four bytes each, and any byte is a `u8`.
        let pixels = unsafe { core::slice::from_raw_parts(words.as_ptr().cast(), words.len() * 4) };
        let Header { width, height, format, sequence, .. } = header;
        Frame { width, height, format, sequence, pixels }
    }

    /// Copies a new frame into the buffer, unless the host is writing it.
    fn capture(&mut self) -> Option<Header> {
        let sequence = word(FRAME_SEQUENCE).read();
        if sequence == self.taken || sequence % 2 != 0 {
            return None;
        }
        let header = self.header(sequence);
        if let Some(header) = header {
            for (index, pixels) in self.buffer[..header.words].iter_mut().enumerate() {
                // SAFETY: `header` checked that the words lie within the frame buffer.
                *pixels = unsafe { Register::new(self.region.address() + 4 * index) }.read();
            }
        }
        if word(FRAME_SEQUENCE).read() != sequence {
            return None;
        }
        self.taken = sequence;
        word(FRAME_ACKNOWLEDGE).write(sequence);
        if header.is_none() {
            defmt::warn!("frame {=u32} has a header that cannot be", sequence);
        }
        header
    }

    /// The header of the frame, if it can be: an even width, not more bytes than the buffer has.
    fn header(&self, sequence: u32) -> Option<Header> {
        let (width, height) = (word(FRAME_WIDTH).read(), word(FRAME_HEIGHT).read());
        let format = match word(FRAME_FORMAT).read() {
            FORMAT_YUYV => Format::Yuyv,
            FORMAT_RGB565 => Format::Rgb565,
            _ => return None,
        };
        let words = (width as usize / 2).checked_mul(height as usize)?;
        let fits = width % 2 == 0 && words > 0 && words <= self.buffer.len();
        fits.then_some(Header { width, height, format, sequence, words })
    }
}
