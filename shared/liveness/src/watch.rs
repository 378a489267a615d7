//! The last looks at a face, and what they come to.
//!
//! The network's score of the looks that count together, in the mean, must reach what the movement over
//! all looks asks for, and that of the newest look by itself must reach [`NEEDED_EACH`]:
//!
//! | movement over the window | score needed |
//! |---|---|
//! | solid: the nose moves as a head's | [`NEEDED_SOLID`] |
//! | unclear | [`NEEDED`] |
//! | nothing to tell from yet: fewer than [`ENOUGH`] looks | [`NEEDED_FLAT`] |
//! | flat: turned about without a nose | [`NEEDED_FLAT`] |
//! | still: nothing moves | [`NEEDED_FLAT`] |
//! | repeats: a recording in a loop | refused |
//!
//! A plane or a still is no proof of an attack: somebody may nod, or wait. So it raises what the network
//! must be sure of, instead of deciding alone.

use crate::{ENOUGH, Look, Movement};

/// Looks that are kept.
pub const WINDOW: usize = 24;

/// The score that the looks need in the mean, Q15: 0.6.
pub const NEEDED: u16 = 19_661;

/// The score needed of what moves as a solid head, Q15: 0.5.
pub const NEEDED_SOLID: u16 = 16_384;

/// The score needed of what moves as a plane or not at all, Q15: 0.9.
pub const NEEDED_FLAT: u16 = 29_491;

/// The score that every look needs, Q15, 0.3: others do not make up for one that shows a photograph.
pub const NEEDED_EACH: u16 = 9_830;

/// The longest pause between two looks that count together, in milliseconds.
const MEMORY_MS: u64 = 15_000;

/// What speaks against a living face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Against {
    /// The network's score is too low.
    Looks,
    /// It moves as a plane, and the score is too low for that.
    Flat,
    /// It does not move, and the score is too low for that.
    Still,
    /// It moves as a recording in a loop.
    Repeats,
}

/// What the looks so far come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Verdict {
    /// Mean of the network's scores over the looks that count, Q15.
    pub score: u16,
    /// The score needed, Q15.
    pub needed: u16,
    /// How the face moves over all looks that are kept.
    pub movement: Movement,
    /// What speaks against a living face; none lets it pass.
    pub against: Option<Against>,
}

/// The last looks at one face.
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    /// The oldest first; `length` of them.
    looks: [Look; WINDOW],
    length: usize,
}

impl Watch {
    /// No looks yet.
    pub const fn new() -> Self {
        let none = Look { score: 0, landmarks: [vision::Point { x: 0, y: 0 }; 5], at_ms: 0 };
        Self { looks: [none; WINDOW], length: 0 }
    }

    /// Forgets all looks.
    pub fn reset(&mut self) {
        self.length = 0;
    }

    /// The looks so far, the oldest first.
    pub fn looks(&self) -> &[Look] {
        &self.looks[..self.length]
    }

    /// Takes a look, and tells what the looks so far come to.
    ///
    /// The network's scores count over the last `together` looks: the pictures that must agree for the
    /// door to open, so that no earlier one helps a picture that is held up instead of a face.
    pub fn see(&mut self, look: Look, together: usize) -> Verdict {
        let goes_on = self
            .looks()
            .last()
            .is_some_and(|last| look.continues(last) && look.at_ms.saturating_sub(last.at_ms) <= MEMORY_MS);
        if !goes_on {
            self.reset();
        }
        if self.length == WINDOW {
            self.looks.rotate_left(1);
            self.length -= 1;
        }
        self.looks[self.length] = look;
        self.length += 1;
        let score = self.score(together);
        let movement = Movement::of(self.looks());
        let needed = match movement {
            Movement::Solid => NEEDED_SOLID,
            Movement::Unclear if self.length < ENOUGH => NEEDED_FLAT,
            Movement::Unclear | Movement::Repeats => NEEDED,
            Movement::Flat | Movement::Still => NEEDED_FLAT,
        };
        let against = if score < needed.min(NEEDED) || look.score < NEEDED_EACH {
            Some(Against::Looks)
        } else {
            match movement {
                Movement::Repeats => Some(Against::Repeats),
                Movement::Flat if score < needed => Some(Against::Flat),
                Movement::Still if score < needed => Some(Against::Still),
                Movement::Unclear if score < needed => Some(Against::Looks),
                _ => None,
            }
        };
        Verdict { score, needed, movement, against }
    }

    /// Mean score of the last `together` looks, at least one.
    fn score(&self, together: usize) -> u16 {
        let together = together.clamp(1, self.length.max(1));
        let last = &self.looks()[self.length.saturating_sub(together)..];
        let sum: u32 = last.iter().map(|look| u32::from(look.score)).sum();
        (sum / last.len().max(1) as u32) as u16
    }
}

impl Default for Watch {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use vision::Point;

    use super::*;

    /// A look at a face at `x`, whose nose is `nose` to the right of the middle.
    fn look(score: u16, x: i32, nose: i32, second: u64) -> Look {
        let places = [[-20, -20], [20, -20], [nose, 0], [-15, 20], [15, 20]];
        let landmarks = places.map(|[dx, dy]| Point { x: (x + dx) << 10, y: (100 + dy) << 10 });
        Look { score, landmarks, at_ms: 1000 * second }
    }

    #[test]
    fn scores_count_over_the_looks_that_agree_together() {
        let mut watch = Watch::new();
        let scores =
            [30_000, 30_000, 12_000, 12_000, 12_000].map(|score| watch.see(look(score, 100, 0, 0), 3));
        assert_eq!(scores.map(|verdict| verdict.score), [30_000, 30_000, 24_000, 18_000, 12_000]);
        assert_eq!(scores.map(|verdict| verdict.against.is_none()), [true, true, false, false, false]);
        assert_eq!(scores[2].needed, NEEDED_FLAT, "few looks must be sure ones");
        assert_eq!(watch.see(look(9_000, 100, 0, 0), 1).against, Some(Against::Looks));
    }

    #[test]
    fn another_face_and_a_pause_begin_anew() {
        let mut watch = Watch::new();
        watch.see(look(30_000, 60, 0, 0), 3);
        assert_eq!(watch.see(look(20_000, 63, 0, 1), 3).score, 25_000);
        assert_eq!(watch.see(look(10_000, 150, 0, 2), 3).score, 10_000, "it jumped");
        assert_eq!(watch.see(look(20_000, 150, 0, 30), 3).score, 20_000, "it was away");
        assert_eq!(watch.looks().len(), 1);
    }

    #[test]
    fn movement_decides_how_sure_the_network_must_be() {
        let verdict = |nose: fn(i32) -> i32, x: fn(i32) -> i32, score: u16| {
            let mut watch = Watch::new();
            let last = (0..30).map(|n| watch.see(look(score, x(n), nose(n), 0), 3)).last();
            last.map(|verdict| (verdict.movement, verdict.against))
        };
        let still = verdict(|_| 0, |_| 100, 28_000);
        assert_eq!(still, Some((Movement::Still, Some(Against::Still))));
        assert_eq!(verdict(|_| 0, |_| 100, 31_000), Some((Movement::Still, None)));
        let solid = verdict(|n| n * n % 23 - 11, |_| 100, 17_000);
        assert_eq!(solid.map(|verdict| verdict.1), Some(None), "{solid:?}");
    }
}
