//! Places of people who are gone.

use super::{TALLY_PAGE, Tallies, Tally};

impl Tallies<'_> {
    /// Where all places are taken, frees those of people who are not known, a page at a call, so that a call takes a bounded time. As many
    /// calls as there are [pages](Self::pages) look at all. Where a place is free all keep theirs: a person whose record is damaged is
    /// not known either, and must not come back without their failures.
    pub fn make_room(&mut self, is_known: impl Fn(u32) -> bool) {
        if self.people.iter().any(|tally| tally.next == 0) {
            return;
        }
        let page = usize::from(self.next_page);
        self.next_page = (page + 1).checked_rem(self.pages()).unwrap_or(0) as u8;
        for tally in self.people.chunks_mut(TALLY_PAGE).nth(page).unwrap_or_default() {
            if tally.person().is_some_and(|person| !is_known(person)) {
                self.changed.add(page);
                *tally = Tally::FREE;
            }
        }
    }
}
