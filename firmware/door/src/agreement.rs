//! Agreement: one picture may mislead, several in a row hardly do.
//!
//! The lock opens when `needed` pictures in a row show the same person. A picture counts
//! once, however often it is looked at, and one that shows nobody known, or somebody else, begins
//! anew; so does a pause longer than [`MEMORY`], for people come and go in between.

use embassy_time::{Duration, Instant};
use protocol::PersonId;

/// The longest pause between two pictures that count together.
const MEMORY: Duration = Duration::from_secs(15);

/// What a picture made of the count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Pictures in a row that agree, this one included; 0 if it shows nobody known.
    pub count: u8,
    /// Whether these are enough. If so, the count begins anew.
    pub agreed: bool,
}

/// Counts pictures in a row that show the same person.
#[derive(Debug, Clone, Copy, Default)]
pub struct Agreement {
    person: Option<PersonId>,
    count: u8,
    last: Option<(u32, Instant)>,
}

impl Agreement {
    /// No pictures yet.
    pub const fn new() -> Self {
        Self { person: None, count: 0, last: None }
    }

    /// Takes the picture with this sequence number, which shows `person`, if anybody known.
    /// At least one picture is needed.
    pub fn see(&mut self, sequence: u32, now: Instant, person: Option<PersonId>, needed: u8) -> Seen {
        let before = self.last.replace((sequence, now));
        if before.is_some_and(|(last, _)| last == sequence) {
            return Seen { count: self.count, agreed: false };
        }
        let paused = before.is_some_and(|(_, at)| now.saturating_duration_since(at) > MEMORY);
        if person != self.person || paused {
            self.person = person;
            self.count = 0;
        }
        if person.is_none() {
            return Seen { count: 0, agreed: false };
        }
        self.count = self.count.saturating_add(1);
        let seen = Seen { count: self.count, agreed: self.count >= needed.max(1) };
        if seen.agreed {
            self.reset();
        }
        seen
    }

    /// Forgets the pictures so far, as when gallery or settings change.
    pub fn reset(&mut self) {
        self.person = None;
        self.count = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn see(agreement: &mut Agreement, sequence: u32, second: u64, person: u32) -> (u8, bool) {
        let person = (person > 0).then_some(person);
        let seen = agreement.see(sequence, Instant::from_secs(second), person, 3);
        (seen.count, seen.agreed)
    }

    #[test]
    fn three_in_a_row_agree_and_then_it_begins_anew() {
        let mut agreement = Agreement::new();
        assert_eq!(see(&mut agreement, 1, 0, 7), (1, false));
        assert_eq!(see(&mut agreement, 2, 1, 7), (2, false));
        assert_eq!(see(&mut agreement, 3, 2, 7), (3, true));
        assert_eq!(see(&mut agreement, 4, 3, 7), (1, false));
    }

    #[test]
    fn a_picture_counts_once() {
        let mut agreement = Agreement::new();
        for _ in 0..5 {
            assert_eq!(see(&mut agreement, 1, 0, 7), (1, false));
        }
        assert_eq!(see(&mut agreement, 2, 0, 7), (2, false));
    }

    #[test]
    fn strangers_others_and_pauses_interrupt() {
        let mut agreement = Agreement::new();
        see(&mut agreement, 1, 0, 7);
        see(&mut agreement, 2, 1, 7);
        assert_eq!(see(&mut agreement, 3, 2, 0), (0, false));
        assert_eq!(see(&mut agreement, 4, 3, 7), (1, false));
        see(&mut agreement, 5, 4, 7);
        assert_eq!(see(&mut agreement, 6, 5, 8), (1, false));
        see(&mut agreement, 7, 6, 8);
        assert_eq!(see(&mut agreement, 8, 60, 8), (1, false));
    }

    #[test]
    fn needing_no_picture_needs_one() {
        let seen = Agreement::new().see(1, Instant::from_secs(0), None, 0);
        assert!(!seen.agreed);
        let seen = Agreement::new().see(1, Instant::from_secs(0), Some(1), 0);
        assert!(seen.agreed);
    }
}
