//! The door contact: detects a door that is forced open or held open.
//!
//! | state | contact | lock | next state, and alarm |
//! |---|---|---|---|
//! | closed | opens | unlocked now, or within the grace period | open since now |
//! | closed | opens | locked | forced: alarm |
//! | open since `t` | stays open | unlocked | open since now |
//! | open since `t` | stays open for more than `held_ms` | locked | held: alarm, once |
//! | open, held or forced | closes | any | closed |

use serde::{Deserialize, Serialize};

/// Grace period after the lock closes, in milliseconds: a door may still be opening.
const GRACE_MS: u64 = 1000;

/// An alarm of the door or of the tamper contact. A number never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Alarm {
    /// Forced open: the door opened while it was locked.
    Forced = 1,
    /// Held open: the door stays open for too long.
    Held = 2,
    /// Tamper: the cover of the board is open.
    Cover = 3,
}

impl Alarm {
    /// All alarms.
    pub const ALL: [Self; 3] = [Self::Forced, Self::Held, Self::Cover];

    /// The name in one word, for logs and JSON.
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

/// The monitor of the door contact.
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

    /// Takes a reading and returns an alarm when it begins. A `held_ms` of 0 disables the held-open alarm.
    pub fn observe(&mut self, now: u64, open: bool, unlocked: bool, held_ms: u32) -> Option<Alarm> {
        if unlocked {
            self.unlocked = Some(now);
        }
        let allowed = self.unlocked.is_some_and(|last| now.saturating_sub(last) <= GRACE_MS);
        self.state = match self.state {
            _ if !open => State::Closed,
            State::Closed if allowed => State::Open { since: now },
            State::Closed => State::Alarmed(Alarm::Forced),
            // Access was granted while the door is open: restart the held-open time.
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

    /// The active alarm.
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
    fn normal_use_raises_no_alarm() {
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
        // The door opens within the grace period.
        contact.observe(5000, false, true, 10_000);
        assert_eq!(contact.observe(5900, true, false, 10_000), None);
    }

    #[test]
    fn a_forced_door_alarms_once_until_it_closes() {
        let mut contact = Contact::new();
        assert_eq!(contact.observe(0, true, false, 0), Some(Alarm::Forced));
        assert_eq!(contact.observe(20, true, false, 0), None);
        assert_eq!(contact.alarm(), Some(Alarm::Forced));
        assert_eq!(contact.observe(40, false, false, 0), None);
        assert_eq!(contact.alarm(), None);
        assert_eq!(contact.observe(60, true, false, 0), Some(Alarm::Forced));
    }

    #[test]
    fn a_door_held_open_alarms_once() {
        let mut contact = Contact::new();
        contact.observe(0, true, true, 1000);
        assert_eq!(contact.observe(1000, true, false, 1000), None);
        assert_eq!(contact.observe(1001, true, false, 1000), Some(Alarm::Held));
        assert_eq!(contact.observe(1100, true, false, 1000), None);
        contact.observe(1200, false, false, 1000);
        contact.observe(9000, true, true, 0);
        assert_eq!(contact.observe(999_000, true, false, 0), None, "0 disables the alarm");
    }
}
