//! Anti-passback: who came in does not come in again right away.
//!
//! A door with one reader does not see people leave, so that a second entry within a time counts as
//! one: somebody passes their card, or holds the door and steps back. (Standards call this timed
//! anti-passback.) The last few people are remembered; older ones are forgotten before their time only
//! where more people than that came in within it.

/// People remembered.
const REMEMBERED: usize = 32;

/// Who came in last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passback {
    /// The person and when, in milliseconds since boot; a ring.
    entries: [Option<(u32, u64)>; REMEMBERED],
    next: usize,
}

impl Passback {
    /// Nobody came in.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: [None; REMEMBERED], next: 0 }
    }

    /// Whether `person` came in within the last `within_ms`; never for 0.
    #[must_use]
    pub fn is_back(&self, person: u32, now: u64, within_ms: u32) -> bool {
        let mut own = self.entries.iter().flatten().filter(|(known, _)| *known == person);
        own.any(|(_, at)| now.saturating_sub(*at) < u64::from(within_ms))
    }

    /// `person` came in.
    pub fn enter(&mut self, person: u32, now: u64) {
        self.forget(person);
        self.entries[self.next % REMEMBERED] = Some((person, now));
        self.next = (self.next + 1) % REMEMBERED;
    }

    /// `person` may come in again, as when they are removed.
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
    fn who_came_in_waits_and_others_do_not() {
        let mut passback = Passback::new();
        assert!(!passback.is_back(1, 0, 1000));
        passback.enter(1, 100);
        assert!(passback.is_back(1, 1099, 1000));
        assert!(!passback.is_back(1, 1100, 1000));
        assert!(!passback.is_back(2, 200, 1000));
        assert!(!passback.is_back(1, 100, 0), "0 turns it off");
        passback.enter(1, 1100);
        assert!(passback.is_back(1, 2000, 1000));
        passback.forget(1);
        assert!(!passback.is_back(1, 2000, 1000));
    }

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut passback = Passback::new();
        for person in 0..=REMEMBERED as u32 {
            passback.enter(person, person.into());
        }
        assert!(!passback.is_back(0, 40, 1000));
        assert!((1..=REMEMBERED as u32).all(|person| passback.is_back(person, 40, 1000)));
    }
}
