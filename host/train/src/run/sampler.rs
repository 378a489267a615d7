//! Batches of P people with K pictures each, drawn again for every epoch from a seed.
//!
//! An epoch shows every picture about once: each person's pictures are shuffled and cut into groups of K,
//! and the groups of different people are put together. A person with fewer than K pictures is shown the
//! same ones again, which augmentation makes different. Somebody with very many pictures cannot be in a
//! batch twice; the rest waits for another epoch.

/// A picture in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Number of the picture.
    pub picture: usize,
    /// How often the same picture stood in this epoch before.
    pub copy: u32,
}

/// How large batches are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchSize {
    /// People of a batch, P.
    pub people: usize,
    /// Pictures of each, K.
    pub pictures: usize,
}

/// The batches of `epoch`; `pictures[person]` are the pictures of a person.
///
/// A last batch of fewer than half of the people asked for is left out.
#[must_use]
pub fn batches(pictures: &[Vec<usize>], size: BatchSize, seed: u64, epoch: usize) -> Vec<Vec<Slot>> {
    let mut random = fastrand::Rng::with_seed(crate::seed(&[seed, SAMPLER, epoch as u64]));
    let mut groups: Vec<(usize, Vec<Slot>)> = Vec::new();
    for (person, own) in pictures.iter().enumerate().filter(|(_, own)| !own.is_empty()) {
        let mut order = own.clone();
        random.shuffle(&mut order);
        let total = order.len().div_ceil(size.pictures) * size.pictures;
        let slots: Vec<Slot> = (0..total)
            .map(|at| Slot { picture: order[at % order.len()], copy: (at / order.len()) as u32 })
            .collect();
        groups.extend(slots.chunks(size.pictures).map(|group| (person, group.to_vec())));
    }
    random.shuffle(&mut groups);
    let people = size.people.min(pictures.iter().filter(|own| !own.is_empty()).count());
    let mut batches = Vec::new();
    while let Some(batch) = take(&mut groups, people) {
        batches.push(batch);
    }
    batches
}

/// Distinguishes the sampler's random numbers from others of the same seed.
const SAMPLER: u64 = 1;

/// Takes the first groups of `people` different people.
fn take(groups: &mut Vec<(usize, Vec<Slot>)>, people: usize) -> Option<Vec<Slot>> {
    let mut seen = Vec::with_capacity(people);
    let mut chosen = Vec::with_capacity(people);
    for (at, (person, _)) in groups.iter().enumerate() {
        if chosen.len() == people {
            break;
        }
        if !seen.contains(person) {
            seen.push(*person);
            chosen.push(at);
        }
    }
    if chosen.is_empty() || chosen.len() < people.div_ceil(2).max(2) {
        return None;
    }
    let mut batch = Vec::new();
    for &at in &chosen {
        batch.append(&mut groups[at].1);
    }
    groups.retain(|(_, group)| !group.is_empty());
    Some(batch)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: BatchSize = BatchSize { people: 4, pictures: 3 };

    /// Seven people with six pictures each.
    fn crowd() -> Vec<Vec<usize>> {
        (0..7).map(|person| (person * 6..person * 6 + 6).collect()).collect()
    }

    #[test]
    fn every_batch_is_p_people_with_k_pictures() {
        for batch in batches(&crowd(), SIZE, 1, 0) {
            let mut people: Vec<usize> = batch.iter().map(|slot| slot.picture / 6).collect();
            people.sort_unstable();
            assert!(people.chunk_by(|a, b| a == b).all(|own| own.len() == 3));
            assert!((2..=4).contains(&people.chunk_by(|a, b| a == b).count()));
        }
    }

    #[test]
    fn an_epoch_shows_no_picture_twice_and_nearly_all_once() {
        let mut shown: Vec<usize> =
            batches(&crowd(), SIZE, 1, 0).concat().iter().map(|s| s.picture).collect();
        let count = shown.len();
        shown.sort_unstable();
        shown.dedup();
        assert_eq!(shown.len(), count);
        assert!(count >= 36, "{count} of 42");
    }

    #[test]
    fn the_same_seed_and_epoch_give_the_same_batches() {
        assert_eq!(batches(&crowd(), SIZE, 1, 3), batches(&crowd(), SIZE, 1, 3));
        assert_ne!(batches(&crowd(), SIZE, 1, 3), batches(&crowd(), SIZE, 1, 4));
        assert_ne!(batches(&crowd(), SIZE, 1, 3), batches(&crowd(), SIZE, 2, 3));
    }

    #[test]
    fn few_pictures_are_shown_again_as_copies_of_their_own() {
        let batch = batches(&[vec![0], vec![1, 2]], SIZE, 1, 0).concat();
        assert_eq!(batch.len(), 6);
        let mut seen: Vec<(usize, u32)> = batch.iter().map(|slot| (slot.picture, slot.copy)).collect();
        seen.sort_unstable();
        assert_eq!(&seen[..3], [(0, 0), (0, 1), (0, 2)]);
        seen.dedup();
        assert_eq!(seen.len(), 6);
    }

    #[test]
    fn somebody_with_very_many_pictures_does_not_fill_a_batch() {
        let mut crowd = crowd();
        crowd.push((100..400).collect());
        for batch in batches(&crowd, SIZE, 1, 0) {
            assert!(batch.iter().filter(|slot| slot.picture >= 100).count() <= 3);
        }
    }
}
