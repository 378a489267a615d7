//! Which triplets of a batch to learn from.
//!
//! A batch holds some people with some pictures each, so that there are thousands of triplets in it;
//! most of them have no loss, and teach nothing. The ways to choose differ in how hard the triplets are:
//!
//! | way | for an anchor and a positive, the negative is |
//! |---|---|
//! | random | any stranger: soon nearly all are too easy |
//! | batch-hard | the nearest stranger, with the farthest positive (Hermans et al. 2017) |
//! | semi-hard | the nearest stranger that is farther than the positive (Schroff et al. 2015) |
//! | distance-weighted | drawn so that all distances are equally likely (Wu et al. 2017) |

mod batch_hard;
mod distance_weighted;
mod random;
mod semi_hard;

use serde::{Deserialize, Serialize};

use crate::loss::{Matrix, Triplet, square_distance};

/// A way to choose triplets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mining {
    /// Every pair of one person, with a stranger drawn at random.
    Random,
    /// Every anchor once, with its farthest positive and its nearest negative.
    BatchHard,
    /// Every pair of one person, with the nearest of the strangers that are farther than the positive.
    SemiHard,
    /// Every pair of one person, with a stranger drawn against the density of distances on the sphere.
    DistanceWeighted,
}

impl Mining {
    /// The triplets to learn from in a batch of unit vectors whose rows show `people`.
    ///
    /// None where the batch has no two pictures of one person, or one person only.
    #[must_use]
    pub fn mine(self, units: &Matrix, people: &[usize], random: &mut fastrand::Rng) -> Vec<Triplet> {
        let batch = Batch::new(units, people);
        match self {
            Self::Random => random::mine(&batch, random),
            Self::BatchHard => batch_hard::mine(&batch),
            Self::SemiHard => semi_hard::mine(&batch),
            Self::DistanceWeighted => distance_weighted::mine(&batch, units.columns, random),
        }
    }
}

/// A batch as its distances.
struct Batch<'a> {
    people: &'a [usize],
    /// `|a - b|²`, row by row.
    distances: Vec<f64>,
}

impl<'a> Batch<'a> {
    fn new(units: &Matrix, people: &'a [usize]) -> Self {
        let rows = 0..units.count();
        let distances = rows
            .clone()
            .flat_map(|a| rows.clone().map(move |b| (a, b)))
            .map(|(a, b)| square_distance(units.row(a), units.row(b)))
            .collect();
        Self { people, distances }
    }

    fn distance(&self, a: usize, b: usize) -> f64 {
        self.distances[a * self.people.len() + b]
    }

    /// Other pictures of the anchor's person.
    fn positives(&self, anchor: usize) -> impl Iterator<Item = usize> + use<'_, 'a> {
        (0..self.people.len()).filter(move |&row| row != anchor && self.people[row] == self.people[anchor])
    }

    /// Pictures of other people.
    fn negatives(&self, anchor: usize) -> impl Iterator<Item = usize> + use<'_, 'a> {
        (0..self.people.len()).filter(move |&row| self.people[row] != self.people[anchor])
    }

    /// Every anchor with each of its positives, and what `negative` chooses.
    fn for_pairs(&self, mut negative: impl FnMut(usize, usize) -> Option<usize>) -> Vec<Triplet> {
        let pairs = (0..self.people.len()).flat_map(|a| self.positives(a).map(move |p| (a, p)));
        pairs
            .filter_map(|(anchor, positive)| {
                Some(Triplet { anchor, positive, negative: negative(anchor, positive)? })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::testing::random_units;

    const ALL: [Mining; 4] = [Mining::Random, Mining::BatchHard, Mining::SemiHard, Mining::DistanceWeighted];

    /// Four points on a line: somebody at 0 and 2, strangers at 1 and 3.5.
    fn line() -> (Matrix, [usize; 4]) {
        (Matrix { columns: 1, values: vec![0.0, 2.0, 1.0, 3.5] }, [7, 7, 8, 9])
    }

    fn negative_of(triplets: &[Triplet], anchor: usize) -> usize {
        triplets.iter().find(|triplet| triplet.anchor == anchor).expect("an anchor").negative
    }

    #[test]
    fn batch_hard_takes_the_nearest_stranger_and_semi_hard_one_behind_the_positive() {
        let (units, people) = line();
        let mut random = fastrand::Rng::with_seed(1);
        let hard = Mining::BatchHard.mine(&units, &people, &mut random);
        assert_eq!(hard.len(), 2, "a row without a positive is no anchor");
        assert_eq!(negative_of(&hard, 0), 2);
        let semi = Mining::SemiHard.mine(&units, &people, &mut random);
        assert_eq!(negative_of(&semi, 0), 3);
        // No stranger is farther from the second point than its positive: the farthest one counts.
        assert_eq!(negative_of(&semi, 1), 3);
    }

    #[test]
    fn every_triplet_is_two_of_one_person_and_one_of_another() {
        let units = random_units(24, 8, 3);
        let people: Vec<usize> = (0..24).map(|row| row / 3).collect();
        for mining in ALL {
            let triplets = mining.mine(&units, &people, &mut fastrand::Rng::with_seed(5));
            assert!(triplets.len() >= 24, "{mining:?}");
            for Triplet { anchor, positive, negative } in triplets {
                assert!(anchor != positive && people[anchor] == people[positive]);
                assert_ne!(people[anchor], people[negative]);
            }
        }
    }

    #[test]
    fn mined_negatives_are_nearer_than_random_ones() {
        let units = random_units(64, 16, 4);
        let people: Vec<usize> = (0..64).map(|row| row / 4).collect();
        let mean = |mining: Mining| {
            let triplets = mining.mine(&units, &people, &mut fastrand::Rng::with_seed(6));
            let distance = |one: &Triplet| square_distance(units.row(one.anchor), units.row(one.negative));
            triplets.iter().map(distance).sum::<f64>() / triplets.len() as f64
        };
        assert!(mean(Mining::BatchHard) < mean(Mining::DistanceWeighted));
        assert!(mean(Mining::DistanceWeighted) < mean(Mining::Random));
    }

    #[test]
    fn one_person_or_single_pictures_give_no_triplet() {
        let units = random_units(4, 3, 7);
        for mining in ALL {
            let mut random = fastrand::Rng::with_seed(8);
            assert_eq!(mining.mine(&units, &[1; 4], &mut random), []);
            assert_eq!(mining.mine(&units, &[1, 2, 3, 4], &mut random), []);
        }
    }
}
