//! The liveness network in float.

use std::sync::Arc;

use compiler::Graph;
use models::Manifest;

use crate::{Network, Result};

/// A network that scores a face with its surroundings.
pub struct Liveness {
    graph: Arc<Graph>,
}

impl Liveness {
    /// The published network of the model of `manifest`.
    ///
    /// # Errors
    /// As [`Network::open`] and [`Network::run`].
    pub fn open(manifest: &Manifest) -> Result<Self> {
        let size = [manifest.input.height, manifest.input.width];
        Ok(Self { graph: Network::open(manifest)?.graph(size)? })
    }

    /// The probability of a live face in a picture of the network's input size: the softmax of its first class.
    pub fn score(&self, pixels: &[u8]) -> f32 {
        let logits = compiler::float::run(&self.graph, pixels, |_, _, _| {}).concat();
        let weights: Vec<f32> = logits.iter().map(|logit| (logit - logits[0]).exp()).collect();
        1.0 / weights.iter().sum::<f32>()
    }
}
