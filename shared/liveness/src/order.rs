//! The order of the gestures of a challenge, drawn from random bytes.
//!
//! Two consecutive gestures are never the same. At least one is a turn of the head, which needs a real head
//! ([`Gesture`]). So there are 68 orders.

use crate::Gesture;

/// Gestures of one challenge.
pub const STEPS: usize = 3;

/// The order of gestures that these random bytes select. The first is any of the five; each later one is any
/// but the one before; the last is a turn if there was none yet. 256 is no multiple of five, which favours
/// one gesture by less than one in a hundred.
pub fn order(random: [u8; STEPS]) -> [Gesture; STEPS] {
    let [first, second, third] = random;
    let first = first % 5;
    let other = |before: u8, byte: u8| (before + 1 + byte % 4) % 5;
    let second = other(first, second);
    let third = if first.min(second) < 2 { other(second, third) } else { third % 2 };
    [first, second, third].map(|number| Gesture::ALL[usize::from(number)])
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    #[test]
    fn every_order_has_a_turn_and_no_consecutive_repeats() {
        let mut orders = std::collections::BTreeMap::new();
        for number in 0..80 {
            let drawn = order([number % 5, number / 5 % 4, number / 20]);
            assert!(drawn[0] != drawn[1] && drawn[1] != drawn[2], "{drawn:?}");
            assert!(drawn.iter().any(|one| matches!(one, Gesture::Left | Gesture::Right)), "{drawn:?}");
            *orders.entry(std::format!("{drawn:?}")).or_insert(0) += 1;
        }
        assert_eq!(orders.len(), 68);
    }
}
