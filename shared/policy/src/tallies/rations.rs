//! How often failures are written to flash, and what a reset leaves of those that were not.

use super::{SETTLE_MS, TALLY_PAGE, Tallies};
use crate::{FaceRation, PinRation};

impl Tallies {
    /// The PINs that were compared.
    #[must_use]
    pub const fn pins(&self) -> &PinRation {
        &self.pins
    }

    /// The same, to take one.
    pub fn pins_mut(&mut self) -> &mut PinRation {
        &mut self.pins
    }

    /// Takes what was used of the rations before a reset: PINs that were compared, and writes of failures of faces.
    pub fn restore_rations(&mut self, pins: u16, faces: u16, now: u64) {
        (self.pins, self.faces) = (PinRation::restored(pins, now), FaceRation::restored(faces, now));
        self.doubtful = self.faces.is_used_up();
    }

    /// What was used of the ration of writes of failures of faces.
    #[must_use]
    pub const fn writes_used(&self) -> u16 {
        self.faces.used()
    }

    /// Whether failures of faces are written now: within the ration, or because a lockout began. Takes one of the ration.
    #[must_use]
    pub fn is_written(&mut self, now: u64) -> bool {
        self.faces.take(now) | self.began
    }

    /// After a reset: if failures may have waited when the power went, these people, and nobody, are one failure below the limit,
    /// until they come in. That counts as changed.
    pub fn doubt(&mut self, people: impl Iterator<Item = u32>, limit: u8) {
        if !self.doubtful {
            return;
        }
        let [face, _] = &mut self.nobody;
        face.doubt(limit);
        self.nobody_changed = true;
        for person in people {
            let Some(place) = self.place(person) else { return };
            if let Some(tally) = self.people.get_mut(place) {
                let [face, _] = &mut tally.lockouts;
                face.doubt(limit);
                tally.next = person.wrapping_add(1);
                self.changed |= 1 << (place / TALLY_PAGE);
            }
        }
    }

    /// After a reset: the next look that refuses one of these people, or nobody, is a failure. It is not known how many looks there were
    /// before, and whoever cuts the power would have some at each boot. Flash does not have that.
    pub fn doubt_looks(&mut self, people: impl Iterator<Item = u32>) {
        self.looks = u8::MAX;
        for person in people {
            let Some(tally) = self.place(person).and_then(|place| self.people.get_mut(place)) else { return };
            (tally.next, tally.looks) = (person.wrapping_add(1), u8::MAX);
        }
    }

    /// What flash has and is no longer so counts as changed: a failure of nobody that was taken back some time ago, of which each
    /// reset would make one more, and a ration that was used up and is not any more.
    pub fn settle(&mut self, now: u64) {
        self.nobody_changed |= self.taken_back.is_some_and(|at| now.saturating_sub(at) >= SETTLE_MS);
        self.nobody_changed |= self.doubtful && self.faces.has_two(now);
    }
}
