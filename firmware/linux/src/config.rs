//! `postern-door.toml`: what the door is connected to.
//!
//! ```toml
//! [flash]
//! file = "flash"                  # made at the first start, 57 MiB; or a partition of 57 MiB or more
//!
//! [secret]
//! file = "unique.key"             # made at the first start; keep a copy, apart from the flash
//! credential = "postern-door"     # optional, in place of the file: a credential of systemd
//! otp = "…/nvmem"                 # optional, in place of the file: the memory of a Raspberry Pi
//!
//! [host]
//! listen = "unix:host.sock"       # or tcp:ADDRESS:PORT, or serial:/dev/…:115200
//!
//! [clock]                         # optional: take the time of this computer, while this path is there
//! while_there = "/run/systemd/timesync/synchronized"
//!
//! [bus]                           # optional: an access controller
//! listen = "serial:/dev/…:9600"
//!
//! [camera]
//! device = "/dev/v4l/by-id/usb-…" # or: command = ["ffmpeg", …], whose stdout is raw pictures
//! format = "yuyv"                 # nv12, grey; of a device also mjpg
//! width = 640
//! height = 480
//!
//! [lines]                         # lines of GPIO chips, see `gpio`
//! lock = "GPIO17"
//! exit_button = "!GPIO27"         # optional, as all others
//!
//! [keypad]                        # optional: a USB keypad, or a matrix of keys
//! device = "/dev/input/by-id/usb-…-event-kbd"
//! rows = ["GPIO5", …]             # in place of device
//! columns = ["GPIO16", …]
//! keys = ["123", "456", "789", "*0#"]
//!
//! [made]                          # in place of [camera] and [lines]: a door to try, see `postern board up --machine linux`: camera, pins and keypad
//! entropy = "entropy"             # optional, for tests: a file of 32 bytes in place of the system's random numbers
//! ```
//! Paths are relative to the folder of the file.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::flash::Durability;
use crate::gpio::Wire;
use crate::picture_source::{PictureSource, Place};
use crate::pixels::Format;
use crate::place::Place as Address;
use crate::secret_place::{Elsewhere, Otp};
use crate::{Error, Result, file};

mod faults;
mod keypad;

pub use keypad::Keypad;

/// What the door is connected to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The flash.
    pub flash: FileOf,
    /// The unique secret.
    pub secret: Secret,
    /// The line to hosts.
    pub host: Listen,
    /// When the computer knows the time. Without it hosts alone set the door's clock.
    pub clock: Option<ClockOf>,
    /// The line to an access controller.
    pub bus: Option<Listen>,
    /// Camera, pins and keypad that the host feeds.
    pub made: Option<Made>,
    /// A camera.
    pub camera: Option<Camera>,
    /// Lines of GPIO chips. Without a made door, the lock must be there.
    pub lines: Option<Lines>,
    /// A keypad, also of a door that is made otherwise.
    pub keypad: Option<Keypad>,
}

/// Something in a file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileOf {
    /// The file.
    pub file: PathBuf,
}

/// The unique secret.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "SecretTable")]
pub struct Secret {
    /// Its file, and the place of the counter beside it.
    pub file: PathBuf,
    /// Where it is kept in place of the file.
    pub elsewhere: Option<Elsewhere>,
}

/// The section of a secret, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretTable {
    file: PathBuf,
    credential: Option<String>,
    otp: Option<String>,
}

impl TryFrom<SecretTable> for Secret {
    type Error = &'static str;

    fn try_from(table: SecretTable) -> core::result::Result<Self, Self::Error> {
        let is_name = |name: &str| !name.is_empty() && !name.starts_with('.') && !name.contains('/');
        let elsewhere = match (table.credential, table.otp) {
            (None, None) => None,
            (Some(name), None) if is_name(&name) => Some(Elsewhere::Credential(name)),
            (None, Some(otp)) => match otp.strip_prefix("credential:") {
                Some(name) if is_name(name) => Some(Elsewhere::Otp(Otp::Credential(name.to_owned()))),
                None if otp.starts_with('/') => Some(Elsewhere::Otp(Otp::File(otp.into()))),
                _ => return Err("[secret] otp is a full path, or credential:NAME"),
            },
            (Some(_), Some(_)) => return Err("[secret] has one place: name either credential or otp"),
            _ => return Err("[secret] credential is a name without `/`"),
        };
        Ok(Self { file: table.file, elsewhere })
    }
}

