//! The places of rules, and the versions of the rules in them, page by page.

use heapless::Vec;

/// People who can have a rule.
pub(crate) const MAX_RULES: usize = gallery::MAX_PEOPLE;
/// Places of a page.
pub(crate) const PAGE: usize = 32;
/// Pages.
pub(crate) const PAGES: usize = MAX_RULES / PAGE;

/// The versions of the rules of a page, as `rules` has them.
pub(crate) type Versions = Vec<u32, PAGE>;
