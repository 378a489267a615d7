//! Failures by person and factor, and the lockouts that follow from them.
//!
//! A failure counts against the claimed person and the factor that failed. So whoever fails shuts the door to
//! the person they claim to be, and to nobody else. Only that person's complete success clears their failures.
//!
//! | person | factor | counts |
//! |---|---|---|
//! | somebody | PIN | wrong PINs after their face |
//! | somebody | face | faces that fail liveness and look like them; other faces after their PIN (1:1 mode) |
//! | nobody | PIN | PINs of nobody, in 1:1 mode. Forgotten [`FORGET_MS`] after the last one |
//! | nobody | face | strangers, and what fails liveness and looks like nobody. Forgotten in the same way |
//!
//! There are [`MAX_TALLIES`] of them. If all are taken, the one with the fewest failures gives way.

use crate::Lockout;

/// Most tallies that are kept.
pub const MAX_TALLIES: usize = 12;

/// When failures that claim to be nobody are forgotten: an hour.
const FORGET_MS: u64 = 60 * 60 * 1000;

/// What failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Factor {
    /// The face.
    Face = 0,
    /// The PIN.
    Pin = 1,
}

/// The failures of one person in one factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// The person that the failures claimed to be; `None` for no person.
    pub person: Option<u32>,
    /// What failed.
    pub factor: Factor,
    /// The failures.
    pub lockout: Lockout,
    /// When the last one was, in milliseconds since boot.
    pub last: u64,
}

/// All failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tallies([Option<Tally>; MAX_TALLIES]);

impl Tallies {
    /// No failures.
    #[must_use]
    pub const fn new() -> Self {
        Self([None; MAX_TALLIES])
    }

    /// The tallies that are taken.
    pub fn iter(&self) -> impl Iterator<Item = &Tally> {
        self.0.iter().flatten()
    }

    /// Takes a tally that was kept over a reset.
    pub fn restore(&mut self, tally: Tally) {
        if let Some(place) = self.0.iter_mut().find(|place| place.is_none()) {
            *place = Some(tally);
        }
    }

    /// The end of the lockout of a person in a factor, in milliseconds since boot; `None` if there is none.
    #[must_use]
    pub fn locked_out_until(&self, person: Option<u32>, factor: Factor, now: u64) -> Option<u64> {
        let own = self.iter().find(|tally| (tally.person, tally.factor) == (person, factor));
        own.and_then(|tally| tally.lockout.locked_out_until(now))
    }

    /// The end of the longer lockout of a person, or of nobody, in either factor; `None` if there is none.
    #[must_use]
    pub fn shut_until(&self, person: Option<u32>, now: u64) -> Option<u64> {
        [Factor::Face, Factor::Pin]
            .into_iter()
            .filter_map(|factor| self.locked_out_until(person, factor, now))
            .max()
    }

    /// Whether somebody is locked out in either factor.
    #[must_use]
    pub fn is_locked_out(&self, person: u32, now: u64) -> bool {
        self.shut_until(Some(person), now).is_some()
    }

    /// Counts a failure. Returns the end of the lockout if this failure starts one.
    pub fn fail(
        &mut self,
        person: Option<u32>,
        factor: Factor,
        now: u64,
        limit: u8,
        first_ms: u32,
    ) -> Option<u64> {
        let own = |tally: &Tally| (tally.person, tally.factor) == (person, factor);
        let place = self.0.iter().position(|place| place.as_ref().is_some_and(own));
        let place = place.or_else(|| self.0.iter().position(Option::is_none)).or_else(|| self.least(now));
        let place = self.0.get_mut(place?)?;
        let new = Tally { person, factor, lockout: Lockout::new(), last: now };
        let mut tally = place.filter(own).unwrap_or(new);
        if person.is_none() && now.saturating_sub(tally.last) > FORGET_MS {
            tally.lockout = Lockout::new();
        }
        tally.last = now;
        let until = tally.lockout.fail(now, limit, first_ms);
        *place = Some(tally);
        until
    }

    /// Clears the failures of a person: they passed, or are no longer enrolled.
    pub fn clear(&mut self, person: u32) {
        for place in &mut self.0 {
            *place = place.filter(|tally| tally.person != Some(person));
        }
    }

    /// The place of the tally with the fewest failures.
    fn least(&self, now: u64) -> Option<usize> {
        let weight = |place: &Option<Tally>| {
            place.map(|tally| {
                (tally.lockout.locked_out_until(now), tally.lockout.times(), tally.lockout.failures())
            })
        };
        (0..MAX_TALLIES).min_by_key(|place| self.0.get(*place).map(weight))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_count_by_person_and_factor_and_only_their_success_clears_them() {
        let mut tallies = Tallies::new();
        let fail = |tallies: &mut Tallies, person, factor| tallies.fail(person, factor, 0, 2, 1000);
        assert_eq!(fail(&mut tallies, Some(1), Factor::Pin), None);
        assert_eq!(fail(&mut tallies, Some(1), Factor::Face), None, "another factor");
        assert_eq!(fail(&mut tallies, Some(2), Factor::Pin), None, "another person");
        tallies.clear(2);
        assert_eq!(fail(&mut tallies, Some(1), Factor::Pin), Some(1000));
        assert!(tallies.is_locked_out(1, 999) && !tallies.is_locked_out(2, 999));
        assert_eq!(tallies.locked_out_until(Some(1), Factor::Face, 0), None);
        tallies.clear(1);
        assert_eq!(tallies, Tallies::new());
    }

    #[test]
    fn the_tally_with_the_fewest_failures_gives_way() {
        let mut tallies = Tallies::new();
        for person in 0..MAX_TALLIES as u32 {
            for _ in 0..=u32::from(person != 5) {
                tallies.fail(Some(person), Factor::Pin, 0, 10, 1000);
            }
        }
        tallies.fail(Some(99), Factor::Pin, 0, 10, 1000);
        assert!(tallies.iter().all(|tally| tally.person != Some(5)));
        assert_eq!(tallies.iter().count(), MAX_TALLIES);
    }

    #[test]
    fn failures_of_nobody_are_forgotten_after_an_hour() {
        let mut tallies = Tallies::new();
        assert_eq!(tallies.fail(None, Factor::Face, 0, 2, 1000), None);
        assert_eq!(tallies.fail(None, Factor::Face, FORGET_MS + 1, 2, 1000), None);
        assert!(tallies.fail(None, Factor::Face, FORGET_MS + 2, 2, 1000).is_some());
    }
}
