//! The pairs with the largest errors of an encoder, for inspection.
//!
//! Half of what looks like a failure is one of the data: a wrong name, another face in the middle. That is
//! seen, not counted.

use crate::Embeddings;

/// Two pictures and their score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scored {
    /// The pictures' places in the embeddings.
    pub pictures: [usize; 2],
    /// Their similarity times [`Embeddings::one`].
    pub score: i32,
}

/// The worst pairs of both kinds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worst {
    /// Of one person, the least similar first; one a person.
    pub misses: Vec<Scored>,
    /// Of two people, the most similar first; one a pair of people.
    pub false_matches: Vec<Scored>,
}

/// Finds the `count` worst pairs of each kind. Pictures without a face are no pairs: there is nothing
/// to be seen in them.
pub fn worst(embeddings: &Embeddings, people: &[u32], count: usize) -> Worst {
    let present: Vec<usize> =
        (0..people.len()).filter(|&picture| embeddings.score(picture, picture) > 0).collect();
    let (mut misses, mut false_matches) = (Shortlist::new(count), Shortlist::new(count));
    for (at, &a) in present.iter().enumerate() {
        for &b in &present[at + 1..] {
            let scored = Scored { pictures: [a, b], score: embeddings.score(a, b) };
            let whose = [people[a].min(people[b]), people[a].max(people[b])];
            if people[a] == people[b] {
                misses.offer(-scored.score, whose, scored);
            } else {
                false_matches.offer(scored.score, whose, scored);
            }
        }
    }
    Worst { misses: misses.into_list(), false_matches: false_matches.into_list() }
}

/// The highest scores, one for each pair of people.
struct Shortlist {
    count: usize,
    /// Score, people and pictures, the worst first.
    list: Vec<(i32, [u32; 2], Scored)>,
}

impl Shortlist {
    fn new(count: usize) -> Self {
        Self { count, list: Vec::with_capacity(count + 1) }
    }

    fn offer(&mut self, badness: i32, whose: [u32; 2], scored: Scored) {
        let full = self.list.len() >= self.count;
        if full && self.list.last().is_none_or(|(least, ..)| badness <= *least) {
            return;
        }
        if let Some(known) = self.list.iter().position(|(_, of, _)| *of == whose) {
            if self.list[known].0 >= badness {
                return;
            }
            self.list.remove(known);
        }
        let place = self.list.partition_point(|(other, ..)| *other >= badness);
        self.list.insert(place, (badness, whose, scored));
        self.list.truncate(self.count);
    }

    fn into_list(self) -> Vec<Scored> {
        self.list.into_iter().map(|(_, _, scored)| scored).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(degrees: &[f32]) -> Embeddings {
        let unit = |degrees: &f32| Some(vec![degrees.to_radians().cos(), degrees.to_radians().sin()]);
        Embeddings::Float(degrees.iter().map(unit).collect())
    }

    #[test]
    fn the_worst_come_first_and_people_once() {
        let embeddings = at(&[0.0, 80.0, 85.0, 10.0, 20.0, 60.0]);
        let people = [0, 0, 0, 1, 1, 2];
        let worst = worst(&embeddings, &people, 5);
        let pairs = |list: &[Scored]| list.iter().map(|scored| scored.pictures).collect::<Vec<_>>();
        assert_eq!(pairs(&worst.misses), [[0, 2], [3, 4]]);
        assert_eq!(pairs(&worst.false_matches), [[0, 3], [1, 5], [4, 5]]);
        assert_eq!(pairs(&super::worst(&embeddings, &people, 1).false_matches), [[0, 3]]);
    }

    #[test]
    fn a_picture_without_a_face_is_not_among_them() {
        let Embeddings::Float(mut vectors) = at(&[0.0, 10.0, 20.0]) else { unreachable!() };
        vectors[1] = None;
        let worst = worst(&Embeddings::Float(vectors), &[0, 0, 1], 3);
        assert!(worst.misses.is_empty());
        assert_eq!(worst.false_matches.len(), 1);
    }
}
