//! The door's contact: is the door itself where the lock says?
//!
//! | state | contact | lock | next state, and alarm |
//! |---|---|---|---|
//! | closed | opens | open, or was within the grace | open since now |
//! | closed | opens | locked | forced: alarm |
//! | open since `t` | still open | any, longer than `held_ms` since `t` | held: alarm, once |
//! | open, held or forced | closes | any | closed |

use serde::{Deserialize, Serialize};

/// After the lock closed the door may still be on its way.
const GRACE_MS: u64 = 1000;

/// What is wrong with the door, or the board's cover. Numbers are never given another meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Alarm {
    /// The door opened while it was locked.
    Forced = 1,
    /// The door stands open for too long.
    Held = 2,
    /// The cover is open.
    Cover = 3,
}

impl Alarm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Forced, Self::Held, Self::Cover];

    /// In one word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Forced => "forced",
            Self::Held => "held",
            Self::Cover => "cover",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed,
    Open { since: u64 },
    Alarmed(Alarm),
}

/// Watches the contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contact {
    state: State,
    unlocked: Option<u64>,
}

impl Contact {
    /// A closed door.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: State::Closed, unlocked: None }
    }

    /// Takes a reading; returns an alarm when it begins. `held_ms` of 0 lets the door stand open.
    pub fn observe(&mut self, now: u64, open: bool, unlocked: bool, held_ms: u32) -> Option<Alarm> {
        if unlocked {
            self.unlocked = Some(now);
        }
        let allowed = self.unlocked.is_some_and(|last| now.saturating_sub(last) <= GRACE_MS);
        self.state = match self.state {
            _ if !open => State::Closed,
            State::Closed if allowed => State::Open { since: now },
            State::Closed => State::Alarmed(Alarm::Forced),
            // Somebody who may pass does so while it stands open.
            State::Open { .. } if unlocked => State::Open { since: now },
            State::Open { since } if held_ms > 0 && now.saturating_sub(since) > held_ms.into() => {
                State::Alarmed(Alarm::Held)
            }
            state => return self.keep(state),
        };
        match self.state {
            State::Alarmed(alarm) => Some(alarm),
            _ => None,
        }
    }

    /// The alarm that goes on.
    #[must_use]
    pub const fn alarm(&self) -> Option<Alarm> {
        match self.state {
            State::Alarmed(alarm) => Some(alarm),
            _ => None,
        }
    }

    fn keep(&mut self, state: State) -> Option<Alarm> {
        self.state = state;
        None
    }
}

impl Default for Contact {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_that_is_used_as_it_should_raises_nothing() {
        let mut contact = Contact::new();
        for (now, open, unlocked) in [
            (0, false, false),
            (100, false, true),
            (200, true, true),
            (3000, true, false),
            (4000, false, false),
        ] {
            assert_eq!(contact.observe(now, open, unlocked, 10_000), None);
        }
        // On its way while the lock closes.
        contact.observe(5000, false, true, 10_000);
        assert_eq!(contact.observe(5900, true, false, 10_000), None);
    }

    #[test]
    fn forced_once_until_it_closes() {
        let mut contact = Contact::new();
        assert_eq!(contact.observe(0, true, false, 0), Some(Alarm::Forced));
        assert_eq!(contact.observe(20, true, false, 0), None);
        assert_eq!(contact.alarm(), Some(Alarm::Forced));
        assert_eq!(contact.observe(40, false, false, 0), None);
        assert_eq!(contact.alarm(), None);
        assert_eq!(contact.observe(60, true, false, 0), Some(Alarm::Forced));
    }

    #[test]
    fn held_open_once() {
        let mut contact = Contact::new();
        contact.observe(0, true, true, 1000);
        assert_eq!(contact.observe(1000, true, false, 1000), None);
        assert_eq!(contact.observe(1001, true, false, 1000), Some(Alarm::Held));
        assert_eq!(contact.observe(1100, true, false, 1000), None);
        contact.observe(1200, false, false, 1000);
        contact.observe(9000, true, true, 0);
        assert_eq!(contact.observe(999_000, true, false, 0), None, "0 lets it stand open");
    }
}
