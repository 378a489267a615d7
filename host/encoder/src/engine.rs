//! What computes a network: the seam between [`Encoder`](crate::Encoder) and its hardware.
//!
//! Weights, optimiser and statistics stay with the encoder. An engine gets the network as it is now, and
//! gives embeddings and gradients, so that everything but this arithmetic is the same code on every engine. The
//! crate `postern-gpu`, outside this workspace, has an engine for GPUs.

use std::sync::{Mutex, PoisonError};

use autodiff::BufferPool;

use crate::pass::{Pass, Step};
use crate::{Embeddings, Images};

/// Says how the loss changes with each value of the embeddings; `None` where the loss is no number.
pub type LossGradient<'a> = dyn FnMut(&Embeddings) -> Option<Embeddings> + 'a;

/// What computes a network.
pub trait Engine: Send + Sync {
    /// Embeds with the statistics of the batch, asks `gradient`, and takes its answer back to the parameters.
    ///
    /// Nodes that are frozen keep their running statistics. `None` where `gradient` gives none.
    fn step(&mut self, pass: Pass, images: &Images, gradient: &mut LossGradient) -> Option<Step>;

    /// Embeds with the running statistics.
    fn embed(&self, pass: Pass, images: &Images) -> Embeddings;
}

/// The processor, by the operators of [`autodiff`]; the same bits on any number of cores.
#[derive(Default)]
pub struct Processor {
    pool: BufferPool,
    /// Memory of embeddings that are done, for the next ones.
    idle: Mutex<Vec<BufferPool>>,
}

impl Engine for Processor {
    fn step(&mut self, pass: Pass, images: &Images, gradient: &mut LossGradient) -> Option<Step> {
        let trace = pass.train(images, &mut self.pool);
        match gradient(&trace.embeddings(pass.graph.dimension())) {
            Some(gradient) => Some(pass.backward(trace, &gradient, &mut self.pool)),
            None => {
                trace.release(&mut self.pool);
                None
            }
        }
    }

    fn embed(&self, pass: Pass, images: &Images) -> Embeddings {
        // Whoever panicked while it had the list left it whole.
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let mut pool = idle().pop().unwrap_or_default();
        let embeddings = pass.embed(images, &mut pool);
        idle().push(pool);
        embeddings
    }
}
