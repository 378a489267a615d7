//! Agreement over frames: one frame may be wrong, several in a row rarely are.
//!
//! The door opens when `needed` frames in a row show the same person. A frame with the same number counts once. The
//! count restarts at a frame that shows another person or nobody known, and after a pause longer than [`MEMORY`].

use embassy_time::{Duration, Instant};

/// The longest pause between two frames of one count.
const MEMORY: Duration = Duration::from_secs(15);

/// The count after a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Frames in a row that agree, this one included; 0 if it shows nobody known.
    pub(crate) count: u8,
    /// Whether these are enough. If so, the count restarts.
    pub(crate) agreed: bool,
}

/// Counts frames in a row that show the same person.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Agreement {
    person: Option<u32>,
    count: u8,
    last: Option<(u32, Instant)>,
}

impl Agreement {
    /// No frames yet.
    pub(crate) const fn new() -> Self {
        Self { person: None, count: 0, last: None }
    }

    /// Takes the frame with this number. `person` is `None` if it shows nobody known. At least one frame is needed.
    pub(crate) fn see(&mut self, sequence: u32, now: Instant, person: Option<u32>, needed: u8) -> Seen {
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

    /// Forgets the frames so far.
    pub(crate) fn reset(&mut self) {
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
    fn three_in_a_row_agree_and_then_the_count_restarts() {
        let mut agreement = Agreement::new();
        assert_eq!(see(&mut agreement, 1, 0, 7), (1, false));
        assert_eq!(see(&mut agreement, 2, 1, 7), (2, false));
        assert_eq!(see(&mut agreement, 3, 2, 7), (3, true));
        assert_eq!(see(&mut agreement, 4, 3, 7), (1, false));
    }

    #[test]
    fn a_frame_counts_once() {
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
    fn needing_no_frame_needs_one() {
        let seen = Agreement::new().see(1, Instant::from_secs(0), None, 0);
        assert!(!seen.agreed);
        let seen = Agreement::new().see(1, Instant::from_secs(0), Some(1), 0);
        assert!(seen.agreed);
    }
}