/// A line whose other end connects.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// Where it connects.
    pub listen: Address,
}

/// When the computer knows the time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockOf {
    /// While this path is there: the file that a time service makes, or a clock with a battery.
    pub while_there: PathBuf,
}

/// Surroundings that the host feeds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    /// The seed of the random numbers, in place of the system's.
    pub entropy: Option<PathBuf>,
}

/// A camera, or a command that gives pictures.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Camera {
    /// The node of a V4L2 camera.
    pub device: Option<PathBuf>,
    /// A command whose stdout is raw pictures.
    pub command: Option<Vec<String>>,
    /// How the pictures are given.
    pub format: Format,
    /// Pixels in a row.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// Lines by what hangs on them, see the crate's `gpio`. What is not named is not there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lines {
    /// The relay of the lock; `file:PATH` stands for a trial without one, as it does for the inputs.
    pub lock: String,
    /// The LED that shows that frames can be assessed.
    pub ready: Option<String>,
    /// The LED that shows that somebody is refused.
    pub refused: Option<String>,
    /// The alarm output.
    pub alarm: Option<String>,
    /// The LEDs that ask for movements: turn left, turn right, look up, nod.
    pub gestures: Option<[String; 4]>,
    /// The button inside that opens the door.
    pub exit_button: Option<String>,
    /// The pairing button.
    pub pairing_button: Option<String>,
    /// The door contact, active while the door is open.
    pub contact: Option<String>,
    /// The switch of the cover, active while the cover is open.
    pub cover: Option<String>,
}

/// Most bytes of a configuration.
const MOST: u64 = 64 << 10;

/// What the parser says, in words of the file.
fn in_words(said: &str) -> String {
    [
        ("expected u16", "expected a whole number from 2 to 4096, without quotes"),
        ("expected a sequence", "expected a list, as [\"ffmpeg\", \"-i\"]"),
        ("expected an array of length 4", "expected a list of four"),
        ("invalid boolean, expected `false`", "a text is in quotes"),
        ("invalid boolean, expected `true`", "a text is in quotes"),
    ]
    .iter()
    .fold(said.to_owned(), |said, (from, to)| said.replace(from, to))
}

impl Camera {
    /// Where the pictures come from.
    ///
    /// # Errors
    /// What to change.
    fn source(&self) -> core::result::Result<PictureSource, &'static str> {
        let place = match (&self.device, &self.command) {
            (Some(device), None) => Place::Device(device.clone()),
            (None, Some(command)) if command.is_empty() => return Err("[camera] command names no program"),
            (None, Some(_)) if self.format == Format::Mjpg => {
                return Err(
                    "[camera] a command cannot give mjpg, whose pictures differ in length: let it decode them",
                );
            }
            (None, Some(command)) => Place::Command(command.clone()),
            _ => return Err("[camera] needs either device or command"),
        };
        let (width, height) = (usize::from(self.width), usize::from(self.height));
        if !(2..=4096).contains(&width) || !width.is_multiple_of(2) || !(2..=4096).contains(&height) {
            return Err("[camera] width and height are 2 to 4096, and width is even");
        }
        Ok(PictureSource { place, width, height, format: self.format })
    }
}

impl Lines {
    /// The lines for which a file may stand: the lock and the inputs.
    fn in_files(&mut self) -> impl Iterator<Item = &mut String> {
        let Self { lock, exit_button, pairing_button, contact, cover, .. } = self;
        [exit_button, pairing_button, contact, cover].into_iter().flatten().chain([lock])
    }

