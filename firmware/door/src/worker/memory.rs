//! The worker's large buffers. The board says for how many people, failures and rules they have room.

use policy::{TallyMemory, TallyRoom};

use crate::{
    session::{events::EventLog, staging::MAX_BYTES},
    store::{MAX_RULE_PAGES, RulePage},
};

/// The worker's large buffers: for a gallery of `VOLUMES` volumes with `PEOPLE` people, 256 a volume, and as many values of
/// templates as `ROWS` of the largest dimension have; for the failures of eight people a page of `TALLIES`, and the rules of 32 a
/// page of `RULES`. Give it a `static`; with the numbers that are given here it takes some 780 KiB.
pub struct Memory<
    const VOLUMES: usize = 1,
    const PEOPLE: usize = { gallery::MAX_PEOPLE },
    const ROWS: usize = { gallery::MAX_TEMPLATES },
    const TALLIES: usize = 32,
    const RULES: usize = 8,
> {
    gallery: gallery::Memory<VOLUMES, ROWS>,
    staging: [u8; MAX_BYTES],
    events: EventLog,
    tallies: TallyMemory<PEOPLE, TALLIES>,
    rules: [RulePage; RULES],
}

impl<const VOLUMES: usize, const PEOPLE: usize, const ROWS: usize, const TALLIES: usize, const RULES: usize>
    Memory<VOLUMES, PEOPLE, ROWS, TALLIES, RULES>
{
    /// Empty buffers, which cost no flash.
    pub const fn new() -> Self {
        const { assert!(PEOPLE == VOLUMES * gallery::MAX_PEOPLE && RULES <= MAX_RULE_PAGES) };
        Self {
            gallery: gallery::Memory::new(),
            staging: [0; MAX_BYTES],
            events: EventLog::new(),
            tallies: TallyMemory::new(),
            rules: [RulePage::EMPTY; RULES],
        }
    }

    /// All of them, for a worker.
    pub fn all(&mut self) -> Buffers<'_> {
        let Self { gallery, staging, events, tallies, rules } = self;
        Buffers { gallery: gallery.all(), staging, events, tallies: tallies.all(), rules }
    }
}

impl<const VOLUMES: usize, const PEOPLE: usize, const ROWS: usize, const TALLIES: usize, const RULES: usize>
    Default for Memory<VOLUMES, PEOPLE, ROWS, TALLIES, RULES>
{
    fn default() -> Self {
        Self::new()
    }
}

/// The worker's buffers, in a [`Memory`].
pub struct Buffers<'m> {
    pub(crate) gallery: gallery::Room<'m>,
    pub(crate) staging: &'m mut [u8; MAX_BYTES],
    pub(crate) events: &'m mut EventLog,
    pub(crate) tallies: TallyRoom<'m>,
    pub(crate) rules: &'m mut [RulePage],
}
