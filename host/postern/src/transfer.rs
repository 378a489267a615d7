//! How far a transfer to a board is: a bar at a terminal, else a line every few seconds.

use std::time::{Duration, Instant};

use client::protocol::ModelKind;

use crate::output::note;
use crate::progress::Bar;

/// Between two lines where there is no terminal.
const PAUSE: Duration = Duration::from_secs(3);

/// A transfer that is shown.
pub struct Transfer {
    kind: ModelKind,
    bar: Bar,
    /// The next line is due then; none at a terminal, which has the bar.
    due: Option<Instant>,
    /// The first offset, which an earlier transfer reached, and the last.
    from: Option<u64>,
    done: u64,
}

impl Transfer {
    /// Nothing was transferred yet.
    pub fn new(kind: ModelKind) -> Self {
        let style = "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} left";
        let bar = Bar::new(0, style, &kind.to_string());
        let due = bar.is_hidden().then(|| Instant::now() + PAUSE);
        Self { kind, bar, due, from: None, done: 0 }
    }

    /// So many bytes of all are there.
    pub fn advance(&mut self, done: u64, all: u64) {
        self.bar.set_length(all);
        self.bar.set_position(done);
        if self.from.is_none() {
            // The part of an earlier transfer does not count for the rate of this one.
            self.bar.reset_eta();
            self.from = Some(done);
        }
        self.done = done;
        if let Some(due) = self.due.filter(|due| Instant::now() >= *due) {
            note!("{}", line(self.kind, done, all));
            self.due = Some(due + PAUSE);
        }
    }

    /// Ends it, and returns how many bytes were sent over the line.
    pub fn finish(self) -> u64 {
        self.bar.finish_and_clear();
        self.done.saturating_sub(self.from.unwrap_or(self.done))
    }
}

/// How far a transfer is, in words.
fn line(kind: ModelKind, done: u64, all: u64) -> String {
    format!("{kind}: {} of {} KiB, {} %", done / 1024, all.div_ceil(1024), 100 * done / all.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_sent_counts() {
        assert_eq!(line(ModelKind::Encoder, 65_536, 131_000), "encoder: 64 of 128 KiB, 50 %");
        let mut transfer = Transfer::new(ModelKind::Encoder);
        transfer.advance(65_536, 131_000);
        transfer.advance(131_000, 131_000);
        assert_eq!(transfer.finish(), 131_000 - 65_536);
        let mut whole = Transfer::new(ModelKind::Encoder);
        whole.advance(131_000, 131_000);
        assert_eq!(whole.finish(), 0);
    }
}
