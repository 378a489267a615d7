//! The topics of a door.
//!
//! ```text
//! PREFIX/DOOR/status                      online or offline; retained, and the last will
//! PREFIX/DOOR/state                       how the door stands; retained
//! PREFIX/DOOR/event                       an entry of the audit log; not retained
//! PREFIX/DOOR/open                        commands to open, where that is allowed; not retained
//! PREFIX/DOOR/opening                     what came of them; not retained
//! DISCOVERY/device/postern_KEY/config     what Home Assistant is told; retained
//! DISCOVERY/status                        the birth message of Home Assistant: by default all that the bridge listens to
//! ```
//! A name can have any letters and signs, `/`, `+` and `#` among them. `DOOR` is made of it: letters and digits of ASCII and
//! `-` stand for themselves, and `_` with two hexadecimal digits stands for each other byte. So two names never have the same
//! topic, and no name leads to the topic of something else.

use std::fmt::{self, Write};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

/// Bytes that a name for a door may have.
pub const MAX_NAME: usize = 100;

/// What a topic begins with: levels of letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Level(String);

impl FromStr for Level {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let is_level = |level: &str| !level.is_empty() && level.chars().all(plain);
        if text.len() > MAX_NAME || !text.split('/').all(is_level) {
            return Err(Error::Level { text: text.to_owned() });
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Level {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Level> for String {
    fn from(level: Level) -> Self {
        level.0
    }
}

/// The topics of one door.
#[derive(Clone, Debug)]
pub struct Topics {
    /// Whether the door can be reached.
    pub status: String,
    /// How it stands.
    pub state: String,
    /// What happens.
    pub event: String,
    /// What Home Assistant is told.
    pub discovery: String,
    /// The birth message of Home Assistant.
    pub birth: String,
    /// Commands to open.
    pub open: String,
    /// What came of them.
    pub opening: String,
}

impl Topics {
    /// The topics of the door with this name and this public key.
    pub fn of(prefix: &Level, discovery: &Level, name: &str, key: [u8; 32]) -> Self {
        let door = format!("{prefix}/{}", level(name));
        let (open, opening) = opening_topics(prefix, name);
        Self {
            open,
            opening,
            status: format!("{door}/status"),
            state: format!("{door}/state"),
            event: format!("{door}/event"),
            discovery: format!("{discovery}/device/{}/config", identifier(key)),
            birth: format!("{discovery}/status"),
        }
    }
}

/// The topics of a door for commands to open, and for what came of them.
pub fn opening_topics(prefix: &Level, name: &str) -> (String, String) {
    let door = format!("{prefix}/{}", level(name));
    (format!("{door}/open"), format!("{door}/opening"))
}

/// By what Home Assistant recognises a door, whatever it is called: the first bytes of its public key.
pub fn identifier(key: [u8; 32]) -> String {
    let [a, b, c, d, ..] = key;
    format!("postern_{a:02x}{b:02x}{c:02x}{d:02x}")
}

/// A name as a level of a topic.
pub fn level(name: &str) -> String {
    let mut level = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => level.push(byte.into()),
            other => {
                let _ = write!(level, "_{other:02x}");
            }
        }
    }
    level
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sign_of_a_name_is_in_a_topic_raw() {
        let level_of = |text: &str| text.parse::<Level>().expect("a level");
        for (name, expected) in [
            ("linux", "linux"),
            ("a/b", "a_2fb"),
            ("a_2fb", "a_5f2fb"),
            ("+", "_2b"),
            ("#", "_23"),
            ("$SYS", "_24SYS"),
            ("front door\u{7}\0", "front_20door_07_00"),
            ("<b>Tür</b>", "_3cb_3eT_c3_bcr_3c_2fb_3e"),
        ] {
            assert_eq!(level(name), expected);
            let topics = Topics::of(&level_of("postern"), &level_of("homeassistant"), name, [0xAB; 32]);
            assert_eq!(topics.state, format!("postern/{expected}/state"));
            assert_eq!(topics.discovery, "homeassistant/device/postern_abababab/config");
        }
    }

    #[test]
    fn a_prefix_has_levels_and_no_wildcard() {
        for good in ["postern", "home/door-1", "a_b"] {
            assert_eq!(good.parse::<Level>().expect(good).to_string(), good);
        }
        for bad in ["", "/", "a/", "/a", "a//b", "a+", "#", "$SYS", "a b", "tür", &"a".repeat(101)] {
            assert!(bad.parse::<Level>().is_err(), "{bad}");
        }
    }
}
