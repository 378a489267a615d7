//! The door's lock as a state machine, apart from pins and clocks.
//!
//! | state | input | next state | pin |
//! |---|---|---|---|
//! | (boot) | | locked | low |
//! | locked | grant for `t` | open until now + `t` | high |
//! | locked | time passes | locked | low |
//! | open | grant for `t` | open until the later of both ends | high |
//! | open | time passes, not over | open | high |
//! | open | time is over | locked | low |
//! | any | fault | locked | low |
//!
//! A grant for longer than [`MAX_OPEN`] is cut to it.

use embassy_time::{Duration, Instant};
use protocol::{Name, PersonId};

/// The longest that one grant holds the lock open.
pub const MAX_OPEN: Duration = Duration::from_secs(60);

/// Why the lock opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// Somebody inside pressed the button.
    Button,
    /// Somebody was recognised.
    Person {
        /// The picture that decided.
        frame: u32,
        /// Who.
        person: PersonId,
        /// Their name.
        name: Name,
    },
}

/// What an input changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// The lock is (still) open, from now on until a later time.
    Opened,
    /// The lock closed.
    Locked,
}

/// The lock's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Door {
    open_until: Option<Instant>,
}

impl Door {
    /// A locked door.
    pub const fn new() -> Self {
        Self { open_until: None }
    }

    /// Somebody may pass within the next `time`.
    pub fn grant(&mut self, now: Instant, time: Duration) -> Change {
        let end = now.saturating_add(time.min(MAX_OPEN));
        if self.open_until.is_some_and(|until| until >= end) || end == now {
            return Change::None;
        }
        self.open_until = Some(end);
        Change::Opened
    }

    /// Time has come to `now`.
    pub fn tick(&mut self, now: Instant) -> Change {
        match self.open_until {
            Some(until) if now >= until => self.fault(),
            _ => Change::None,
        }
    }

    /// Something is wrong: lock.
    pub fn fault(&mut self) -> Change {
        match self.open_until.take() {
            Some(_) => Change::Locked,
            None => Change::None,
        }
    }

    /// When the lock closes, if it is open.
    pub fn open_until(&self) -> Option<Instant> {
        self.open_until
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ms: u64) -> Instant {
        Instant::from_millis(ms)
    }

    #[test]
    fn it_opens_for_its_time_and_locks() {
        let mut door = Door::new();
        assert_eq!(door.tick(at(5)), Change::None);
        assert_eq!(door.grant(at(10), Duration::from_millis(100)), Change::Opened);
        assert_eq!(door.tick(at(109)), Change::None);
        assert_eq!(door.grant(at(50), Duration::from_millis(20)), Change::None);
        assert_eq!(door.open_until(), Some(at(110)));
        assert_eq!(door.grant(at(60), Duration::from_millis(100)), Change::Opened);
        assert_eq!(door.tick(at(110)), Change::None);
        assert_eq!(door.tick(at(160)), Change::Locked);
        assert_eq!(door.tick(at(161)), Change::None);
    }

    #[test]
    fn a_fault_locks_and_a_grant_has_its_limits() {
        let mut door = Door::new();
        assert_eq!(door.fault(), Change::None);
        assert_eq!(door.grant(at(0), Duration::MAX), Change::Opened);
        assert_eq!(door.open_until(), Some(at(60_000)));
        assert_eq!(door.fault(), Change::Locked);
        assert_eq!(door.open_until(), None);
        assert_eq!(door.grant(at(0), Duration::from_millis(0)), Change::None);
        assert_eq!(door.open_until(), None);
    }

    proptest! {
        #[test]
        fn it_is_never_open_without_a_grant_in_time(
            inputs in proptest::collection::vec((0u8..3, 0u64..5_000, 0u64..100_000), 0..50),
        ) {
            let (mut door, mut now, mut allowed) = (Door::new(), 0, 0);
            for (input, wait, time) in inputs {
                now += wait;
                match input {
                    0 => {
                        door.grant(at(now), Duration::from_millis(time));
                        allowed = allowed.max(now + time.min(60_000));
                    }
                    1 => { door.tick(at(now)); }
                    _ => { door.fault(); allowed = 0; }
                }
                door.tick(at(now));
                prop_assert_eq!(door.open_until().is_some(), now < allowed);
            }
        }
    }
}
