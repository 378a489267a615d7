//! The last looks at a face, and what they come to.

use crate::Look;

/// Looks that are kept.
pub const WINDOW: usize = 24;

/// The score that the looks need in the mean, Q15.
pub const NEEDED: u16 = 19_661;

/// The score that every one of them needs, Q15: the others do not make up for a picture that shows a
/// photograph.
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
}

/// What the looks so far come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Verdict {
    /// Mean of the network's scores over the looks that count, Q15.
    pub score: u16,
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
        let goes_on = self.looks().last().is_some_and(|last| {
            look.continues(last) && look.at_ms.saturating_sub(last.at_ms) <= MEMORY_MS
        });
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
        let against = (score < NEEDED || look.score < NEEDED_EACH).then_some(Against::Looks);
        Verdict { score, against }
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
