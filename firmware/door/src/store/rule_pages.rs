//! The places of rules, and the versions of the rules in them, page by page.

use heapless::Vec;

use policy::{Rule, Schedule};
use protocol::PersonId;

/// Places of a page.
pub(crate) const PAGE: usize = 32;
/// Most pages that a board can have.
pub(crate) const MAX_PAGES: usize = 32;

/// A rule and whose it is. The empty one is all zeros, as the memory of a board is when it starts.
#[derive(Clone, Copy)]
pub(crate) struct Kept {
    /// The person's ID and one more; 0 where there is none.
    next: PersonId,
    rule: Rule,
}

impl Kept {
    const NONE: Self = Self {
        next: 0,
        rule: Rule { schedule: Schedule::ALWAYS, pin: None, duress_pin: None, suspended: false },
    };

    /// A rule, or none.
    pub(super) fn new(rule: Option<(PersonId, Rule)>) -> Self {
        rule.map_or(Self::NONE, |(person, rule)| Self { next: person.wrapping_add(1), rule })
    }

    /// The person and the rule.
    pub(super) fn get(&self) -> Option<(PersonId, &Rule)> {
        Some((self.next.checked_sub(1)?, &self.rule))
    }
}

/// A page of rules in memory.
#[derive(Clone, Copy)]
pub(crate) struct Page {
    pub(super) kept: [Kept; PAGE],
    /// The version of each rule, times two, and one more where the place is taken.
    pub(super) versions: [u32; PAGE],
}

impl Page {
    /// Nobody has a rule.
    pub(crate) const EMPTY: Self = Self { kept: [Kept::NONE; PAGE], versions: [0; PAGE] };
}

/// The versions of the rules of a page, as `rules` has them.
pub(crate) type Versions = Vec<u32, PAGE>;
