//! The version of the protocol that a board speaks, and what is asked of a board that speaks the one before or after.
//!
//! Firmware that falls back, and firmware that is updated, may speak another version than this program. Such a board is sent firmware
//! and nothing else: the bytes of those requests and of their replies do not change ([`Request::keeps_its_bytes`]). One reply was
//! longer from version 8 on.
//!
//! | version | body of `Response::Firmware` |
//! |---|---|
//! | 7 | `14`, slot, newest, pending, trial |
//! | 8 | `14`, slot, running, newest, pending, trial |

use std::borrow::Cow;

use protocol::{Request, Text, VERSION};

use crate::{Error, Result};

/// The first byte of `Response::Firmware`.
const FIRMWARE: u8 = 0x14;
/// The first version whose boards say which release runs.
const SAYS_RUNNING: u16 = 8;

/// What a board said of itself.
#[derive(Clone, Debug)]
pub(crate) struct Spoken {
    /// The version of the protocol.
    pub(crate) version: u16,
    /// The version of the firmware.
    pub(crate) firmware: Text,
}

impl Spoken {
    /// What a board says that speaks as this program does.
    pub(crate) const fn alike() -> Self {
        Self { version: VERSION, firmware: Text::new() }
    }

    /// Whether the versions are the same or follow each other.
    pub(crate) const fn is_near(version: u16) -> bool {
        VERSION.abs_diff(version) <= 1
    }

    /// That the board speaks another version.
    pub(crate) fn differs(&self) -> Error {
        let firmware = if self.firmware.is_empty() { "unknown" } else { &self.firmware };
        Error::Version { board: self.version, host: VERSION, firmware: firmware.to_owned() }
    }

    /// Refuses what a board of another version would read as something else.
    pub(crate) fn check(&self, request: &Request<'_>) -> Result<()> {
        match self.version == VERSION || request.keeps_its_bytes() {
            true => Ok(()),
            false => Err(self.differs()),
        }
    }
}

/// The body of a response as this version of the protocol has it. A release that the board does not tell is 0.
pub(crate) fn translate(version: u16, body: &[u8]) -> Cow<'_, [u8]> {
    match body {
        [FIRMWARE, slot, rest @ ..] if version < SAYS_RUNNING => {
            Cow::Owned([&[FIRMWARE, *slot, 0], rest].concat())
        }
        _ => Cow::Borrowed(body),
    }
}
