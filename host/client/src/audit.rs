//! A board's audit log and its clock.

use protocol::{LogEntry, LogHead, Request, Response};

use crate::{Device, Error, Result};

/// A page of the audit log.
#[derive(Clone, Debug)]
pub struct Page {
    /// By ascending number.
    pub entries: Vec<LogEntry>,
    /// Where the next page begins; none after the last one.
    pub next: Option<u32>,
    /// The number that the next entry will have.
    pub end: u32,
}

impl Device {
    /// The entries of the audit log from the number `from` on; 0 for the oldest that is there.
    ///
    /// # Errors
    /// As any request; refused with `NoLog`.
    pub fn log(&mut self, from: u32) -> Result<Page> {
        match self.link.ask(&Request::ReadLog { from })? {
            // A page that does not lead on would be asked for without end.
            Response::Log { entries, next, end } => {
                Ok(Page { entries: entries.to_vec(), next: next.filter(|next| *next > from), end })
            }
            _ => Err(Error::Garbled),
        }
    }

    /// The head of the audit log, signed by the board, from the first entry with the number `from` or a higher one.
    ///
    /// # Errors
    /// As any request; refused with `NoLog` if there is no such entry.
    pub fn log_head(&mut self, from: u32) -> Result<LogHead> {
        match self.link.ask(&Request::SignLog { from })? {
            Response::LogHead(head) => Ok(head),
            _ => Err(Error::Garbled),
        }
    }

    /// Puts the board's clock to a time, in milliseconds since 1970, UTC.
    ///
    /// # Errors
    /// As any request; refused with `ClockBackwards` or `ClockAhead`.
    pub fn set_clock(&mut self, unix_ms: u64) -> Result<()> {
        self.done(&Request::SetClock { unix_ms })
    }

    /// Puts the board's clock to a time that may be earlier than the one it shows.
    ///
    /// # Errors
    /// As any request; refused with `ClockAhead`, or `ClockBackwards` before 2020.
    pub fn set_clock_back(&mut self, unix_ms: u64) -> Result<()> {
        self.done(&Request::SetClockBack { unix_ms })
    }
}
