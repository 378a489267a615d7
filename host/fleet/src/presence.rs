//! Whether a door is on the broker: it says so itself, and has the broker say when its connection has ended.
//!
//! ```text
//! here    state u8 = 1 | connection u64 LE | time u64 LE | signature, 64      at each connection, and each minute
//! away    state u8 = 0 | connection u64 LE | time u64 LE | signature, 64      the last will of that connection
//! signed  "postern fleet presence 1" | the bytes before the signature
//! ```
//! Times are in milliseconds since 1970. A will is made before its connection, so its time is that of the beginning; the newest
//! `here` says until when the door was heard. A door is away if its will has the number of its newest connection: numbers go up,
//! so the will of one before says nothing. It is away, too, if it was not heard for some minutes: no word of the broker is needed.
//!
//! All operators of a door read the same messages, and the broker sees anyway who is connected: they are signed, and not sealed. A
//! broker can say that a door is away by cutting its line, and that it is there for a few minutes more, and nobody else can.

use serde::{Deserialize, Serialize};

use crate::identity::{Identity, Public};

const SIGNED: &[u8] = b"postern fleet presence 1";
const BODY: usize = 17;
/// How long after its last word a door counts as there, in milliseconds: five minutes, also for clocks that differ.
const SILENT: u64 = 5 * 60 * 1000;

/// What an operator knows of the presence of a door.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// The number of its newest connection.
    pub connection: u64,
    /// When it said last that it was there, in milliseconds since 1970.
    pub heard: u64,
    /// The number of the last connection that has ended.
    pub ended: u64,
}

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// Whether the door is there.
    pub here: bool,
    /// The number of the connection.
    pub connection: u64,
    /// The time.
    pub unix_ms: u64,
}

impl Said {
    /// The bytes of a message, signed by the door.
    #[must_use]
    pub fn sign(&self, door: &Identity) -> Vec<u8> {
        let mut bytes = vec![u8::from(self.here)];
        bytes.extend(self.connection.to_le_bytes());
        bytes.extend(self.unix_ms.to_le_bytes());
        let signature = door.sign(&[SIGNED, &bytes].concat());
        bytes.extend(signature);
        bytes
    }

    /// What a message says, if the door signed it.
    #[must_use]
    pub fn read(door: &Public, message: &[u8]) -> Option<Self> {
        let (body, signature) = message.split_first_chunk::<BODY>()?;
        crypto::verify(&door.signing, &[SIGNED, body].concat(), signature.try_into().ok()?).ok()?;
        let [state, numbers @ ..] = body;
        let (connection, unix_ms) = numbers.split_first_chunk::<8>()?;
        let here = match state {
            0 => false,
            1 => true,
            _ => return None,
        };
        let unix_ms = u64::from_le_bytes(unix_ms.try_into().ok()?);
        Some(Self { here, connection: u64::from_le_bytes(*connection), unix_ms })
    }
}

impl Presence {
    /// Takes a message. One of an older connection changes nothing.
    pub fn take(&mut self, said: Said) {
        if !said.here {
            self.ended = self.ended.max(said.connection);
        } else if said.connection >= self.connection {
            (self.connection, self.heard) = (said.connection, self.heard.max(said.unix_ms));
        }
    }

    /// Whether the door is on the broker at this time, in milliseconds since 1970; `None` if it never said so. It says so each
    /// minute, and five minutes later that says nothing any more: a broker can hold its last will back, or lose it.
    #[must_use]
    pub const fn is_here(&self, unix_ms: u64) -> Option<bool> {
        match self.connection {
            0 => None,
            connection => Some(self.ended < connection && unix_ms.abs_diff(self.heard) <= SILENT),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crypto::Key;

    #[test]
    fn a_door_alone_says_that_it_is_there_and_an_older_will_says_nothing() {
        let (door, other) = (Identity::of(&Key::new([1; 32])), Identity::of(&Key::new([2; 32])));
        let mut presence = Presence::default();
        assert_eq!(presence.is_here(100), None);
        let said = |here, connection| Said { here, connection, unix_ms: 100 + connection };
        let message = said(true, 7).sign(&door);
        assert_eq!(Said::read(&door.public(), &message), Some(said(true, 7)));
        assert_eq!(Said::read(&other.public(), &message), None);
        for at in 0..message.len() {
            let mut changed = message.clone();
            changed[at] ^= 1;
            assert_eq!(Said::read(&door.public(), &changed), None, "byte {at}");
            assert_eq!(Said::read(&door.public(), &message[..at]), None);
        }
        for (message, here) in [
            (said(true, 7), true),
            (said(false, 6), true),
            (said(false, 7), false),
            (said(true, 7), false),
            (said(true, 8), true),
        ] {
            presence.take(message);
            assert_eq!(presence.is_here(200), Some(here), "{message:?}");
        }
        assert_eq!(presence.heard, 108);
    }

    /// The broker holds the last will back, or lost its power together with the door.
    #[test]
    fn a_door_that_is_not_heard_is_not_there_though_nobody_says_that_it_went() {
        let mut presence = Presence::default();
        let hour = 60 * 60 * 1000;
        presence.take(Said { here: true, connection: 5, unix_ms: hour });
        assert_eq!(presence.is_here(hour + SILENT), Some(true));
        assert_eq!(presence.is_here(hour + SILENT + 1), Some(false));
        assert_eq!(presence.is_here(2 * hour), Some(false));
        assert_eq!(presence.is_here(0), Some(false), "a clock that is an hour ahead vouches for no hour");
        presence.take(Said { here: true, connection: 5, unix_ms: 2 * hour });
        assert_eq!(presence.is_here(2 * hour), Some(true));
    }
}
