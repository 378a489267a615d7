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
//! There are [`MAX_TALLIES`] of them, and two more: one a factor, for [`OTHERS`]. If all are taken, one gives way that had
//! no failure for a day. If there is none, the failures of everybody else count together, for the others. So nobody's
//! count is displaced by failures of other people, and nobody is without a count.

use crate::Lockout;

/// Most tallies that are kept, besides those of [`OTHERS`].
pub const MAX_TALLIES: usize = 10;
/// All places: those of the others are the last.
pub const PLACES: usize = MAX_TALLIES + 2;

/// In place of a person: everybody who has no tally while all are taken. Nobody has this id.
pub const OTHERS: u32 = u32::MAX;

/// When failures that claim to be nobody are forgotten: an hour.
const FORGET_MS: u64 = 60 * 60 * 1000;
/// When the tally of somebody gives way to another one, and failures of the others are forgotten: a day.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

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
pub struct Tallies([Option<Tally>; PLACES]);

impl Tallies {
    /// No failures.
    #[must_use]
    pub const fn new() -> Self {
        Self([None; PLACES])
    }

    /// The tallies that are taken.
    pub fn iter(&self) -> impl Iterator<Item = &Tally> {
        self.0.iter().flatten()
    }

    /// Takes a tally that was kept over a reset.
    pub fn restore(&mut self, tally: Tally) {
        let place = match tally.person {
            Some(OTHERS) => Some(others(tally.factor)),
            _ => self.0.iter().take(MAX_TALLIES).position(Option::is_none),
        };
        if let Some(place) = place.and_then(|place| self.0.get_mut(place)) {
            *place = Some(tally);
        }
    }

    /// The end of the lockout of a person in a factor, in milliseconds since boot; `None` if there is none.
    #[must_use]
    pub fn locked_out_until(&self, person: Option<u32>, factor: Factor, now: u64) -> Option<u64> {
        let tally = self.0.get(self.place(person, factor, now))?.as_ref()?;
        // A tally that would give way says nothing of somebody else.
        let counts = tally.person == person || tally.person == Some(OTHERS);
        tally.lockout.locked_out_until(now).filter(|_| counts)
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
        let index = self.place(person, factor, now);
        let person = if index < MAX_TALLIES { person } else { Some(OTHERS) };
        let place = self.0.get_mut(index)?;
        let own = |tally: &Tally| (tally.person, tally.factor) == (person, factor);
        let new = Tally { person, factor, lockout: Lockout::new(), last: now };
        let mut tally = place.filter(own).unwrap_or(new);
        let forgotten = match person {
            None => FORGET_MS,
            Some(OTHERS) => DAY_MS,
            Some(_) => u64::MAX,
        };
        if now.saturating_sub(tally.last) > forgotten {
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

    /// The place where failures of a person in a factor count.
    fn place(&self, person: Option<u32>, factor: Factor, now: u64) -> usize {
        let places = || self.0.iter().take(MAX_TALLIES);
        let own = places().position(|place| {
            place.as_ref().is_some_and(|tally| (tally.person, tally.factor) == (person, factor))
        });
        let old = |tally: &Tally| {
            tally.lockout.locked_out_until(now).is_none() && now.saturating_sub(tally.last) > DAY_MS
        };
        own.or_else(|| places().position(Option::is_none))
            .or_else(|| places().position(|place| place.as_ref().is_some_and(old)))
            .unwrap_or(others(factor))
    }
}

/// The place of the others.
const fn others(factor: Factor) -> usize {
    MAX_TALLIES + factor as usize
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
    fn no_failures_displace_those_of_others() {
        let mut tallies = Tallies::new();
        let mut fail = |person, now| tallies.fail(Some(person), Factor::Pin, now, 3, 1000);
        assert_eq!((fail(0, 0), fail(0, 0)), (None, None));
        for person in 1..200 {
            fail(person, 0);
        }
        assert!(fail(0, 0).is_some(), "the count of the first is still there");
        // Those without a tally share one, and it locks them all out.
        assert_eq!(tallies.iter().count(), MAX_TALLIES + 1);
        assert!(
            tallies.is_locked_out(199, 0) && tallies.is_locked_out(500, 0) && !tallies.is_locked_out(1, 0)
        );
        let copy = tallies.iter().fold(Tallies::new(), |mut copy, tally| {
            copy.restore(*tally);
            copy
        });
        assert_eq!(copy, tallies);
        // A day later an old tally gives way.
        assert_eq!(tallies.fail(Some(500), Factor::Pin, DAY_MS + 1, 3, 1000), None);
        assert!(tallies.iter().any(|tally| tally.person == Some(500)));
    }

    #[test]
    fn a_tally_that_gives_way_locks_nobody_else_out() {
        let mut tallies = Tallies::new();
        for person in 0..MAX_TALLIES as u32 {
            tallies.fail(Some(person), Factor::Face, 0, 1, 1000);
        }
        assert_eq!(
            tallies.locked_out_until(Some(77), Factor::Face, 10),
            None,
            "no failure of the others yet"
        );
        assert_eq!(tallies.locked_out_until(Some(3), Factor::Face, 10), Some(1000));
    }

    #[test]
    fn failures_of_nobody_are_forgotten_after_an_hour() {
        let mut tallies = Tallies::new();
        assert_eq!(tallies.fail(None, Factor::Face, 0, 2, 1000), None);
        assert_eq!(tallies.fail(None, Factor::Face, FORGET_MS + 1, 2, 1000), None);
        assert!(tallies.fail(None, Factor::Face, FORGET_MS + 2, 2, 1000).is_some());
    }
}
