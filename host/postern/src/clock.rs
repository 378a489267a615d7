//! What a board's clock shows, for people and for programs.

use audit::Time;
use client::protocol::Clock;
use jiff::Timestamp;
use serde::Serialize;

/// What a clock shows, for a program to read.
#[derive(Serialize)]
pub struct ClockReport {
    /// None if it was never set.
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

/// A time as RFC 3339 has it; none if it is beyond what that can say.
pub fn time_text(unix_ms: u64) -> Option<String> {
    let time = Timestamp::from_millisecond(i64::try_from(unix_ms).ok()?).ok()?;
    Some(format!("{time:.3}"))
}
