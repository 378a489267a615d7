//! What a reset leaves of failures and looks that were not in flash.
//!
//! A boot that cannot know doubts everybody who is enrolled: their next failure by face is that which locks them out. A doubt takes no
//! place. Flash has the number of the doubt, and of everybody whether they are cleared of it, a bit each by their slot in the gallery.
//! These bits are of one doubt: with the number of another one they clear nobody. The number is drawn, so that it comes once: a boot that
//! is cut short may leave bits of a number that no index has. So bits that are lost or old doubt somebody once more, and never nobody.
//!
//! A slot in which nobody was met keeps the bit that flash has: whoever is not known in a boot, since their record is damaged, comes back
//! with their doubt. So is doubted who is enrolled in such a slot, from the next reset until they come in.
//!
//! Who was not known at the boot may be known again before the next one. Their ID tells that they are not new, so they are met then,
//! as if they had been there, and are doubted where there ever was a doubt.
//!
//! Somebody is cleared who comes in. Whose doubt became a failure has a place with it instead.

use super::{Tallies, memory::Mark};

/// People of a page of the bits that tell who is cleared.
pub const CLEARED_PAGE: usize = 8 * CLEARED_BYTES;
/// Bytes of it.
pub const CLEARED_BYTES: usize = 120;

impl Tallies<'_> {
    /// Takes those who are enrolled, each with their slot in the gallery. After a reset the next look that refuses one of them, or
    /// nobody, is a failure. It is not known how many looks there were before, and whoever cuts the power would have some at each
    /// boot. Flash does not have that. Where flash has a doubt, it is theirs, until [`Self::restore_cleared`]. `last_id` is the largest
    /// ID that was given before the reset.
    pub fn meet(&mut self, people: impl Iterator<Item = (u16, u32)>, last_id: u32) {
        (self.looks, self.last_id) = (u8::MAX, last_id);
        self.marks.fill(Mark::FREE);
        for (mark, (slot, person)) in self.marks.iter_mut().zip(people) {
            *mark = Mark::met(Some(slot), person, self.doubting);
        }
    }

    /// If failures may have waited when the power went, everybody who was met, and nobody, are one failure below the limit, until they
    /// come in. That counts as changed. `number` is drawn.
    pub fn doubt(&mut self, limit: u8, number: u32) {
        if !self.doubtful {
            return;
        }
        let [face, _] = &mut self.nobody;
        face.doubt(limit);
        self.nobody_changed = true;
        // Flash has 31 bits of it.
        (self.doubts, self.doubting, self.cleared_changed) = (number >> 1, true, true);
        self.marks.iter_mut().filter(|mark| mark.next != 0).for_each(|mark| mark.doubted = true);
    }

    /// The number of the newest doubt, and whether there was one.
    #[must_use]
    pub fn doubts(&self) -> (u32, bool) {
        (self.doubts, self.doubting)
    }

    /// Takes the same as it was before a reset.
    pub fn restore_doubts(&mut self, doubts: u32, doubting: bool) {
        (self.doubts, self.doubting) = (doubts, doubting);
    }

    /// How many pages of bits there are.
    #[must_use]
    pub fn cleared_pages(&self) -> u8 {
        self.marks.len().div_ceil(CLEARED_PAGE) as u8
    }

    /// The pages of bits of who was met and is cleared, if one of them may have changed since [`Self::kept`]. Bits of the same doubt that
    /// flash has stay.
    pub fn changed_cleared(&self) -> impl Iterator<Item = (u8, [u8; CLEARED_BYTES])> {
        let pages = if self.cleared_changed { self.cleared_pages() } else { 0 };
        (0..pages).map(|page| (page, self.cleared(usize::from(page))))
    }

    /// A page of bits: 1 of who was met and is cleared.
    fn cleared(&self, page: usize) -> [u8; CLEARED_BYTES] {
        let mut bits = [0; CLEARED_BYTES];
        for slot in self.marks.iter().filter(|mark| !mark.doubted).filter_map(Mark::slot) {
            if slot / CLEARED_PAGE == page
                && let Some(byte) = bits.get_mut(slot % CLEARED_PAGE / 8)
            {
                *byte |= 1 << (slot % 8);
            }
        }
        bits
    }

    /// Clears who was cleared before a reset, by a page of bits of the same doubt.
    pub fn restore_cleared(&mut self, page: u8, bits: &[u8; CLEARED_BYTES]) {
        for mark in self.marks.iter_mut().filter(|mark| mark.doubted) {
            let Some(slot) = mark.slot() else { continue };
            if slot / CLEARED_PAGE == usize::from(page) {
                let byte = bits.get(slot % CLEARED_PAGE / 8).copied().unwrap_or_default();
                mark.doubted = byte >> (slot % 8) & 1 == 0;
            }
        }
    }

    /// Ends the doubt of a person, who gets a failure in its place. Returns whether there was one.
    pub(super) fn end_doubt(&mut self, person: u32) -> bool {
        let mark = self.mark(person);
        let was_doubted = mark.is_some_and(|mark| core::mem::take(&mut mark.doubted));
        self.cleared_changed |= was_doubted;
        was_doubted
    }

    /// The mark of a person: their own, or a free one; `None` if there is neither.
    pub(super) fn mark(&mut self, person: u32) -> Option<&mut Mark> {
        let next = person.wrapping_add(1);
        let at = |next: u32| self.marks.iter().position(|mark| mark.next == next);
        let mark = self.marks.get_mut(at(next).or_else(|| at(0))?)?;
        if mark.next == 0 && person <= self.last_id {
            *mark = Mark::met(None, person, self.doubting);
        }
        mark.next = next;
        Some(mark)
    }
}
