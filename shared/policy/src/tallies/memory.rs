//! Memory for failures, as large as the board has room.

use super::{MAX_TALLY_PAGES, TALLY_PAGE, Tally};

/// Memory for failures: a mark for each of `PEOPLE`, as many as can be enrolled, and `PAGES` pages of places for those who have failures.
/// Give it a `static`.
#[derive(Debug)]
pub struct TallyMemory<const PEOPLE: usize = 256, const PAGES: usize = 32> {
    marks: [Mark; PEOPLE],
    places: [[Tally; TALLY_PAGE]; PAGES],
}

impl<const PEOPLE: usize, const PAGES: usize> TallyMemory<PEOPLE, PAGES> {
    /// Empty memory.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(PEOPLE < u16::MAX as usize && PAGES <= MAX_TALLY_PAGES) };
        Self { marks: [Mark::FREE; PEOPLE], places: [[Tally::FREE; TALLY_PAGE]; PAGES] }
    }

    /// All of it, for [`Tallies::new`](super::Tallies::new).
    pub fn all(&mut self) -> TallyRoom<'_> {
        TallyRoom { marks: &mut self.marks, places: self.places.as_flattened_mut() }
    }
}

impl<const PEOPLE: usize, const PAGES: usize> Default for TallyMemory<PEOPLE, PAGES> {
    fn default() -> Self {
        Self::new()
    }
}

/// The memory for failures, in a [`TallyMemory`].
#[derive(Debug)]
pub struct TallyRoom<'m> {
    pub(super) marks: &'m mut [Mark],
    pub(super) places: &'m mut [Tally],
}

/// What is known of a person who need not have failures. The empty one is all zeros, as the memory of a board is when it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// As in [`Tally`].
    pub(super) next: u32,
    /// The slot in which the gallery has them, and one more; 0 for who was enrolled, or known again, since the reset.
    next_slot: u16,
    /// Looks that refused their face since the last failure of it.
    pub(super) looks: u8,
    /// Whether failures of their face may have been lost.
    pub(super) doubted: bool,
}

impl Mark {
    pub(super) const FREE: Self = Self { next: 0, next_slot: 0, looks: 0, doubted: false };

    /// Of a person who was there before the reset.
    pub(super) fn met(slot: Option<u16>, person: u32, doubted: bool) -> Self {
        let next_slot = slot.map_or(0, |slot| slot.wrapping_add(1));
        Self { next: person.wrapping_add(1), next_slot, looks: u8::MAX, doubted }
    }

    /// Where the gallery has them, if that is known.
    pub(super) fn slot(&self) -> Option<usize> {
        self.next_slot.checked_sub(1).map(usize::from)
    }

    /// The person; `None` if it is free.
    pub(super) const fn person(&self) -> Option<u32> {
        self.next.checked_sub(1)
    }
}

/// A set of pages, a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Changed([u32; MAX_TALLY_PAGES / 32]);

impl Changed {
    pub(super) const NONE: Self = Self([0; MAX_TALLY_PAGES / 32]);

    pub(super) fn add(&mut self, page: usize) {
        if let Some(word) = self.0.get_mut(page / 32) {
            *word |= 1 << (page % 32);
        }
    }

    pub(super) fn has(&self, page: usize) -> bool {
        self.0.get(page / 32).is_some_and(|word| word >> (page % 32) & 1 == 1)
    }
}
