//! The lock as a state machine, without pins and clocks. The pin is that of a fail-secure lock; `doorway` inverts it for a
//! fail-safe one.
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

/// The longest that one grant holds the lock open.
pub(crate) const MAX_OPEN: Duration = Duration::from_secs(60);

/// What an input changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing.
    None,
    /// The lock is (still) open, from now on until a later time.
    Opened,
    /// The lock closed.
    Locked,
}

/// The lock's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Lock {
    open_until: Option<Instant>,
}

impl Lock {
    /// A locked lock.
    pub(crate) const fn new() -> Self {
        Self { open_until: None }
    }

    /// Unlocks for `time` from now on.
    pub(crate) fn grant(&mut self, now: Instant, time: Duration) -> Change {
        let end = now.saturating_add(time.min(MAX_OPEN));
        if self.open_until.is_some_and(|until| until >= end) || end == now {
            return Change::None;
        }
        self.open_until = Some(end);
        Change::Opened
    }

    /// The time is `now`.
    pub(crate) fn tick(&mut self, now: Instant) -> Change {
        match self.open_until {
            Some(until) if now >= until => self.fault(),
            _ => Change::None,
        }
    }

    /// Locks at once.
    pub(crate) fn fault(&mut self) -> Change {
        match self.open_until.take() {
            Some(_) => Change::Locked,
            None => Change::None,
        }
    }

    /// When the lock closes, if it is open.
    pub(crate) fn open_until(&self) -> Option<Instant> {
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
        let mut lock = Lock::new();
        assert_eq!(lock.tick(at(5)), Change::None);
        assert_eq!(lock.grant(at(10), Duration::from_millis(100)), Change::Opened);
        assert_eq!(lock.tick(at(109)), Change::None);
        assert_eq!(lock.grant(at(50), Duration::from_millis(20)), Change::None);
        assert_eq!(lock.open_until(), Some(at(110)));
        assert_eq!(lock.grant(at(60), Duration::from_millis(100)), Change::Opened);
        assert_eq!(lock.tick(at(110)), Change::None);
        assert_eq!(lock.tick(at(160)), Change::Locked);
        assert_eq!(lock.tick(at(161)), Change::None);
    }

    #[test]
    fn a_fault_locks_and_a_grant_has_its_limits() {
        let mut lock = Lock::new();
        assert_eq!(lock.fault(), Change::None);
        assert_eq!(lock.grant(at(0), Duration::MAX), Change::Opened);
        assert_eq!(lock.open_until(), Some(at(60_000)));
        assert_eq!(lock.fault(), Change::Locked);
        assert_eq!(lock.open_until(), None);
        assert_eq!(lock.grant(at(0), Duration::from_millis(0)), Change::None);
        assert_eq!(lock.open_until(), None);
    }

    proptest! {
        #[test]
        fn it_is_never_open_without_a_grant_in_time(
            inputs in proptest::collection::vec((0u8..3, 0u64..5_000, 0u64..100_000), 0..50),
        ) {
            let (mut lock, mut now, mut allowed) = (Lock::new(), 0, 0);
            for (input, wait, time) in inputs {
                now += wait;
                match input {
                    0 => {
                        lock.grant(at(now), Duration::from_millis(time));
                        allowed = allowed.max(now + time.min(60_000));
                    }
                    1 => { lock.tick(at(now)); }
                    _ => { lock.fault(); allowed = 0; }
                }
                lock.tick(at(now));
                prop_assert_eq!(lock.open_until().is_some(), now < allowed);
            }
        }
    }
}
