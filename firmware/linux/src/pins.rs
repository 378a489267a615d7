//! The door's pins, keypad and camera: real ones, made ones, or none. A pin that is not there does nothing, and reads low.

use board_api::Capture;
use embedded_hal::digital::{ErrorKind, ErrorType, InputPin, OutputPin};

use crate::kept::Keeper;
use crate::lock_line::FileLine;
use crate::made::{self, Outputs};
use crate::standstill::Standstill;
use crate::window::Window;
use crate::{gpio, keypad, picture_source};

/// An output.
#[derive(Debug)]
pub enum Output {
    /// It is not there.
    None,
    /// A line of a GPIO chip.
    Gpio(gpio::Line),
    /// The lock, which the keeper drives. It is driven at each step of io, so by it a standstill is found.
    Lock(Keeper, Standstill),
    /// A made one, by its bit.
    Made(Outputs, u32),
}

impl ErrorType for Output {
    type Error = ErrorKind;
}

impl Output {
    fn drive(&mut self, high: bool) -> Result<(), ErrorKind> {
        match self {
            Self::None => Ok(()),
            Self::Gpio(line) => line.set(high).map_err(|_| ErrorKind::Other),
            Self::Lock(keeper, standstill) => {
                standstill.works();
                keeper.drive(high).map_err(|_| ErrorKind::Other)
            }
            Self::Made(outputs, bit) => outputs.drive(*bit, high).map_err(|_| ErrorKind::Other),
        }
    }
}

impl OutputPin for Output {
    fn set_low(&mut self) -> Result<(), ErrorKind> {
        self.drive(false)
    }

    fn set_high(&mut self) -> Result<(), ErrorKind> {
        self.drive(true)
    }
}

/// An input.
#[derive(Debug)]
pub enum Input {
    /// It is not there.
    None,
    /// A line of a GPIO chip.
    Gpio(gpio::Line),
    /// A file in place of one.
    File(FileLine),
    /// A made one, by its bit.
    Made(Window, u32),
}

impl Input {
    /// Opens an input by its text: `file:FILE`, or a line of a GPIO chip.
    ///
    /// # Errors
    /// As opening the line.
    pub fn open(text: &str, wire: gpio::Wire) -> crate::Result<Self> {
        match text.strip_prefix("file:") {
            Some(path) => FileLine::open(path.as_ref()).map(Self::File),
            None => gpio::Line::input(text, wire).map(Self::Gpio),
        }
    }
}

impl ErrorType for Input {
    type Error = ErrorKind;
}

impl InputPin for Input {
    fn is_high(&mut self) -> Result<bool, ErrorKind> {
        match self {
            Self::None => Ok(false),
            Self::Gpio(line) => line.is_active().map_err(|_| ErrorKind::Other),
            Self::File(line) => line.is_high().map_err(|_| ErrorKind::Other),
            Self::Made(window, bit) => Ok(made::input(window, *bit)),
        }
    }

    fn is_low(&mut self) -> Result<bool, ErrorKind> {
        self.is_high().map(|high| !high)
    }
}

/// The keypad.
#[derive(Debug)]
pub enum Keypad {
    /// It is not there.
    None,
    /// A matrix, or a USB keypad.
    Real(keypad::Keypad),
    /// A made one.
    Made(made::Keypad),
}

impl board_api::Keypad for Keypad {
    fn key(&mut self) -> Option<u8> {
        match self {
            Self::None => None,
            Self::Real(keypad) => keypad.key(),
            Self::Made(keypad) => keypad.key(),
        }
    }
}

/// The camera.
pub enum Camera {
    /// A command, or a V4L2 camera.
    Real(picture_source::Camera),
    /// A made one.
    Made(made::Camera),
}

impl board_api::Camera for Camera {
    async fn next(&mut self) -> Capture<'_> {
        match self {
            Self::Real(camera) => camera.next().await,
            Self::Made(camera) => camera.next().await,
        }
    }
}
