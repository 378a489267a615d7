//! What the training loop asks of an encoder.

use std::io::{self, Read, Write};
use std::ops::Range;

use crate::engine::LossGradient;
use crate::{Embeddings, Images};

/// An encoder whose weights a loss can change.
///
/// Everything is deterministic: the same weights, pictures and gradients give the same bits, on any
/// number of cores.
pub trait Trainable {
    /// Height and width of the pictures that it takes.
    fn input(&self) -> (usize, usize);

    /// Values of an embedding.
    fn dimension(&self) -> usize;

    /// Embeds as the finished network will: with running statistics, and without changing anything.
    fn embed(&self, images: &Images) -> Embeddings;

    /// One step of the optimiser, at this learning rate.
    ///
    /// Embeds in training mode (statistics of the batch), asks `gradient` how the loss changes with each
    /// value of the embeddings, and moves the weights against it. Where `gradient` gives `None` (a
    /// loss that is no number), nothing is changed.
    fn step(&mut self, images: &Images, rate: f32, gradient: &mut LossGradient);

    /// Told after each step: which share of the training was done before it, and which is now, 0 to 1.
    fn advance(&mut self, _done: Range<f64>) {}

    /// Writes weights, running statistics and the optimiser's state: all that [`Trainable::load`] needs to
    /// go on as if nothing had happened.
    ///
    /// # Errors
    /// Those of `to`.
    fn save(&self, to: &mut dyn Write) -> io::Result<()>;

    /// Takes over what [`Trainable::save`] wrote of an encoder of the same structure.
    ///
    /// # Errors
    /// Those of `from`, and [`io::ErrorKind::InvalidData`] where it is of another structure or broken; then
    /// nothing is changed.
    fn load(&mut self, from: &mut dyn Read) -> io::Result<()>;
}
