//! The made camera, pins and keypad of a door that `postern board up --machine linux` starts.
//!
//! They do what `mps` does on an emulated board, over the same window.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use board_api::{Capture, Shown};
use embassy_time::{Duration, Timer};
use host_window::window::{
    CODE, CODE_SHOWN, ERASE_SHOWN, FORMAT_RGB565, FORMAT_YUYV, FRAME_ACKNOWLEDGE, FRAME_FORMAT, FRAME_HEIGHT,
    FRAME_SEQUENCE, FRAME_WIDTH, INPUTS, KEYPAD, KEYPAD_TAKEN, LED_BIT, WIRE_BITS, WIRES_BITS, WIRES_PULSES,
};
use vision::{Frame, PixelFormat};

use crate::window::Window;

/// How often the camera looks for a new frame.
const POLL: Duration = Duration::from_millis(5);

/// The camera over the frame buffer.
#[derive(Debug)]
pub struct Camera {
    window: Window,
    pixels: Vec<u8>,
    header: (PixelFormat, usize, usize),
    taken: u32,
}

impl Camera {
    /// The camera of a window. A frame from before the start is old.
    pub fn new(window: Window) -> Self {
        let taken = window.word(FRAME_SEQUENCE);
        let _ = window.set_word(FRAME_ACKNOWLEDGE, taken);
        Self { window, pixels: Vec::new(), header: (PixelFormat::Yuyv, 0, 0), taken }
    }

    /// Copies a new frame, unless there is none or the host is writing it.
    fn capture(&mut self) -> bool {
        let sequence = self.window.word(FRAME_SEQUENCE);
        if sequence == self.taken || !sequence.is_multiple_of(2) {
            return false;
        }
        let format = match self.window.word(FRAME_FORMAT) {
            FORMAT_YUYV => Some(PixelFormat::Yuyv),
            FORMAT_RGB565 => Some(PixelFormat::Rgb565),
            _ => None,
        };
        let [width, height] = [FRAME_WIDTH, FRAME_HEIGHT].map(|offset| self.window.word(offset) as usize);
        let fits = width <= vision::MAX_WIDTH && height <= vision::MAX_HEIGHT;
        let mut whole = false;
        if let (Some(format), true) = (format, fits) {
            self.header = (format, width, height);
            self.pixels.resize(width * height * format.bytes_per_pixel(), 0);
            whole = self.window.frame(&mut self.pixels).is_ok() && self.frame().is_some();
        }
        if self.window.word(FRAME_SEQUENCE) != sequence {
            return false;
        }
        self.taken = sequence;
        let _ = self.window.set_word(FRAME_ACKNOWLEDGE, sequence);
        whole
    }

    fn frame(&self) -> Option<Frame<'_>> {
        let (format, width, height) = self.header;
        Frame::new(format, width, height, &self.pixels).ok()
    }

    /// The newest frame, once there is one that was not taken.
    pub async fn next(&mut self) -> Capture<'_> {
        while !self.capture() {
            Timer::after(POLL).await;
        }
        let frame = self.frame().expect("a captured frame is valid");
        Capture { sequence: self.taken, frame }
    }
}

/// All outputs share one word, so one place writes it, except for the byte of the lock, which the keeper writes. It also
/// listens to the Wiegand wires.
#[derive(Debug, Clone)]
pub struct Outputs(Arc<Mutex<Bits>>);

#[derive(Debug)]
struct Bits {
    window: Window,
    bits: u32,
    /// Bits of the message on the Wiegand wires, and how many.
    message: (u64, u32),
    ended: std::time::Instant,
}

/// A pause on the Wiegand wires after which a new message begins.
const MESSAGE_END: std::time::Duration = std::time::Duration::from_millis(25);

impl Outputs {
    /// The outputs of a window, all low.
    pub fn new(window: Window) -> Self {
        let _ = window.set_leds(0);
        Self(Arc::new(Mutex::new(Bits {
            window,
            bits: 0,
            message: (0, 0),
            ended: std::time::Instant::now(),
        })))
    }

    /// Drives the output of one bit from [`LED_BIT`] on.
    ///
    /// # Errors
    /// As writing a file.
    pub fn drive(&self, bit: u32, high: bool) -> io::Result<()> {
        let mut outputs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let was_high = outputs.bits >> bit & 1 == 1;
        let bits = outputs.bits & !(1 << bit) | u32::from(high) << bit;
        outputs.window.set_leds(bits >> LED_BIT)?;
        outputs.bits = bits;
        if let (Some(one), true, false) = (WIRE_BITS.iter().position(|wire| *wire == bit), was_high, high) {
            outputs.listen(one == 1)?;
        }
        Ok(())
    }
}

impl Bits {
    /// A pulse on a Wiegand wire: a bit of a message.
    fn listen(&mut self, one: bool) -> io::Result<()> {
        if self.ended.elapsed() > MESSAGE_END {
            self.message = (0, 0);
        }
        self.ended = std::time::Instant::now();
        let (bits, pulses) = self.message;
        self.message = (bits << 1 | u64::from(one), pulses + 1);
        let (bits, pulses) = self.message;
        self.window.set_word(WIRES_BITS, bits as u32)?;
        self.window.set_word(WIRES_BITS + 4, (bits >> 32) as u32)?;
        self.window.set_word(WIRES_PULSES, pulses)
    }
}

/// Whether the input of one bit of [`INPUTS`] is high.
pub fn input(window: &Window, bit: u32) -> bool {
    window.word(INPUTS) >> bit & 1 == 1
}

/// The keypad.
#[derive(Debug)]
pub struct Keypad(Window);

impl Keypad {
    /// The keypad of a window. Keys that were pressed before the start do not count.
    pub fn new(window: Window) -> Self {
        let _ = window.set_word(KEYPAD_TAKEN, window.word(KEYPAD));
        Self(window)
    }

    /// The next key.
    pub fn key(&mut self) -> Option<u8> {
        let pressed = self.0.word(KEYPAD);
        if pressed == self.0.word(KEYPAD_TAKEN) {
            return None;
        }
        self.0.set_word(KEYPAD_TAKEN, pressed).ok()?;
        Some(pressed as u8)
    }
}

/// Shows what waits for the pairing button on the made display, or clears it.
pub fn show(window: &Window, shown: Option<Shown>) {
    let word = match shown {
        Some(Shown::Code(code)) => code | CODE_SHOWN,
        Some(Shown::Erase) => ERASE_SHOWN,
        None => 0,
    };
    let _ = window.set_word(CODE, word);
}
