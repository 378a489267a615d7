//! Failures by person and factor, and the lockouts that follow from them.
//!
//! A failure counts against the claimed person and the factor that failed. So whoever fails shuts the door to
//! the person they claim to be, and to nobody else. Only that person's complete success clears their failures.
//!
//! | person | factor | counts |
//! |---|---|---|
//! | somebody | PIN | wrong PINs after their face |
//! | somebody | face | faces that fail liveness and look like them, but while their PIN is requested; other faces after their PIN (1:1 mode) |
//! | nobody | PIN | PINs of nobody, in 1:1 mode. Each hour of rest takes one back ([`Lockout`]) |
//! | nobody | face | strangers, and what fails liveness and looks like nobody. Taken back in the same way |
//!
//! Only who has failures takes a place. The board gives the places ([`TallyMemory`]); no failures displace or join those of
//! somebody else. A place is free again when its person comes in or is removed. Should all be taken, whoever has none is refused,
//! so more failures than places let nobody in ([`Tallies::make_room`]).
//!
//! A face fails when several looks in a row refuse it. The looks that are not a failure yet ([`Tallies::refuse`]) count by
//! person, too, in a mark: there is one for everybody who can be enrolled, so nobody else's face ends them. They are not in flash. So
//! after a reset the first look that refuses somebody is a failure ([`Tallies::meet`]).
//!
//! Places come in pages, so that a failure rewrites one page in flash and not all. Lockouts ration how often: once a person
//! is locked out for the longest time, it is once an hour. Failures of faces have a ration besides ([`Tallies::is_written`]). A
//! lockout that begins is always written. Other failures wait when the ration is used up, and a cut of the power loses them; so a
//! boot that finds the ration used up takes everybody for one failure below the limit ([`Tallies::doubt`]).

mod doubts;
mod memory;
mod rations;
mod room;

pub use doubts::{CLEARED_BYTES, CLEARED_PAGE};
pub use memory::{TallyMemory, TallyRoom};

use crate::{FaceRation, Lockout, PinRation, lockout::REST_MS};
use memory::{Changed, Mark};

/// Places of a page.
pub const TALLY_PAGE: usize = 8;
/// Most pages that a board can have.
pub const MAX_TALLY_PAGES: usize = 256;

/// How long after the last right PIN that was staked as nobody's flash may have that failure: ten minutes.
const SETTLE_MS: u64 = 10 * 60 * 1000;

/// What failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Factor {
    /// The face.
    Face = 0,
    /// The PIN.
    Pin = 1,
}

/// No failures in either factor.
const NONE: [Lockout; 2] = [Lockout::new(); 2];

/// The failures of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// The person's ID and one more; 0 where the place is free. So the empty state is all zeros.
    next: u32,
    /// The failures in each [`Factor`].
    lockouts: [Lockout; 2],
}

impl Tally {
    const FREE: Self = Self { next: 0, lockouts: NONE };

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

/// A failure that was counted before it was known to be one ([`Tallies::stake`]).
#[derive(Debug, Clone, Copy)]
pub struct Stake {
    person: Option<u32>,
    factor: Factor,
    /// What was there before.
    before: Lockout,
    last: u64,
    /// Whether the failure begins a lockout.
    locks_out: bool,
}

/// All failures.
#[derive(Debug, PartialEq, Eq)]
pub struct Tallies<'m> {
    people: &'m mut [Tally],
    /// Everybody who was met, or looked at, since the reset.
    marks: &'m mut [Mark],
    /// Failures that are nobody's, in each factor.
    nobody: [Lockout; 2],
    /// When the last of them was, in milliseconds since boot.
    last: [u64; 2],
    /// Pages that differ from those in flash.
    changed: Changed,
    /// Whether the failures of nobody do.
    nobody_changed: bool,
    /// Since when flash has a failure of nobody that was taken back.
    taken_back: Option<u64>,
    /// The PINs that were compared.
    pins: PinRation,
    /// Writes of failures of faces.
    faces: FaceRation,
    taken: bool, // Whether the write that [`Self::is_written`] told last took one of it.
    /// Whether flash has that ration as used up: then a boot doubts what it finds.
    doubtful: bool,
    /// The number of the newest doubt.
    doubts: u32,
    /// Whether there was a doubt.
    doubting: bool,
    /// Whether flash has somebody as doubted who is not any more, or the other way round.
    cleared_changed: bool,
    /// Whether a lockout began since [`Self::kept`].
    began: bool,
    /// The largest ID that was given before the reset.
    last_id: u32,
    /// Looks that refused a face which looks like nobody.
    looks: u8,
    /// The page in which [`Self::make_room`] looks next.
    next_page: u8,
}

impl<'m> Tallies<'m> {
    /// No failures, in memory that is used for nothing else.
    #[must_use]
    pub fn new(TallyRoom { marks, places }: TallyRoom<'m>) -> Self {
        marks.fill(Mark::FREE);
        places.fill(Tally::FREE);
        Self {
            people: places,
            marks,
            nobody: [Lockout::new(); 2],
            last: [0; 2],
            changed: Changed::NONE,
            nobody_changed: false,
            taken_back: None,
            pins: PinRation::new(),
            faces: FaceRation::new(),
            taken: false,
            doubtful: false,
            doubts: 0,
            doubting: false,
            cleared_changed: false,
            began: false,
            last_id: 0,
            looks: 0,
            next_page: 0,
        }
    }

    /// The people who have failures.
    pub fn iter(&self) -> impl Iterator<Item = &Tally> {
        self.people.iter().filter(|tally| tally.lockouts != NONE)
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

    /// How many pages there are.
    #[must_use]
    pub fn pages(&self) -> usize {
        self.people.len().div_ceil(TALLY_PAGE)
    }

    /// Pages that changed since [`Self::kept`].
    pub fn changed_pages(&self) -> impl Iterator<Item = usize> {
        (0..self.pages()).filter(|page| self.changed.has(*page))
    }

    /// Whether anything changed since [`Self::kept`].
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.changed != Changed::NONE || self.nobody_changed || self.cleared_changed
    }

