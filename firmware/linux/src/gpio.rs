//! Lines of the GPIO character device.
//!
//! A line is named as the chip names it (`GPIO17` on a Raspberry Pi; `gpioinfo` lists the names), or by chip and number
//! (`/dev/gpiochip0:17`). A `!` before it turns it over: it is active while it is low.

use std::io;

use gpiocdev::Request;
use gpiocdev::line::{Bias, Drive, Value};

use crate::{Error, Result};

/// What to do about a line that cannot be requested.
fn to_do(error: &gpiocdev::Error) -> &'static str {
    let said = error.to_string();
    match said {
        _ if said.contains("os error 16") => "end what uses it: `gpioinfo` shows that",
        _ if said.contains("os error 13") => {
            "put the user of the door in the group `gpio`, which `gpioinfo` needs as well"
        }
        _ => "`gpioinfo` lists the chips and their lines: name one by its name, or as /dev/gpiochip0:17",
    }
}

/// A line that this process has.
#[derive(Debug)]
pub struct Line {
    request: Request,
    offset: u32,
}

/// What hangs on an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// A button: a wire that is cut is a button that is not pressed.
    Button,
    /// A contact that is monitored: a wire that is cut is an open door, or an open cover.
    Monitored,
}

impl Wire {
    /// The level to which a resistor of the chip pulls the line.
    fn bias(self, active_low: bool) -> Bias {
        if active_low == (self == Self::Button) { Bias::PullUp } else { Bias::PullDown }
    }
}

/// What a text says of a line.
#[derive(Debug, PartialEq, Eq)]
struct Name<'a> {
    active_low: bool,
    place: Place<'a>,
}

#[derive(Debug, PartialEq, Eq)]
enum Place<'a> {
    Named(&'a str),
    Numbered(&'a str, u32),
}

impl<'a> Name<'a> {
    fn of(text: &'a str) -> Self {
        let (active_low, text) = text.strip_prefix('!').map_or((false, text), |text| (true, text));
        let numbered = text.rsplit_once(':').and_then(|(chip, number)| Some((chip, number.parse().ok()?)));
        let place = numbered.map_or(Place::Named(text), |(chip, number)| Place::Numbered(chip, number));
        Self { active_low, place }
    }
}

impl Line {
    /// An output that is not active.
    ///
    /// # Errors
    /// [`Error::Line`].
    pub fn output(text: &str) -> Result<Self> {
        Self::request(text, |builder| {
            builder.as_output(Value::Inactive);
        })
    }

    /// An input, which a resistor of the chip pulls to what a cut wire means.
    ///
    /// # Errors
    /// [`Error::Line`].
    pub fn input(text: &str, wire: Wire) -> Result<Self> {
        let bias = wire.bias(Name::of(text).active_low);
        Self::request(text, |builder| {
            builder.as_input().with_bias(bias);
        })
    }

    /// A row of a keypad: driven low while it is active, and let go else. It starts active.
    ///
    /// # Errors
    /// [`Error::Line`].
    pub fn row(text: &str) -> Result<Self> {
        Self::request(text, |builder| {
            builder.as_output(Value::Active).with_drive(Drive::OpenDrain).as_active_low();
        })
    }

    /// A column of a keypad: pulled high, and active while it is low.
    ///
    /// # Errors
    /// [`Error::Line`].
    pub fn column(text: &str) -> Result<Self> {
        Self::request(text, |builder| {
            builder.as_input().with_bias(Bias::PullUp).as_active_low();
        })
    }

    fn request(text: &str, configure: impl FnOnce(&mut gpiocdev::request::Builder)) -> Result<Self> {
        let failed = |hint: String| Error::Line { line: text.to_owned(), hint };
        if text.trim_start_matches('!').starts_with("file:") {
            let hint = "`file:` stands for the lock, a button, the contact or the cover, and without `!`: its 1 is open or pressed";
            return Err(failed(hint.to_owned()));
        }
        let name = Name::of(text);
        let mut builder = Request::builder();
        builder.with_consumer("postern");
        let offset = match name.place {
            Place::Numbered(chip, offset) => {
                builder.on_chip(chip).with_line(offset);
                offset
            }
            Place::Named(line) => {
                let none = "no chip has a line of that name: `gpioinfo` lists them, and the user of the door must be in the \
                            group `gpio`";
                let found = gpiocdev::find_named_line(line).ok_or_else(|| failed(none.to_owned()))?;
                builder.with_found_line(&found);
                found.info.offset
            }
        };
        configure(&mut builder);
        if name.active_low {
            builder.as_active_low();
        }
        let request = builder.request().map_err(|error| failed(format!("{error}; {}", to_do(&error))))?;
        Ok(Self { request, offset })
    }

    /// Makes an output active or not.
    ///
    /// # Errors
    /// The chip does not obey.
    pub fn set(&self, active: bool) -> io::Result<()> {
        let value = if active { Value::Active } else { Value::Inactive };
        self.request.set_value(self.offset, value).map_err(io::Error::other)
    }

    /// Whether an input is active.
    ///
    /// # Errors
    /// The chip does not answer.
    pub fn is_active(&self) -> io::Result<bool> {
        self.request.value(self.offset).map(|value| value == Value::Active).map_err(io::Error::other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_named_or_numbered_and_may_be_turned_over() {
        let name = |active_low, place| Name { active_low, place };
        assert_eq!(Name::of("GPIO17"), name(false, Place::Named("GPIO17")));
        assert_eq!(Name::of("!GPIO4"), name(true, Place::Named("GPIO4")));
        assert_eq!(Name::of("/dev/gpiochip0:17"), name(false, Place::Numbered("/dev/gpiochip0", 17)));
        assert_eq!(Name::of("!/dev/gpiochip1:0"), name(true, Place::Numbered("/dev/gpiochip1", 0)));
        assert_eq!(Name::of("PIN:x"), name(false, Place::Named("PIN:x")));
    }

    #[test]
    fn a_cut_wire_presses_no_button_and_opens_a_monitored_contact() {
        assert_eq!(Wire::Button.bias(true), Bias::PullUp);
        assert_eq!(Wire::Button.bias(false), Bias::PullDown);
        assert_eq!(Wire::Monitored.bias(true), Bias::PullDown);
        assert_eq!(Wire::Monitored.bias(false), Bias::PullUp);
    }

    #[test]
    fn a_line_that_is_not_there_is_said_with_what_to_do() {
        for text in ["no such line", "/dev/null:3", "/dev/of-nobody:3"] {
            let error = Line::output(text).expect_err("there is no such line").to_string();
            assert!(error.contains(text) && error.contains("gpioinfo"), "{error}");
        }
    }
}
