//! The pictures of a training: their people and their aligned faces.

mod cache;
mod fit;
mod folder;
mod morph;
mod people;
mod split;

pub use cache::{Cache, Finding, Store, Stored};
pub use folder::{Found, Picture, find, strangers};
pub use morph::Morphs;
pub use people::{Folds, PeopleFile};
pub use split::{HeldOut, split};

use std::ops::Range;

use encoder::Images;

use crate::Error;
use crate::loss::Matrix;

/// Aligned faces by number: [`crate::SIDE`] squared, RGB.
pub trait Crops: Sync {
    /// The face of one picture.
    ///
    /// # Errors
    /// [`Error::Read`] of where they are kept.
    fn read(&self, picture: usize) -> Result<Vec<u8>, Error>;
}

impl Crops for Vec<Vec<u8>> {
    fn read(&self, picture: usize) -> Result<Vec<u8>, Error> {
        Ok(self[picture].clone())
    }
}

/// The data of a training.
pub struct Data {
    /// The faces.
    pub crops: Box<dyn Crops>,
    /// The person of each picture.
    pub people: Vec<usize>,
    /// Pictures that are trained on.
    pub train: Vec<usize>,
    /// Pictures of people between these, which are trained on, too: see [`Morphs`].
    pub morphs: Range<usize>,
    /// Pictures of other people, for validation.
    pub held_out: Vec<usize>,
    /// The teacher's embedding of each picture, of unit length.
    pub teacher: Option<Matrix>,
}

impl Data {
    /// Each picture's person, numbered among those that are trained on, and the pictures of each of them.
    ///
    /// The number of a picture that is not trained on is of no meaning.
    pub(crate) fn training_people(&self) -> (Vec<usize>, Vec<Vec<usize>>) {
        let mut numbers = std::collections::BTreeMap::new();
        let mut own: Vec<Vec<usize>> = Vec::new();
        let mut classes = vec![0; self.people.len()];
        for picture in self.train.iter().copied().chain(self.morphs.clone()) {
            let number = *numbers.entry(self.people[picture]).or_insert_with(|| {
                own.push(Vec::new());
                own.len() - 1
            });
            classes[picture] = number;
            own[number].push(picture);
        }
        (classes, own)
    }
}

/// Faces, of [`crate::SIDE`] squared, as an encoder takes them, of `height` by `width`.
#[must_use]
pub fn images(faces: Vec<Vec<u8>>, (height, width): (usize, usize)) -> Images {
    let pixels = faces.into_iter().flat_map(|face| fit::fit(face, height, width)).collect();
    Images { height, width, pixels }
}
