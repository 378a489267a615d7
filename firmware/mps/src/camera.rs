//! The camera: frames that the host writes into the shared memory.
//!
//! The driver copies each frame into a buffer of the board, as a sensor's DMA would. So the host can write the
//! next one, and no code computes on pixels that change.

use board_api::Capture;
use embassy_time::{Duration, Timer};
use host_window::FRAME;
use host_window::window::{
    FORMAT_RGB565, FORMAT_YUYV, FRAME_ACKNOWLEDGE, FRAME_FORMAT, FRAME_HEIGHT, FRAME_SEQUENCE, FRAME_WIDTH,
};
use vision::{Frame, PixelFormat};

use crate::window::word;
use mps_registers::{Mmio, Register};

/// Words of the largest frame.
pub const FRAME_WORDS: usize = FRAME.len as usize / 4;

/// How often the driver looks for a new frame; the host cannot interrupt.
const POLL: Duration = Duration::from_millis(5);

/// The header of a frame.
#[derive(Clone, Copy, Debug)]
struct Header {
    width: usize,
    height: usize,
    format: PixelFormat,
    words: usize,
}

/// The camera over the shared frame buffer.
#[derive(Debug)]
pub struct Camera {
    buffer: &'static mut [u32; FRAME_WORDS],
    /// The header of what is in the buffer.
    header: Option<Header>,
    /// The sequence of the last frame that was taken, or that was not valid.
    taken: u32,
}

impl Camera {
    /// A camera that keeps its frame in `buffer`.
    ///
    /// # Safety
    /// The shared memory has a frame buffer at [`FRAME`], and nothing else reads it.
    pub unsafe fn new(buffer: &'static mut [u32; FRAME_WORDS]) -> Self {
        // A frame from before the power cut is old.
        let taken = word(FRAME_SEQUENCE).read();
        word(FRAME_ACKNOWLEDGE).write(taken);
        Self { buffer, header: None, taken }
    }

    /// Copies a new frame into the buffer, unless there is none or the host is writing it.
    fn capture(&mut self) -> bool {
        let sequence = word(FRAME_SEQUENCE).read();
        if sequence == self.taken || !sequence.is_multiple_of(2) {
            return false;
        }
        self.header = header();
        if let Some(header) = self.header {
            for (index, pixels) in self.buffer.iter_mut().take(header.words).enumerate() {
                // SAFETY: the frame buffer is there, says the caller of `new`.
                *pixels = unsafe { Mmio::new(FRAME.address() + 4 * index) }.read();
            }
        }
        if word(FRAME_SEQUENCE).read() != sequence {
            return false;
        }
        self.taken = sequence;
        word(FRAME_ACKNOWLEDGE).write(sequence);
        let whole = self.frame().is_some();
        if !whole {
            defmt::warn!("frame {=u32} has an invalid header", sequence);
        }
        whole
    }

    /// What is in the buffer, if it is a frame.
    fn frame(&self) -> Option<Frame<'_>> {
        let Header { width, height, format, words } = self.header?;
        let words = self.buffer.get(..words)?;
        // SAFETY: a word is four bytes, and any byte is a `u8`.
        let bytes = unsafe { core::slice::from_raw_parts(words.as_ptr().cast(), 4 * words.len()) };
        Frame::new(format, width, height, bytes).ok()
    }
}

/// The header that the host wrote, if its format is known and its rows are whole words.
fn header() -> Option<Header> {
    let format = match word(FRAME_FORMAT).read() {
        FORMAT_YUYV => PixelFormat::Yuyv,
        FORMAT_RGB565 => PixelFormat::Rgb565,
        _ => return None,
    };
    let [width, height] = [FRAME_WIDTH, FRAME_HEIGHT].map(|offset| word(offset).read() as usize);
    let words = (width / 2).checked_mul(height)?;
    Some(Header { width, height, format, words })
}

impl board_api::Camera for Camera {
    async fn next(&mut self) -> Capture<'_> {
        while !self.capture() {
            Timer::after(POLL).await;
        }
        let frame = self.frame().expect("a captured frame is valid");
        Capture { sequence: self.taken, frame }
    }
}
