//! Splits people into those to train on and those to validate with, from a seed.

use crate::Error;

/// How many people are held out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldOut {
    /// A tenth of them, two at least and 300 at most.
    Tenth,
    /// So many.
    People(usize),
}

/// Distinguishes the split's random numbers from others of the same seed.
const SPLIT: u64 = 4;

/// Splits pictures, which show `people[picture]`, into those to train on and those held out.
///
/// Held out are people with two pictures or more: with one there is nothing to compare.
///
/// # Errors
/// [`Error::TooFew`] where fewer than two people are left on either side.
pub fn split(people: &[usize], held_out: HeldOut, seed: u64) -> Result<(Vec<usize>, Vec<usize>), Error> {
    let count = people.iter().max().map_or(0, |most| most + 1);
    let mut pictures = vec![0; count];
    people.iter().for_each(|&person| pictures[person] += 1);
    let total = pictures.iter().filter(|&&n| n > 0).count();
    let mut able: Vec<usize> = (0..count).filter(|&person| pictures[person] > 1).collect();
    let wanted = match held_out {
        HeldOut::Tenth => (total / 10).clamp(2, 300),
        HeldOut::People(people) => people,
    };
    if able.len() < wanted || total < wanted + 2 || wanted < 2 {
        return Err(Error::TooFew(format!(
            "there are {total} people, {} of them with two pictures or more; it takes two to train on and two \
             such to hold out, and {wanted} were to be held out: add people, or pictures of them",
            able.len()
        )));
    }
    fastrand::Rng::with_seed(crate::seed(&[seed, SPLIT])).shuffle(&mut able);
    let chosen = &able[..wanted];
    Ok((0..people.len()).partition(|&picture| !chosen.contains(&people[picture])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_person_is_on_both_sides() {
        let people: Vec<usize> = (0..400).map(|picture| picture / 10).collect();
        let (train, held_out) = split(&people, HeldOut::People(10), 1).unwrap();
        assert_eq!((train.len(), held_out.len()), (300, 100));
        assert!(train.iter().all(|&a| held_out.iter().all(|&b| people[a] != people[b])));
        assert_eq!(split(&people, HeldOut::People(10), 1).unwrap().1, held_out);
        assert_ne!(split(&people, HeldOut::People(10), 2).unwrap().1, held_out);
        assert_eq!(split(&people, HeldOut::Tenth, 1).unwrap().1.len(), 40);
    }

    #[test]
    fn too_few_people_are_refused() {
        assert!(split(&[], HeldOut::Tenth, 1).is_err());
        assert!(split(&[0, 0, 0], HeldOut::Tenth, 1).is_err());
        assert!(split(&[0, 1, 2, 3, 4], HeldOut::Tenth, 1).is_err(), "one picture each");
        assert!(split(&[0, 0, 1, 1, 2, 3], HeldOut::Tenth, 1).is_ok());
    }
}
