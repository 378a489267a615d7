//! The time of day: a host sets it, and it never runs backwards.
//!
//! | state | event | next | time |
//! |---|---|---|---|
//! | (boot) | the log is empty | unset | since the first boot |
//! | (boot) | the newest entry is of a restart that was asked for, and exact | exact | that, and the restart's length |
//! | (boot) | the newest entry is another one | at least | that of the entry |
//! | any | time passes | the same | with the board's own clock |
//! | any | a host sets a time that is not earlier | exact | the time set |
//! | any | a host sets an earlier time | the same | the same; the host is refused |

use audit::{Entry, Kind, Time};
use board_api::ResetReason;
use embassy_time::{Duration, Instant};

/// The clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    /// Milliseconds since 1970 when the board booted.
    booted_ms: u64,
    exact: bool,
}

impl Clock {
    /// The clock of a board that booted for `reset`, after the newest entry of its log. A restart that was
    /// asked for takes `restart`.
    pub(crate) fn after(newest: Option<Entry>, reset: ResetReason, restart: Duration) -> Self {
        let Some(Entry { kind, time, .. }) = newest else { return Self { booted_ms: 0, exact: false } };
        let goes_on = kind == Kind::Restart && reset == ResetReason::Requested;
        let gap = if goes_on { restart.as_millis() } else { 0 };
        Self { booted_ms: time.unix_ms.saturating_add(gap), exact: time.exact && goes_on }
    }

    /// The time at an instant.
    pub(crate) fn at(&self, instant: Instant) -> Time {
        Time { unix_ms: self.booted_ms.saturating_add(instant.as_millis()), exact: self.exact }
    }

    /// The time.
    pub(crate) fn now(&self) -> Time {
        self.at(Instant::now())
    }

    /// Sets the clock. Returns the time before.
    ///
    /// # Errors
    /// The earliest time that can be set, in milliseconds since 1970.
    pub(crate) fn set(&mut self, unix_ms: u64) -> Result<Time, u64> {
        let before = self.now();
        let earliest = before.unix_ms.max(Time::EARLIEST_MS);
        if unix_ms < earliest {
            return Err(earliest);
        }
        *self = Self { booted_ms: unix_ms.saturating_sub(Instant::now().as_millis()), exact: true };
        Ok(before)
    }
}
