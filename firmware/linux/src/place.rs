//! Where a host connects: `unix:PATH`, `tcp:HOST:PORT` or `serial:PATH[:BAUD]`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;

/// Bits per second of a serial port where none are given, as the command line has them.
const DEFAULT_BAUD: u32 = 115_200;

/// Where a host connects.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Place {
    /// A Unix socket.
    Unix(PathBuf),
    /// An address of this computer, and a port.
    Tcp(String),
    /// A serial port.
    Serial {
        /// Its device file.
        path: PathBuf,
        /// Bits per second.
        baud: u32,
    },
}

impl Place {
    /// The place, where paths are relative to `folder`.
    pub fn within(self, folder: &Path) -> Self {
        match self {
            Self::Unix(path) => Self::Unix(folder.join(path)),
            Self::Serial { path, baud } => Self::Serial { path: folder.join(path), baud },
            tcp @ Self::Tcp(_) => tcp,
        }
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("unix", path)) if !path.is_empty() => Ok(Self::Unix(path.into())),
            Some(("tcp", place)) if place.contains(':') => Ok(Self::Tcp(place.to_owned())),
            Some(("serial", place)) if !place.is_empty() => serial(place),
            _ => Err(format!(
                "`{text}` is no place to listen at: unix:PATH, tcp:ADDRESS:PORT or serial:PATH[:BAUD]"
            )),
        }
    }
}

/// A path, with bits per second if what follows the last colon has digits alone.
fn serial(place: &str) -> Result<Place, String> {
    let is_speed = |digits: &str| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    let Some((path, digits)) = place.rsplit_once(':').filter(|(_, digits)| is_speed(digits)) else {
        return Ok(Place::Serial { path: place.into(), baud: DEFAULT_BAUD });
    };
    match digits.parse() {
        Ok(baud) if baud > 0 => Ok(Place::Serial { path: path.into(), baud }),
        _ => Err(format!(
            "`{digits}` is no speed of a serial port: write bits per second, such as {DEFAULT_BAUD}"
        )),
    }
}

impl TryFrom<String> for Place {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(place) => write!(f, "tcp:{place}"),
            Self::Serial { path, baud } => write!(f, "serial:{}:{baud}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_port_has_a_speed_or_the_one_of_the_command_line() {
        let read = |text: &str| text.parse::<Place>().map(|place| place.to_string());
        assert_eq!(read("serial:/dev/ttyUSB0:9600"), Ok("serial:/dev/ttyUSB0:9600".to_owned()));
        assert_eq!(read("serial:/dev/ttyGS0"), Ok("serial:/dev/ttyGS0:115200".to_owned()));
        assert_eq!(
            read("serial:/dev/serial/by-path/pci-0:1:x"),
            Ok("serial:/dev/serial/by-path/pci-0:1:x:115200".to_owned())
        );
        for wrong in ["serial:", "serial:/dev/ttyUSB0:0", "serial:/dev/ttyUSB0:99999999999"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
