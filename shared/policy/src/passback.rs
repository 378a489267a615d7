//! Timed anti-passback: nobody enters twice within a given time.
//!
//! A door with one reader does not see people leave. So a second entry of the same person within a short time
//! counts as passback: somebody enters for another person, or holds the door and steps back. The last
//! [`REMEMBERED`] entries are stored; an entry is dropped before its time has elapsed only if more people
//! than that entered meanwhile.

/// Number of entries that are stored.
const REMEMBERED: usize = 32;

/// The last entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passback {
    /// Person and time in milliseconds since boot; a ring buffer.
    entries: [Option<(u32, u64)>; REMEMBERED],
    next: usize,
}

impl Passback {
    /// Without entries.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: [None; REMEMBERED], next: 0 }
    }

    /// Whether `person` entered within the last `within_ms`; always false for 0.
    #[must_use]
    pub fn is_back(&self, person: u32, now: u64, within_ms: u32) -> bool {
        let mut own = self.entries.iter().flatten().filter(|(known, _)| *known == person);
        own.any(|(_, at)| now.saturating_sub(*at) < u64::from(within_ms))
    }

    /// Records that `person` entered at `now`.
    pub fn enter(&mut self, person: u32, now: u64) {
        self.forget(person);
        self.entries[self.next % REMEMBERED] = Some((person, now));
        self.next = (self.next + 1) % REMEMBERED;
    }

    /// Drops the entry of `person`, who may then enter at any time.
    pub fn forget(&mut self, person: u32) {
        for entry in &mut self.entries {
            if entry.is_some_and(|(known, _)| known == person) {
                *entry = None;
            }
        }
    }
}

impl Default for Passback {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_person_who_entered_waits() {
        let mut passback = Passback::new();
        assert!(!passback.is_back(1, 0, 1000));
        passback.enter(1, 100);
        assert!(passback.is_back(1, 1099, 1000));
        assert!(!passback.is_back(1, 1100, 1000));
        assert!(!passback.is_back(2, 200, 1000));
        assert!(!passback.is_back(1, 100, 0), "0 disables it");
        passback.enter(1, 1100);
        assert!(passback.is_back(1, 2000, 1000));
        passback.forget(1);
        assert!(!passback.is_back(1, 2000, 1000));
    }

    #[test]
    fn the_oldest_entry_is_dropped_first() {
        let mut passback = Passback::new();
        for person in 0..=REMEMBERED as u32 {
            passback.enter(person, person.into());
        }
        assert!(!passback.is_back(0, 40, 1000));
        assert!((1..=REMEMBERED as u32).all(|person| passback.is_back(person, 40, 1000)));
    }
}
