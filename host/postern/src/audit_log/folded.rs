//! Entries of pauses that follow one another, as one line for people. One photograph before the camera of a board that runs here
//! pauses its door several times; without this they hide who passed. Programs read each entry, and so does the check.

use audit::{Entry, Kind};
use client::protocol::LogEntry;

use super::{Names, to_text};

/// Lines of entries, which are in order; each with its first entry.
pub fn folded<'a>(entries: &'a [LogEntry], names: &Names) -> Vec<(&'a LogEntry, String)> {
    let both = |one: &LogEntry, next: &LogEntry| is_pause(one) && is_pause(next);
    entries.chunk_by(both).filter_map(|run| Some((run.first()?, text(run, names)?))).collect()
}

fn is_pause(entry: &LogEntry) -> bool {
    Entry::from_bytes(&entry.entry).is_some_and(|entry| entry.kind == Kind::Paused)
}

fn text(run: &[LogEntry], names: &Names) -> Option<String> {
    let first = to_text(run.first()?, names);
    Some(match run.len() - 1 {
        0 => first,
        more => {
            let entries = if more == 1 { "entry" } else { "entries" };
            format!("{first}; {more} more {entries} of pauses, up to {}", run.last()?.number)
        }
    })
}

#[cfg(test)]
mod tests {
    use audit::Time;

    use super::*;

    #[test]
    fn pauses_in_a_row_are_one_line_and_nothing_else_is_hidden() {
        let entry = |number, kind| {
            let time = Time { unix_ms: 0, exact: false };
            let entry = Entry { kind, reason: 0, person: None, score: 0, detail: [0; 12], time };
            LogEntry { number, entry: entry.to_bytes(), chain: [0; audit::CHAIN_BYTES] }
        };
        let kinds = [
            Kind::Paused,
            Kind::Paused,
            Kind::Paused,
            Kind::Button,
            Kind::Paused,
            Kind::Button,
            Kind::Button,
        ];
        let entries: Vec<LogEntry> = (1..).zip(kinds).map(|(number, kind)| entry(number, kind)).collect();
        let lines = folded(&entries, &Names::of(Vec::new()));
        let numbers: Vec<u32> = lines.iter().map(|(entry, _)| entry.number).collect();
        assert_eq!(numbers, [1, 4, 5, 6, 7]);
        assert!(lines[0].1.ends_with("; 2 more entries of pauses, up to 3"), "{}", lines[0].1);
        assert!(!lines[2].1.contains("more"), "{}", lines[2].1);
    }
}
