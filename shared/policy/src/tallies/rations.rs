//! How often failures are written to flash.

use super::{SETTLE_MS, Tallies, Tally};
use crate::{FaceRation, PinRation};

impl Tallies<'_> {
    /// Who has a place.
    pub fn people(&self) -> impl Iterator<Item = u32> {
        self.people.iter().filter_map(Tally::person)
    }

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
        self.taken = self.faces.take(now);
        self.taken | self.began
    }

    /// Gives back what that write took of the ration: it failed.
    pub fn not_written(&mut self) {
        if core::mem::take(&mut self.taken) {
            self.faces.give_back();
        }
    }

    /// What flash has and is no longer so counts as changed: a failure of nobody that was taken back some time ago, of which each
    /// reset would make one more, and a ration that was used up and is not any more.
    pub fn settle(&mut self, now: u64) {
        self.nobody_changed |= self.taken_back.is_some_and(|at| now.saturating_sub(at) >= SETTLE_MS);
        self.nobody_changed |= self.doubtful && self.faces.has_two(now);
    }
}
