//! The time of day: a host sets it, and it never runs backwards, unless an installer sets it back.
//!
//! | state | event | next | time |
//! |---|---|---|---|
//! | (boot) | the log is empty | unset | since the first boot |
//! | (boot) | the newest entry is of a restart that was asked for, or that firmware on trial has confirmed itself, and exact | exact | that, and the restart's length |
//! | (boot) | the newest entry is another one | at least | that of the entry |
//! | any | time passes | the same | with the board's own clock |
//! | any | a host sets a time that is not earlier, and not after [`Time::LATEST_MS`] | exact | the time set |
//! | any | an installer sets the clock back, to a time since [`Time::EARLIEST_MS`] | exact | the time set |
//! | any | a host sets a time that is too late | the same | the same; the host is refused |
//! | any | a host sets a time that is up to half a second earlier | exact | the same |
//! | any | a host sets an earlier time | the same | the same; the host is refused |
//! | not exact, or more than [`STEP_MS`] behind | the board's own clock is right, and no earlier | exact | that. Not twice in [`BETWEEN_STEPS`], so that whoever forges the time fills no log |

use audit::{Entry, Kind, Time};
use board_api::ResetReason;
use embassy_time::{Duration, Instant};

/// Clocks this close show the same time: each is rounded, and a message takes its time.
const SAME_MS: u64 = 500;

/// What the clock may be off before it follows one of the board's own.
const STEP_MS: u64 = 2_000;

/// The time between two such steps.
const BETWEEN_STEPS: Duration = Duration::from_secs(600);

/// Why a time cannot be set. The bounds are in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClockRefusal {
    /// It is before this earliest time.
    Before(u64),
    /// It is after this latest time.
    After(u64),
}

/// The clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    /// Milliseconds since 1970 when the board booted.
    booted_ms: u64,
    exact: bool,
    /// When it follows another clock again at the earliest.
    next_step: Instant,
}

impl Clock {
    /// The clock of a board that booted for `reset`, after the newest entry of its log. A restart that was
    /// asked for takes `restart`.
    pub(crate) fn after(newest: Option<Entry>, reset: ResetReason, restart: Duration) -> Self {
        let Some(Entry { kind, time, .. }) = newest else { return Self::at_boot(0, false) };
        let restarted = matches!(kind, Kind::Restart | Kind::Firmware | Kind::Erased);
        let goes_on = restarted && reset == ResetReason::Requested;
        let gap = if goes_on { restart.as_millis() } else { 0 };
        Self::at_boot(time.unix_ms.saturating_add(gap), time.exact && goes_on)
    }

    const fn at_boot(booted_ms: u64, exact: bool) -> Self {
        Self { booted_ms, exact, next_step: Instant::MIN }
    }

    /// The time at an instant.
    pub(crate) fn at(&self, instant: Instant) -> Time {
        Time { unix_ms: self.booted_ms.saturating_add(instant.as_millis()), exact: self.exact }
    }

    /// The time.
    pub(crate) fn now(&self) -> Time {
        self.at(Instant::now())
    }

    /// Sets the clock; with `back`, also to a time before that which it shows. Returns the time before.
    ///
    /// # Errors
    /// [`ClockRefusal`].
    pub(crate) fn set(&mut self, unix_ms: u64, back: bool) -> Result<Time, ClockRefusal> {
        let before = self.now();
        let earliest = if back { Time::EARLIEST_MS } else { before.unix_ms.max(Time::EARLIEST_MS) };
        let behind = earliest.saturating_sub(unix_ms);
        let unix_ms = if back || behind > SAME_MS { unix_ms } else { unix_ms.max(earliest) };
        if unix_ms < earliest {
            return Err(ClockRefusal::Before(earliest));
        }
        if unix_ms > Time::LATEST_MS {
            return Err(ClockRefusal::After(Time::LATEST_MS));
        }
        (self.booted_ms, self.exact) = (unix_ms.saturating_sub(Instant::now().as_millis()), true);
        Ok(before)
    }

    /// The time that `was` shows; the next step is as far away as for this one.
    pub(crate) fn back_to(&self, was: &Self) -> Self {
        Self { next_step: self.next_step, ..*was }
    }

    /// Follows a clock that is right. Returns the time before, if it was set.
    pub(crate) fn follow(&mut self, unix_ms: u64) -> Option<Time> {
        let (time, now) = (self.now(), Instant::now());
        let is_right = time.exact && unix_ms.abs_diff(time.unix_ms) <= STEP_MS;
        if is_right || now < self.next_step {
            return None;
        }
        let before = self.set(unix_ms, false).ok()?;
        self.next_step = now + BETWEEN_STEPS;
        Some(before)
    }
}
