//! The bitmap of the places that have a rule.

/// People who can have a rule.
pub(crate) const MAX_RULES: usize = gallery::MAX_PEOPLE;

/// The places that are taken, a bit each.
pub(crate) type Places = [u8; MAX_RULES / 8];

/// Whether a place is taken.
pub(crate) fn is_taken(places: &Places, place: u16) -> bool {
    places.get(usize::from(place / 8)).is_some_and(|byte| byte >> (place % 8) & 1 == 1)
}