    /// What is named besides the lock: its name in the configuration, the line, and what hangs on an input.
    pub fn besides_the_lock(&self) -> Vec<(&'static str, &str, Option<Wire>)> {
        let named = [
            ("ready", &self.ready, None),
            ("refused", &self.refused, None),
            ("alarm", &self.alarm, None),
            ("exit_button", &self.exit_button, Some(Wire::Button)),
            ("pairing_button", &self.pairing_button, Some(Wire::Button)),
            ("contact", &self.contact, Some(Wire::Monitored)),
            ("cover", &self.cover, Some(Wire::Monitored)),
        ];
        let named = named.into_iter().filter_map(|(name, line, wire)| Some((name, line.as_deref()?, wire)));
        let gestures = self.gestures.iter().flatten().map(|line| ("gestures", line.as_str(), None));
        named.chain(gestures).collect()
    }
}

/// What a door without a pairing button says.
pub const CANNOT_PAIR: &str = "no pairing_button under [lines]: no computer can be paired, so nobody can be enrolled. For a trial \
                               without one, pairing_button = \"file:PATH\": a 1 in that file is a button that is pressed";

impl Config {
    /// Whether there is a button by which a computer is paired.
    pub fn can_pair(&self) -> bool {
        self.lines.as_ref().is_none_or(|lines| lines.pairing_button.is_some())
    }

    /// The line of the lock: a line of a GPIO chip, `made:FILE` or `file:FILE`.
    pub fn lock(&self) -> String {
        match &self.lines {
            Some(lines) => lines.lock.clone(),
            None => format!("made:{}", self.flash.file.display()),
        }
    }

    /// Whether an operation on the flash waits for the disk.
    pub fn durability(&self) -> Durability {
        if self.made.is_some() { Durability::System } else { Durability::Disk }
    }

    /// Where the pictures of a door that is not made come from.
    pub fn picture_source(&self) -> Option<PictureSource> {
        self.camera.as_ref().and_then(|camera| camera.source().ok())
    }

    /// Reads a configuration.
    ///
    /// # Errors
    /// [`Error::File`]; [`Error::Config`], which names the line.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = file::read(path, MOST).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound if !path.is_symlink() => Error::NoConfig { path: path.to_owned() },
            _ => Error::file(path)(error),
        })?;
        let path = std::path::absolute(path).map_err(Error::file(path))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            Error::Config { path: path.clone(), reason: format!("line {line}: it is no text in UTF-8") }
        })?;
        let mut config = Self::parse(&text, &path)?;
        let folder = path.parent().unwrap_or(Path::new("/"));
        for file in [&mut config.flash.file, &mut config.secret.file] {
            *file = folder.join(&*file);
        }
        if let Some(entropy) = config.made.as_mut().and_then(|made| made.entropy.as_mut()) {
            *entropy = folder.join(&*entropy);
        }
        for line in config.lines.iter_mut().flat_map(Lines::in_files) {
            if let Some(file) = line.strip_prefix("file:") {
                *line = format!("file:{}", folder.join(file).display());
            }
        }
        if let Some(device) = config.camera.as_mut().and_then(|camera| camera.device.as_mut()) {
            *device = folder.join(&*device);
        }
        if let Some(clock) = config.clock.as_mut() {
            clock.while_there = folder.join(&clock.while_there);
        }
        config.keypad = config.keypad.map(|keypad| keypad.within(folder));
        config.host.listen = config.host.listen.within(folder);
        config.bus = config.bus.map(|bus| Listen { listen: bus.listen.within(folder) });
        Ok(config)
    }

    /// The configuration in `text`; `path` is for errors.
    fn parse(text: &str, path: &Path) -> Result<Self> {
        let wrong = |reason: String| Error::Config { path: path.to_owned(), reason };
        let config: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
            wrong(format!("{line}{}", in_words(error.message())))
        })?;
        let at = |section: &str| {
            let line = text.lines().position(|line| line.trim_start().starts_with(section));
            line.map(|line| format!("line {}: ", line + 1)).unwrap_or_default()
        };
        match config.fault() {
            Some((section, reason)) => Err(wrong(format!("{}{reason}", at(section)))),
            None => Ok(config),
        }
    }
}
