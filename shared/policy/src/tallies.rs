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
//! There is a place for everybody who can be enrolled, so no failures displace or join those of somebody else. A place is
//! free again when its person comes in or is removed. Should all be taken, whoever has none is refused.
//!
//! Places come in pages, so that a failure rewrites one page in flash and not all. Lockouts ration how often: once a person
//! is locked out for the longest time, it is once an hour.

use crate::Lockout;

/// Places: one for each person that a gallery can have.
pub const TALLY_PLACES: usize = 256;
/// Places of a page.
pub const TALLY_PAGE: usize = 8;
/// Pages.
pub const TALLY_PAGES: usize = TALLY_PLACES / TALLY_PAGE;

const _: () = assert!(TALLY_PAGES == 32, "a bit each");

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

/// The failures of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// The person's ID and one more; 0 where the place is free. So the empty state is all zeros.
    next: u32,
    /// The failures in each [`Factor`].
    lockouts: [Lockout; 2],
}

impl Tally {
    const FREE: Self = Self { next: 0, lockouts: [Lockout::new(); 2] };

    /// The person; `None` where the place is free.
    #[must_use]
    pub const fn person(&self) -> Option<u32> {
        self.next.checked_sub(1)
    }

    /// The failures in each [`Factor`].
    #[must_use]
    pub const fn lockouts(&self) -> &[Lockout; 2] {
        &self.lockouts
    }
}

/// All failures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tallies {
    people: [Tally; TALLY_PLACES],
    /// Failures that are nobody's, in each factor.
    nobody: [Lockout; 2],
    /// When the last of them was, in milliseconds since boot.
    last: [u64; 2],
    /// Pages that differ from those in flash, a bit each.
    changed: u32,
    /// Whether the failures of nobody do.
    nobody_changed: bool,
}

impl Default for Tallies {
    fn default() -> Self {
        Self::new()
    }
}

