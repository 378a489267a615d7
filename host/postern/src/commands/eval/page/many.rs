//! The section on identification (1:N).

use eval::{Comparison, OpenSet, Rank1, open_set, rank1};
use schemars::JsonSchema;
use serde::Serialize;

use crate::commands::eval::material::Measured;

/// People enrolled.
const SIZES: [usize; 8] = [1, 3, 10, 30, 100, 300, 1000, 3000];
/// The share of strangers that may be let in.
const RATE: f64 = 1e-3;

/// Identification in closed and open sets.
#[derive(JsonSchema, Serialize)]
pub struct Identification {
    /// Whether the most similar person is the right one, everybody being enrolled. `null` if nobody has two pictures.
    pub rank1: Option<Rank1>,
    /// The rate asked for.
    pub rate: f64,
    /// At the threshold of verification, however many are enrolled.
    pub uniform: Vec<OpenSet>,
    /// At the threshold that the door takes: that of the rate divided by the people enrolled. Ends
    /// where the pictures cannot tell so strict a threshold.
    pub adapted: Vec<OpenSet>,
}

impl Identification {
    /// Measures it.
    pub fn measure(measured: &Measured, all: &Comparison) -> Self {
        let Measured { embeddings, people, .. } = measured;
        let at = |enrolled: usize, rate: f64| {
            let threshold = all.threshold(rate).filter(|_| all.bears_out(rate))?;
            open_set(embeddings, people, enrolled, threshold)
        };
        Self {
            rank1: rank1(embeddings, people),
            rate: RATE,
            uniform: SIZES.iter().filter_map(|&size| at(size, RATE)).collect(),
            adapted: SIZES.iter().filter_map(|&size| at(size, RATE / size as f64)).collect(),
        }
    }
}
