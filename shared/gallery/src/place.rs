//! Slots: their numbers in a volume, by which flash has them, and their numbers through the whole gallery, by which memory
//! has them.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use crate::{MAX_PEOPLE, MAX_TEMPLATES};

/// The number of a person slot through the gallery; `None` if the volume has no such slot.
pub(crate) fn person(volume: usize, slot: u16) -> Option<u16> {
    through(volume, slot, MAX_PEOPLE)
}

/// The number of a template slot through the gallery; `None` if the volume has no such slot.
pub(crate) fn template(volume: usize, slot: u16) -> Option<u16> {
    through(volume, slot, MAX_TEMPLATES)
}

/// The volume of a person slot, and its number there.
pub(crate) fn of_person(slot: u16) -> (usize, u16) {
    within(slot, MAX_PEOPLE)
}

/// The volume of a template slot, and its number there.
pub(crate) fn of_template(slot: u16) -> (usize, u16) {
    within(slot, MAX_TEMPLATES)
}

fn through(volume: usize, slot: u16, slots: usize) -> Option<u16> {
    let slot = Some(usize::from(slot)).filter(|slot| *slot < slots)?;
    u16::try_from(volume.checked_mul(slots)?.checked_add(slot)?).ok()
}

fn within(slot: u16, slots: usize) -> (usize, u16) {
    let slot = usize::from(slot);
    (slot.checked_div(slots).unwrap_or(0), slot.checked_rem(slots).unwrap_or(0) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_through_all_volumes_and_back() {
        assert_eq!((person(0, 0), person(2, 255), person(2, 256)), (Some(0), Some(767), None));
        assert_eq!((template(3, 1), template(63, 1023), template(64, 0)), (Some(3073), Some(65535), None));
        assert_eq!((of_person(767), of_template(3073)), ((2, 255), (3, 1)));
    }
}
