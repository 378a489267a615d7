//! Pictures that show somebody else than their name says.
//!
//! Sets of pictures have such errors, and each makes as many false matches as the other person has pictures. They are found
//! by another encoder than the one that is measured: no encoder may take out its own errors.

use rayon::prelude::*;

use crate::Embeddings;

/// A picture under a wrong name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misnamed {
    /// Its place in the embeddings.
    pub picture: usize,
    /// The number of the person in it.
    pub shows: u32,
}

/// The pictures whose mean score with those of another person is at least `threshold`, and above the one with the others
/// of their own name. A person needs three pictures, so that a wrong one does not hide behind a right one.
pub fn misnamed(embeddings: &Embeddings, people: &[u32], threshold: i32) -> Vec<Misnamed> {
    let count = people.iter().max().map_or(0, |&last| last as usize + 1);
    let present = |&picture: &usize| embeddings.score(picture, picture) > 0;
    let pictures: Vec<usize> = (0..people.len()).filter(present).collect();
    let look = |&picture: &usize| {
        let mut sums = vec![(0i64, 0i64); count];
        for &other in pictures.iter().filter(|&&other| other != picture) {
            let (sum, of) = &mut sums[people[other] as usize];
            *sum += i64::from(embeddings.score(picture, other));
            *of += 1;
        }
        let mean = |person: usize, least: i64| {
            let (sum, of) = sums[person];
            (of >= least).then(|| sum / of)
        };
        let name = people[picture] as usize;
        let own = mean(name, 2)?;
        let others = (0..count).filter(|&person| person != name);
        let (most, shows) = others.filter_map(|person| Some((mean(person, 3)?, person))).max()?;
        (most >= i64::from(threshold) && most > own).then_some(Misnamed { picture, shows: shows as u32 })
    };
    pictures.par_iter().filter_map(look).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Embeddings in the plane, by their angle in degrees.
    fn at(angles: &[Option<f32>]) -> Embeddings {
        let vector = |angle: f32| vec![angle.to_radians().cos(), angle.to_radians().sin()];
        Embeddings::Float(angles.iter().map(|angle| angle.map(vector)).collect())
    }

    #[test]
    fn a_picture_among_those_of_somebody_else_is_found() {
        let angles = [0.0, 2.0, 91.0, 4.0, 90.0, 92.0, 94.0].map(Some);
        let people = [0, 0, 0, 0, 1, 1, 1];
        let threshold = at(&angles).one() / 2;
        assert_eq!(misnamed(&at(&angles), &people, threshold), [Misnamed { picture: 2, shows: 1 }]);
    }

    #[test]
    fn a_poor_picture_and_one_of_few_are_left_in_peace() {
        // 45 degrees: nearer to the other, and not at the threshold. The third person has a picture alone.
        let angles = [Some(0.0), Some(2.0), Some(47.0), Some(90.0), Some(92.0), Some(94.0), Some(91.0), None];
        let people = [0, 0, 0, 1, 1, 1, 2, 1];
        let threshold = at(&angles).one() * 9 / 10;
        assert_eq!(misnamed(&at(&angles), &people, threshold), []);
    }
}
