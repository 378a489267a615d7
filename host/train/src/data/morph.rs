//! People between two people, so that a few hundred of them are more.
//!
//! The mean of two aligned faces is the face of no real person: eyes lie on eyes. A morph is such a person, of two
//! others in a share that stays: each of its pictures is one of theirs blended with one of the other's. Losses that
//! tell people apart get more people from it, and a student that is to match a teacher gets more faces: it
//! learns the teacher's function and not a list of people (mixup of Zhang et al. 2018 with the teacher's answer in
//! place of mixed labels, as Beyer et al. 2022 advise).

use super::Crops;
use crate::Error;

/// Distinguishes the drawn pairs from other random numbers of the same seed.
const MORPH: u64 = 6;

/// Least share of the one person in a morph.
const LEAST: f32 = 0.35;

/// A blend of two pictures, and the share of the first in 256ths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Blend {
    pictures: [usize; 2],
    share: u32,
}

/// Pictures, and after them blends of them.
pub struct Morphs<C> {
    crops: C,
    /// How many pictures there are before the first blend.
    pictures: usize,
    blends: Vec<Blend>,
    /// The person of each blend, numbered from 0.
    people: Vec<usize>,
}

impl<C: Crops> Morphs<C> {
    /// Adds to the first `people.len()` pictures of `crops`, which show `people[picture]`, those of `count` morphs, drawn
    /// from `seed`, of two people each of the pictures `among`.
    ///
    /// A morph has as many pictures as the one of its two people with fewer. Of one person alone there are no
    /// morphs.
    pub fn new(crops: C, people: &[usize], among: &[usize], count: usize, seed: u64) -> Self {
        let random = &mut fastrand::Rng::with_seed(crate::seed(&[seed, MORPH]));
        let mut own = std::collections::BTreeMap::<usize, Vec<usize>>::new();
        among.iter().for_each(|&picture| own.entry(people[picture]).or_default().push(picture));
        let own: Vec<Vec<usize>> = own.into_values().collect();
        let mut all = Self { crops, pictures: people.len(), blends: Vec::new(), people: Vec::new() };
        for morph in 0..if own.len() > 1 { count } else { 0 } {
            let one = random.usize(..own.len());
            let other = (one + random.usize(1..own.len())) % own.len();
            let share = LEAST + (1.0 - 2.0 * LEAST) * random.f32();
            let [mut one, mut other] = [own[one].clone(), own[other].clone()];
            random.shuffle(&mut one);
            random.shuffle(&mut other);
            for (a, b) in one.into_iter().zip(other) {
                all.blends.push(Blend { pictures: [a, b], share: (share * 256.0) as u32 });
                all.people.push(morph);
            }
        }
        all
    }

    /// Which of the morphs each of their pictures shows.
    #[must_use]
    pub fn people(&self) -> &[usize] {
        &self.people
    }
}

impl<C: Crops> Crops for Morphs<C> {
    fn read(&self, picture: usize) -> Result<Vec<u8>, Error> {
        let Some(blend) = picture.checked_sub(self.pictures).map(|number| self.blends[number]) else {
            return self.crops.read(picture);
        };
        let [one, other] = blend.pictures;
        let (one, other) = (self.crops.read(one)?, self.crops.read(other)?);
        let mix = |a: u8, b: u8| (u32::from(a) * blend.share + u32::from(b) * (256 - blend.share)) >> 8;
        Ok(one.iter().zip(&other).map(|(&a, &b)| mix(a, b) as u8).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_morph_is_the_same_two_people_in_all_its_pictures() {
        let crops: Vec<Vec<u8>> = (0..7).map(|picture| vec![picture * 40; 9]).collect();
        let people = [0, 0, 0, 1, 1, 2, 2];
        let among = [0, 1, 2, 3, 4];
        let morphs = |seed| Morphs::new(crops.clone(), &people, &among, 4, seed);
        let all = morphs(1);
        assert_eq!(all.people(), [0, 0, 1, 1, 2, 2, 3, 3], "the fewer of three and two pictures");
        assert_eq!(all.read(5).unwrap(), crops[5]);
        for (number, pair) in all.blends.chunks_exact(2).enumerate() {
            assert_eq!(pair[0].share, pair[1].share);
            for (at, blend) in pair.iter().enumerate() {
                let [a, b] = blend.pictures;
                assert_eq!(
                    [people[a], people[b]],
                    [people[pair[0].pictures[0]], people[pair[0].pictures[1]]]
                );
                assert!(people[a] != people[b] && among.contains(&a) && among.contains(&b));
                let value = all.read(7 + 2 * number + at).unwrap()[0];
                let (low, high) = (a.min(b) as u8 * 40, a.max(b) as u8 * 40);
                assert!(low + 12 <= value && value <= high - 12, "{value} between {low} and {high}");
            }
        }
        assert_eq!(all.blends, morphs(1).blends);
        assert_ne!(all.blends, morphs(2).blends);
    }

    #[test]
    fn of_one_person_alone_there_are_none() {
        let crops: Vec<Vec<u8>> = vec![vec![1; 9]; 2];
        assert!(Morphs::new(crops, &[0, 0], &[0, 1], 2, 1).people().is_empty());
    }
}
