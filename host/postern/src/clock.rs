//! What a board's clock shows, for people and for programs.

use audit::Time;
use client::protocol::Clock;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::output::note;

/// What a clock shows, for a program to read.
#[derive(JsonSchema, Serialize)]
pub struct ClockReport {
    /// What it shows (RFC 3339). `null` if it was never set.
    time: Option<String>,
    /// Whether it was set, and ran since.
    exact: bool,
}

impl ClockReport {
    /// What this clock shows.
    pub fn of(clock: Clock) -> Self {
        let time = Time { unix_ms: clock.unix_ms, exact: clock.exact };
        let text = if time.was_set() { time_text(time.unix_ms) } else { None };
        Self { time: text, exact: clock.exact }
    }

    /// In words.
    pub fn text(&self) -> String {
        match &self.time {
            None => "never set".to_owned(),
            Some(time) if self.exact => time.clone(),
            Some(time) => format!("{time} or later: it was lost since"),
        }
    }
}

/// A clock that is this far from this computer's runs apart from it.
const APART_MS: u64 = 60_000;

/// Says so if the board's clock runs apart from this computer's.
pub fn note_drift(clock: Clock) {
    if let Some(text) = drift(clock, client::unix_ms()) {
        note!("{text}");
    }
}

/// That the board's clock runs apart from this computer's, which shows `here_ms`.
pub fn drift(clock: Clock, here_ms: u64) -> Option<String> {
    let apart = clock.unix_ms.abs_diff(here_ms);
    if !clock.exact || apart < APART_MS {
        return None;
    }
    let (way, how) = match clock.unix_ms < here_ms {
        true => ("behind", "--set"),
        false => ("ahead of", "--set-back"),
    };
    Some(format!(
        "The board's clock is {} {way} this computer's: `postern board clock {how}` sets it.",
        span(apart)
    ))
}

/// A span of time as people say it.
fn span(ms: u64) -> String {
    let of = |count: u64, unit: &str| format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
    match ms / 60_000 {
        minutes @ ..120 => of(minutes, "minute"),
        minutes @ ..2_880 => of(minutes / 60, "hour"),
        minutes => of(minutes / 1_440, "day"),
    }
}

/// A time as RFC 3339 has it; none if it is beyond what that can say.
pub fn time_text(unix_ms: u64) -> Option<String> {
    let time = Timestamp::from_millisecond(i64::try_from(unix_ms).ok()?).ok()?;
    Some(format!("{time:.3}"))
}

/// When the board had run for so long, in UTC as people read it; `None` if its clock is not set.
#[cfg(feature = "console")]
pub fn time_of(uptime_ms: u64, now: &client::protocol::Status) -> Option<String> {
    let before = now.uptime_ms.saturating_sub(uptime_ms);
    let unix_ms = now.clock.exact.then(|| now.clock.unix_ms.saturating_sub(before))?;
    let time = Timestamp::from_millisecond(i64::try_from(unix_ms).ok()?).ok()?;
    Some(time.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_runs_apart_is_said_and_one_that_does_not_is_not() {
        let clock = |unix_ms: u64, exact| Clock { unix_ms, exact };
        let now = 1_800_000_000_000;
        let said = |unix_ms, exact| drift(clock(unix_ms, exact), now);
        assert_eq!(said(now + 59_000, true), None);
        assert_eq!(said(now - 3_600_000, false), None, "a clock that was lost is told elsewhere");
        let behind = said(now - 3_600_000, true).unwrap();
        assert!(behind.contains("60 minutes behind") && behind.contains("--set`"), "{behind}");
        let ahead = said(now + 120_000, true).unwrap();
        assert!(ahead.contains("2 minutes ahead") && ahead.contains("--set-back"), "{ahead}");
        for (apart, text) in [(60_000, "1 minute "), (5 * 3_600_000, "5 hours "), (86_400_000 * 3, "3 days ")]
        {
            let behind = said(now - apart, true).unwrap();
            assert!(behind.contains(text), "{behind}");
        }
    }
}
