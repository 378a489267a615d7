//! Where a device is: `unix:PATH`, `tcp:HOST:PORT` or `serial:PATH[:BAUD]`.

use core::fmt;
use core::str::FromStr;
use std::path::PathBuf;

/// Bits per second of a serial port where none are given.
const DEFAULT_BAUD: u32 = 115_200;

/// Where a device is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A Unix socket, as an emulated board has.
    Unix(PathBuf),
    /// Host and port.
    Tcp(String),
    /// A serial port.
    Serial {
        /// Its device file.
        path: String,
        /// Bits per second.
        baud: u32,
    },
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = "an address is unix:PATH, tcp:HOST:PORT or serial:PATH[:BAUD]";
        let (kind, place) = text.split_once(':').ok_or(known)?;
        if place.is_empty() {
            return Err(known.into());
        }
        match kind {
            "unix" => Ok(Self::Unix(place.into())),
            "tcp" if place.contains(':') => Ok(Self::Tcp(place.into())),
            "tcp" => Err(format!("`{text}` names no port: tcp:HOST:PORT")),
            "serial" => Ok(serial(place)),
            _ => Err(format!("`{kind}` is no kind of address: {known}")),
        }
    }
}

/// A path, with a baud rate if what follows the last colon is a number.
fn serial(place: &str) -> Address {
    let (path, baud) = match place.rsplit_once(':') {
        Some((path, digits)) => match digits.parse() {
            Ok(baud) => (path, baud),
            Err(_) => (place, DEFAULT_BAUD),
        },
        None => (place, DEFAULT_BAUD),
    };
    Address::Serial { path: path.into(), baud }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(place) => write!(f, "tcp:{place}"),
            Self::Serial { path, baud } => write!(f, "serial:{path}:{baud}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_and_print_the_same() {
        for text in ["unix:boards/an547/serial.sock", "tcp:localhost:4000", "serial:/dev/ttyACM0:9600"] {
            assert_eq!(text.parse::<Address>().expect(text).to_string(), text);
        }
        let plain = "serial:/dev/ttyACM0".parse::<Address>();
        assert_eq!(plain.expect("no baud").to_string(), "serial:/dev/ttyACM0:115200");
    }

    #[test]
    fn what_is_no_address_is_said() {
        for text in ["", "unix", "unix:", "tcp:localhost", "http://x"] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