impl Tallies {
    /// No failures.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            people: [Tally::FREE; TALLY_PLACES],
            nobody: [Lockout::new(); 2],
            last: [0; 2],
            changed: 0,
            nobody_changed: false,
        }
    }

    /// The people who have failures.
    pub fn iter(&self) -> impl Iterator<Item = &Tally> {
        self.people.iter().filter(|tally| tally.next != 0)
    }

    /// The places of a page; none if there is no such page.
    #[must_use]
    pub fn page(&self, page: usize) -> &[Tally] {
        self.people.chunks(TALLY_PAGE).nth(page).unwrap_or_default()
    }

    /// The failures of nobody, in each factor.
    #[must_use]
    pub const fn nobody(&self) -> &[Lockout; 2] {
        &self.nobody
    }

    /// Pages that changed since [`Self::kept`], a bit each.
    #[must_use]
    pub const fn changed_pages(&self) -> u32 {
        self.changed
    }

    /// Whether anything changed since [`Self::kept`].
    #[must_use]
    pub const fn is_changed(&self) -> bool {
        self.changed != 0 || self.nobody_changed
    }

    /// All is in flash now.
    pub fn kept(&mut self) {
        (self.changed, self.nobody_changed) = (0, false);
    }

    /// All that is not empty counts as changed: the clock was set by which lockouts end in flash.
    pub fn touch(&mut self) {
        for (page, places) in self.people.chunks(TALLY_PAGE).enumerate() {
            if places.iter().any(|tally| tally.next != 0) {
                self.changed |= 1 << page;
            }
        }
        self.nobody_changed |= self.nobody.iter().any(|lockout| *lockout != Lockout::new());
    }

    /// Takes the failures of a person that were kept over a reset, at their place.
    pub fn restore(&mut self, place: usize, person: u32, lockouts: [Lockout; 2]) {
        if let Some(tally) = self.people.get_mut(place) {
            *tally = Tally { next: person.wrapping_add(1), lockouts };
        }
    }

    /// A page was lost in flash: it is to be written again.
    pub fn lose(&mut self, page: usize) {
        self.changed |= 1 << (page % TALLY_PAGES);
    }

    /// Takes the failures of nobody that were kept over a reset.
    pub fn restore_nobody(&mut self, lockouts: [Lockout; 2], now: u64) {
        (self.nobody, self.last) = (lockouts, [now; 2]);
    }

    /// The end of the lockout of a person in a factor, in milliseconds since boot; `None` if there is none.
    #[must_use]
    pub fn locked_out_until(&self, person: Option<u32>, factor: Factor, now: u64) -> Option<u64> {
        let lockouts = match person {
            None => &self.nobody,
            Some(person) => match self.place(person).and_then(|place| self.people.get(place)) {
                Some(tally) if tally.next != 0 => &tally.lockouts,
                Some(_) => return None,
                None => return Some(now.saturating_add(FORGET_MS)),
            },
        };
        lockouts.get(factor as usize)?.locked_out_until(now)
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
        let index = factor as usize;
        let lockout = match person {
            None => {
                let (lockout, last) = (self.nobody.get_mut(index)?, self.last.get_mut(index)?);
                if now.saturating_sub(*last) > FORGET_MS {
                    *lockout = Lockout::new();
                }
                *last = now;
                self.nobody_changed = true;
                lockout
            }
            Some(person) => {
                let place = self.place(person)?;
                let tally = self.people.get_mut(place)?;
                tally.next = person.wrapping_add(1);
                self.changed |= 1 << (place / TALLY_PAGE);
                tally.lockouts.get_mut(index)?
            }
        };
        lockout.fail(now, limit, first_ms)
    }

    /// Clears the failures of a person: they passed, or are no longer enrolled.
    pub fn clear(&mut self, person: u32) {
        self.retain(|other| other != person);
    }

    /// Clears the failures of all people but these.
    pub fn retain(&mut self, mut keep: impl FnMut(u32) -> bool) {
        for (place, tally) in self.people.iter_mut().enumerate() {
            if tally.person().is_some_and(|person| !keep(person)) {
                *tally = Tally::FREE;
                self.changed |= 1 << (place / TALLY_PAGE);
            }
        }
    }

    /// The place of a person: their own, or a free one; `None` if there is neither.
    fn place(&self, person: u32) -> Option<usize> {
        let at = |next: u32| self.people.iter().position(|tally| tally.next == next);
        at(person.wrapping_add(1)).or_else(|| at(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
        assert_eq!(tallies.iter().count(), 0);
    }

    #[test]
    fn no_failures_displace_or_join_those_of_others() {
        let mut tallies = Tallies::new();
        let everybody = 1000..1000 + TALLY_PLACES as u32;
        for person in everybody.clone() {
            assert_eq!(tallies.fail(Some(person), Factor::Pin, 0, 3, 1000), None);
            assert_eq!(tallies.fail(Some(person), Factor::Pin, 0, 3, 1000), None);
        }
        assert!(everybody.clone().all(|person| !tallies.is_locked_out(person, 0)));
        assert!(tallies.is_locked_out(7, 0), "who can have no count is refused");
        assert_eq!(tallies.fail(Some(7), Factor::Pin, 0, 3, 1000), None);
        for person in everybody.clone().step_by(2) {
            assert_eq!(tallies.fail(Some(person), Factor::Pin, 0, 3, 1000), Some(1000), "{person}");
        }
        assert_eq!(everybody.clone().filter(|person| tallies.is_locked_out(*person, 0)).count(), 128);
        tallies.retain(|person| person != 1000);
        assert!(!tallies.is_locked_out(7, 0), "there is a place again");
    }

    #[test]
    fn a_change_marks_its_page_and_no_other() {
        let mut tallies = Tallies::new();
        for person in 0..20 {
            tallies.fail(Some(person), Factor::Face, 0, 3, 1000);
        }
        assert_eq!((tallies.changed_pages(), tallies.is_changed()), (0b111, true));
        tallies.kept();
        tallies.clear(99);
        assert!(!tallies.is_changed(), "nobody was cleared");
        tallies.clear(9);
        assert_eq!(tallies.changed_pages(), 0b10);
        tallies.kept();
        tallies.fail(None, Factor::Face, 0, 3, 1000);
        assert_eq!((tallies.changed_pages(), tallies.is_changed()), (0, true));
        tallies.touch();
        assert_eq!(tallies.changed_pages(), 0b111);
        let mut copy = Tallies::new();
        for (place, tally) in (0..TALLY_PAGES).flat_map(|page| tallies.page(page)).enumerate() {
            if let Some(person) = tally.person() {
                copy.restore(place, person, *tally.lockouts());
            }
        }
        assert!(copy.iter().eq(tallies.iter()) && !copy.is_changed());
    }

    #[test]
    fn failures_of_nobody_are_forgotten_after_an_hour() {
        let mut tallies = Tallies::new();
        assert_eq!(tallies.fail(None, Factor::Face, 0, 2, 1000), None);
        assert_eq!(tallies.fail(None, Factor::Face, FORGET_MS + 1, 2, 1000), None);
        assert!(tallies.fail(None, Factor::Face, FORGET_MS + 2, 2, 1000).is_some());
    }

    proptest! {
        /// Whatever all others do, a person's count is as if they were alone. And flash is written as often as lockouts
        /// let each of them fail, or somebody with failures come in.
        #[test]
        fn everybody_counts_as_if_they_were_alone(
            steps in proptest::collection::vec((0u32..40, 0u8..8, 0u64..30_000), 1..600),
        ) {
            let mut all = Tallies::new();
            let mut alone: [Tallies; 40] = core::array::from_fn(|_| Tallies::new());
            let mut now = 0;
            for (person, step, wait) in steps {
                now += wait;
                let own = &mut alone[person as usize];
                all.kept();
                own.kept();
                if step == 0 {
                    all.clear(person);
                    own.clear(person);
                } else if !all.is_locked_out(person, now) {
                    let factor = if step % 2 == 0 { Factor::Face } else { Factor::Pin };
                    let one = all.fail(Some(person), factor, now, 3, 1000);
                    prop_assert_eq!(one, own.fail(Some(person), factor, now, 3, 1000));
                }
                prop_assert_eq!(all.is_changed(), own.is_changed());
                prop_assert!(all.changed_pages().count_ones() <= 1);
                for (person, own) in (0..).zip(&alone) {
                    prop_assert_eq!(all.shut_until(Some(person), now), own.shut_until(Some(person), now));
                }
            }
        }
    }
}
