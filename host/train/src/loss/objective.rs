//! The function that a training minimises: a loss that separates people, distillation, or both.

use std::io::{self, Read, Write};

use encoder::Embeddings;
use serde::{Deserialize, Serialize};

use super::{
    ArcFace, Difference, Matrix, Units, Verifier, balanced_pairs, embedding_loss, relational_loss,
    triplet_loss,
};
use crate::mining::Mining;

/// The loss that separates people.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Identity {
    /// Not at all: distillation alone.
    None,
    /// The triplet loss, divided by the number of triplets.
    Triplet {
        /// The margin.
        alpha: f64,
        /// Which triplets count.
        mining: Mining,
    },
    /// Cross-entropy of a logistic regression over pairs.
    Verification(Difference),
    /// Margin softmax.
    ArcFace {
        /// Factor of the cosines.
        scale: f64,
        /// Margin in radians.
        margin: f64,
    },
}

/// The terms of an objective.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObjectiveSettings {
    /// The loss that separates people, with factor 1.
    pub identity: Identity,
    /// Factor of the distance from the teacher's embeddings.
    pub embedding: f64,
    /// Factor of the difference from the teacher's geometry.
    pub relational: f64,
}

impl ObjectiveSettings {
    /// Whether a teacher is asked.
    #[must_use]
    pub fn has_teacher(&self) -> bool {
        self.embedding > 0.0 || self.relational > 0.0
    }
}

/// Labels of the pictures of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// The person of each row, numbered from 0 over the people of the training.
    pub people: &'a [usize],
    /// The teacher's embeddings of the same pictures, of unit length.
    pub teacher: Option<&'a Matrix>,
}

/// How hard the triplets of a batch were.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TripletFigures {
    /// Share of triplets with a loss above zero.
    pub active: f64,
    /// Mean d(A, P).
    pub positive_distance: f64,
    /// Mean d(A, N).
    pub negative_distance: f64,
}

/// The objective of one batch.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The weighted sum of the terms.
    pub loss: f64,
    /// How it changes with each value of the raw embeddings.
    pub gradient: Embeddings,
    /// Where triplets are among the terms.
    pub triplets: Option<TripletFigures>,
}

/// The terms with the parameters of their own.
#[derive(Clone, Debug)]
pub struct Objective {
    settings: ObjectiveSettings,
    head: Head,
}

#[derive(Clone, Debug)]
enum Head {
    None,
    Verifier(Verifier),
    ArcFace(ArcFace),
}

impl Objective {
    /// An objective over embeddings of `dimension` values and so many `people`.
    #[must_use]
    pub fn new(settings: ObjectiveSettings, dimension: usize, people: usize, seed: u64) -> Self {
        let head = match settings.identity {
            Identity::None | Identity::Triplet { .. } => Head::None,
            Identity::Verification(form) => Head::Verifier(Verifier::new(form, dimension)),
            Identity::ArcFace { scale, margin } => {
                Head::ArcFace(ArcFace::new(people, dimension, scale, margin, seed))
            }
        };
        Self { settings, head }
    }

    /// The objective of a batch; its own parameters move at the network's `rate`.
    ///
    /// `None` where the loss or a gradient is no number; then nothing has moved.
    pub fn evaluate(
        &mut self,
        raw: &Embeddings,
        batch: Batch,
        rate: f64,
        random: &mut fastrand::Rng,
    ) -> Option<Evaluation> {
        let units = Units::of(raw);
        let mut gradient = Matrix::zeros(units.vectors.count(), units.vectors.columns);
        let mut loss = 0.0;
        let mut triplets = None;
        let mut by_head = Vec::new();
        if let Identity::Triplet { alpha, mining } = self.settings.identity {
            let mined = mining.mine(&units.vectors, batch.people, random);
            let found = triplet_loss(&units.vectors, &mined, alpha);
            let count = mined.len().max(1) as f64;
            loss += found.sum / count;
            gradient.add_all(1.0 / count, &found.gradient);
            triplets = Some(TripletFigures {
                active: found.active as f64 / count,
                positive_distance: found.positive_distance,
                negative_distance: found.negative_distance,
            });
        }
        let of_head = match &self.head {
            Head::None => None,
            Head::Verifier(verifier) => {
                Some(verifier.loss(&units.vectors, &balanced_pairs(batch.people, random)))
            }
            Head::ArcFace(arcface) => Some(arcface.loss(&units.vectors, batch.people)),
        };
        if let Some((found, by_parameters)) = of_head {
            loss += found.value;
            gradient.add_all(1.0, &found.gradient);
            by_head = by_parameters;
        }
        let ObjectiveSettings { embedding, relational, .. } = self.settings;
        if let Some(teacher) = batch.teacher {
            let terms =
                [(embedding, embedding_loss as fn(&Matrix, &Matrix) -> _), (relational, relational_loss)];
            for (factor, term) in terms.into_iter().filter(|(factor, _)| *factor > 0.0) {
                let found = term(&units.vectors, teacher);
                loss += factor * found.value;
                gradient.add_all(factor, &found.gradient);
            }
        }
        let back = units.back(&gradient);
        let finite = loss.is_finite()
            && back.values.iter().all(|value| value.is_finite())
            && by_head.iter().all(|value| value.is_finite());
        if !finite {
            return None;
        }
        match &mut self.head {
            Head::None => {}
            Head::Verifier(verifier) => verifier.step(&by_head, rate),
            Head::ArcFace(arcface) => arcface.step(&by_head, rate),
        }
        Some(Evaluation { loss, gradient: back, triplets })
    }

