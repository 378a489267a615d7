//! 1:N search: which row of RAM holds the template nearest to a probe.
//!
//! Templates stand in rows of equal length, one a slot, so that [`kernels::nearest`] walks over all of
//! them at once. It finds the greatest product; the gallery's rule is finer: of people who are equally
//! *similar*, which after rounding several products are, the one enrolled first counts, and some rows
//! count for nobody. So what lies on both sides of the row found is searched too, as a rule in one
//! more pass that finds nothing as similar.

use core::cmp::Reverse;

use crate::Person;
use template::{CosineScore, TemplateView};

/// A person and how alike the best of their templates is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// The person.
    pub person: &'a Person,
    /// The highest score of one of their templates.
    pub similarity: CosineScore,
}

/// A search through rows.
pub(crate) struct Search<'a, P> {
    pub(crate) probe: TemplateView<'a>,
    /// Rows of [`Self::pitch`] values, as long as the probe and what is left of the pitch.
    pub(crate) rows: &'a [i8],
    /// Values from a row to the next.
    pub(crate) pitch: usize,
    /// Whose template stands in a row, if it counts.
    pub(crate) person: P,
}

impl<'p, P: Fn(usize) -> Option<&'p Person>> Search<'_, P> {
    /// The person most similar to the probe; of equals the one with the smallest id.
    pub(crate) fn best(&self) -> Option<Candidate<'p>> {
        let mut best = None;
        let end = self.rows.len().checked_div(self.pitch).unwrap_or(0);
        let mut first = 0;
        while let Some((row, similarity)) = self.nearest(first, end) {
            if is_worse(similarity, best) {
                break;
            }
            self.consider(row, similarity, &mut best);
            // Before that row all products are smaller, but not all of them need be less similar.
            if self.nearest(first, row).is_some_and(|(_, similarity)| !is_worse(similarity, best)) {
                for before in first..row {
                    if let Some((_, similarity)) = self.nearest(before, before + 1) {
                        self.consider(before, similarity, &mut best);
                    }
                }
            }
            first = row + 1;
        }
        best
    }

    /// The row from `first` to before `end` with the greatest product.
    fn nearest(&self, first: usize, end: usize) -> Option<(usize, CosineScore)> {
        let rows = self.rows.get(first * self.pitch..end * self.pitch)?;
        let values = self.probe.values();
        let (number, product) = kernels::nearest(values, rows, self.pitch)?;
        Some((first + number, CosineScore::of_product(product, values.len())))
    }

    fn consider(&self, row: usize, similarity: CosineScore, best: &mut Option<Candidate<'p>>) {
        let Some(person) = (self.person)(row) else { return };
        let key = |candidate: &Candidate| (candidate.similarity, Reverse(candidate.person.id));
        let found = Candidate { person, similarity };
        if best.is_none_or(|best| key(&found) > key(&best)) {
            *best = Some(found);
        }
    }
}

/// Whether nothing of that similarity can be the best.
fn is_worse(similarity: CosineScore, best: Option<Candidate>) -> bool {
    best.is_some_and(|best| similarity < best.similarity)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::Name;
    use proptest::prelude::*;
    use std::vec::Vec;

    const PITCH: usize = 80;

    proptest! {
        /// Few different values, so that products and similarities are often equal.
        #[test]
        fn the_best_is_what_comparing_each_gives(
            seed in any::<u64>(), count in 0usize..40, people in 1u32..6, spread in 1i64..4,
        ) {
            let mut state = seed | 1;
            let mut next = |limit: i64| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                ((state >> 24) as i64 % (2 * limit + 1) - limit) as i8
            };
            let mut rows = Vec::new();
            for _ in 0..count {
                rows.extend((0..64).map(|_| next(spread)));
                rows.extend([99; PITCH - 64]);
            }
            let query: Vec<i8> = (0..64).map(|_| next(spread)).collect();
            let probe = TemplateView::new(&query).unwrap();
            let person = |id| Person { id, name: Name::new("x").unwrap(), slots: heapless::Vec::new() };
            let people: Vec<Person> = (0..people).rev().map(person).collect();
            // The first of them counts for nobody.
            let owner = |row: usize| people.get(row * 7 % people.len()).filter(|person| person.id > 0);
            let found = Search { probe, rows: &rows, pitch: PITCH, person: owner }.best();
            let each = rows.chunks_exact(PITCH).enumerate().filter_map(|(row, values)| {
                let similarity = TemplateView::new(&values[..64]).unwrap().similarity(probe)?;
                Some(Candidate { person: owner(row)?, similarity })
            });
            let want = each.max_by_key(|found| (found.similarity, Reverse(found.person.id)));
            prop_assert_eq!(found, want);
        }
    }
}