    /// All is in flash now.
    pub fn kept(&mut self) {
        (self.changed, self.nobody_changed, self.taken_back) = (Changed::NONE, false, None);
        (self.began, self.doubtful, self.cleared_changed) = (false, self.faces.is_used_up(), false);
    }

    /// All that is not empty counts as changed, beyond the ration of writes: the clock was set by which lockouts end in flash.
    pub fn touch(&mut self) {
        for (page, places) in self.people.chunks(TALLY_PAGE).enumerate() {
            if places.iter().any(|tally| tally.lockouts != NONE) {
                self.changed.add(page);
            }
        }
        self.nobody_changed |= self.nobody.iter().any(|lockout| *lockout != Lockout::new());
        self.began |= self.is_changed();
    }

    /// Takes the failures of a person that were kept over a reset, at their place.
    pub fn restore(&mut self, place: usize, person: u32, lockouts: [Lockout; 2]) {
        if let Some(tally) = self.people.get_mut(place) {
            *tally = Tally { next: person.wrapping_add(1), lockouts };
        }
    }

    /// A page was lost in flash: it is to be written again.
    pub fn lose(&mut self, page: usize) {
        self.changed.add(page);
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
                None => return Some(now.saturating_add(REST_MS)),
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

    /// Counts a look that refused a face. Returns whether it is a failure: the `needed`th since the last one of theirs, or of nobody.
    #[must_use]
    pub fn refuse(&mut self, person: Option<u32>, needed: u8) -> bool {
        let looks = match person {
            None => &mut self.looks,
            Some(person) => {
                let Some(mark) = self.mark(person) else { return true };
                &mut mark.looks
            }
        };
        *looks = looks.saturating_add(1);
        let fails = *looks >= needed;
        if fails {
            *looks = 0;
        }
        fails
    }

    /// A person came in. That ends their failures and looks, and the looks that were nobody's: they were mostly theirs.
    pub fn succeed(&mut self, person: u32) {
        self.end_doubt(person);
        self.retain_failures(|other| other != person);
        self.mark(person).into_iter().for_each(|mark| mark.looks = 0);
        self.looks = 0;
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
                lockout.rest(now, *last);
                *last = now;
                self.nobody_changed = true;
                lockout
            }
            Some(person) => {
                let place = self.place(person)?;
                let was_doubted = factor == Factor::Face && self.end_doubt(person);
                let tally = self.people.get_mut(place)?;
                tally.next = person.wrapping_add(1);
                self.changed.add(place / TALLY_PAGE);
                let lockout = tally.lockouts.get_mut(index)?;
                if was_doubted {
                    lockout.doubt(limit);
                }
                lockout
            }
        };
        let until = lockout.fail(now, limit, first_ms);
        self.began |= until.is_some();
        until
    }

    /// Counts a failure before it is known to be one, for flash; `None` if it has no place. [`Self::give_back`] follows, and then
    /// [`Self::fail`] or [`Self::clear`].
    pub fn stake(
        &mut self,
        person: Option<u32>,
        factor: Factor,
        now: u64,
        limit: u8,
        first_ms: u32,
    ) -> Option<Stake> {
        let index = factor as usize;
        let last = self.last.get(index).copied()?;
        let before = match person {
            None => self.nobody.get(index).copied()?,
            Some(person) => {
                let tally = self.people.get(self.place(person)?)?;
                tally.lockouts.get(index).copied()?
            }
        };
        let locks_out = self.fail(person, factor, now, limit, first_ms).is_some();
        Some(Stake { person, factor, before, last, locks_out })
    }

    /// Takes a failure back that was counted in advance. A lockout that it began counts as changed. Else flash keeps it until the
    /// next change of its page, and their next entry is one; nobody has none, so [`Self::settle`] ends theirs.
    pub fn give_back(&mut self, Stake { person, factor, before, last, locks_out }: Stake) {
        let index = factor as usize;
        let Some(person) = person else {
            self.taken_back = self.last.get(index).copied();
            self.nobody.get_mut(index).into_iter().for_each(|lockout| *lockout = before);
            self.last.get_mut(index).into_iter().for_each(|at| *at = last);
            self.nobody_changed |= locks_out;
            return;
        };
        let Some(place) = self.place(person) else { return };
        let Some(tally) = self.people.get_mut(place) else { return };
        tally.lockouts.get_mut(index).into_iter().for_each(|lockout| *lockout = before);
        if tally.lockouts == NONE {
            *tally = Tally::FREE;
        }
        if locks_out {
            self.changed.add(place / TALLY_PAGE);
        }
    }

    /// Clears the failures and looks of a person who is no longer enrolled.
    pub fn clear(&mut self, person: u32) {
        self.retain(|other| other != person);
    }

    /// Clears the failures and looks of all people but these, and what is doubted of them.
    fn retain(&mut self, keep: impl Fn(u32) -> bool) {
        self.retain_failures(&keep);
        for mark in &mut *self.marks {
            if mark.person().is_some_and(|person| !keep(person)) {
                self.cleared_changed |= mark.doubted;
                *mark = Mark::FREE;
            }
        }
    }

    /// Clears the failures of all people but these.
    fn retain_failures(&mut self, keep: impl Fn(u32) -> bool) {
        for (place, tally) in self.people.iter_mut().enumerate() {
            if tally.person().is_some_and(|person| !keep(person)) {
                self.changed.add(place / TALLY_PAGE);
                *tally = Tally::FREE;
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
mod tests;
