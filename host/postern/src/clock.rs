//! What a board's clock shows, for people and for programs.

use audit::Time;
use client::protocol::Clock;
use serde::Serialize;

use crate::audit_log::time_text;

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