    /// Writes the parameters of the loss.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn save(&self, to: &mut dyn Write) -> io::Result<()> {
        match &self.head {
            Head::None => Ok(()),
            Head::Verifier(verifier) => verifier.save(to),
            Head::ArcFace(arcface) => arcface.save(to),
        }
    }

    /// Takes over what [`Objective::save`] wrote of one with the same settings.
    ///
    /// # Errors
    /// Those of `from`.
    pub fn load(&mut self, from: &mut dyn Read) -> io::Result<()> {
        match &mut self.head {
            Head::None => Ok(()),
            Head::Verifier(verifier) => verifier.load(from),
            Head::ArcFace(arcface) => arcface.load(from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEOPLE: [usize; 6] = [0, 0, 1, 1, 2, 2];

    fn raw(seed: u64) -> Embeddings {
        let mut random = fastrand::Rng::with_seed(seed);
        Embeddings { dimension: 4, values: (0..24).map(|_| random.f32() * 3.0 - 1.0).collect() }
    }

    fn settings(identity: Identity) -> ObjectiveSettings {
        ObjectiveSettings { identity, embedding: 0.5, relational: 2.0 }
    }

    fn identities() -> [Identity; 5] {
        [
            Identity::None,
            Identity::Triplet { alpha: 0.4, mining: Mining::BatchHard },
            Identity::Verification(Difference::Absolute),
            Identity::Verification(Difference::ChiSquared),
            Identity::ArcFace { scale: 8.0, margin: 0.3 },
        ]
    }

    #[test]
    fn every_sum_of_terms_agrees_with_differences_by_the_raw_values() {
        let teacher = Units::of(&raw(1)).vectors;
        let batch = Batch { people: &PEOPLE, teacher: Some(&teacher) };
        for identity in identities() {
            let loss = |raw: &Embeddings| {
                // A new one each time, so that its own parameters are where they were.
                let mut objective = Objective::new(settings(identity), 4, 3, 1);
                objective.evaluate(raw, batch, 0.0, &mut fastrand::Rng::with_seed(2)).expect("a number")
            };
            let at = raw(3);
            let found = loss(&at);
            for index in 0..at.values.len() {
                let moved = |by: f32| {
                    let mut moved = at.clone();
                    moved.values[index] += by;
                    loss(&moved).loss
                };
                // A power of two, so that the step is exact in 32 bits.
                let expected = (moved(1.0 / 1024.0) - moved(-1.0 / 1024.0)) * 512.0;
                let gradient = f64::from(found.gradient.values[index]);
                assert!((gradient - expected).abs() < 1e-4, "{identity:?} {index}: {gradient} {expected}");
            }
        }
    }

    #[test]
    fn what_is_no_number_changes_nothing() {
        let mut broken = raw(4);
        broken.values[7] = f32::NAN;
        let batch = Batch { people: &PEOPLE, teacher: None };
        for identity in identities().into_iter().skip(1) {
            let mut objective = Objective::new(settings(identity), 4, 3, 1);
            let mut before = Vec::new();
            objective.save(&mut before).unwrap();
            let random = &mut fastrand::Rng::with_seed(2);
            assert!(objective.evaluate(&broken, batch, 0.1, random).is_none(), "{identity:?}");
            let mut after = Vec::new();
            objective.save(&mut after).unwrap();
            assert_eq!(before, after);
        }
    }

    #[test]
    fn the_parameters_of_a_loss_are_kept() {
        let batch = Batch { people: &PEOPLE, teacher: None };
        for identity in identities() {
            let mut one = Objective::new(settings(identity), 4, 3, 1);
            let random = &mut fastrand::Rng::with_seed(2);
            one.evaluate(&raw(5), batch, 0.01, random).expect("a number");
            let mut bytes = Vec::new();
            one.save(&mut bytes).unwrap();
            let mut other = Objective::new(settings(identity), 4, 3, 99);
            other.load(&mut &bytes[..]).unwrap();
            let mut again = Vec::new();
            other.save(&mut again).unwrap();
            assert_eq!(bytes, again);
        }
    }
}
