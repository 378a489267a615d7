//! The liveness score of a face in a single frame.

use core::ops::RangeInclusive;

use nn::Model;
use nn::format::Kind;
use vision::{Face, Frame, Q15_ONE, Surroundings, crop_surroundings, exp_q};

use crate::{Error, Network};

/// Numbers of classes that a network may have; the first one is a living face.
const CLASSES: RangeInclusive<usize> = 2..=3;

/// Fraction bits of the arguments of [`exp_q`].
const ARGUMENT_BITS: u32 = 24;

/// A liveness network.
#[derive(Clone, Copy, Debug)]
pub struct Liveness<'m> {
    model: Model<'m>,
    view: Surroundings,
    classes: usize,
    frac_bits: u32,
}

impl<'m> Liveness<'m> {
    /// Checks a liveness network. Its input is RGB, of a side that [`Surroundings`] knows; its output has two or three
    /// logits, the first one for a living face.
    ///
    /// # Errors
    /// [`Error::Kind`], [`Error::Input`] or [`Error::Outputs`].
    pub fn new(model: Model<'m>) -> Result<Self, Error> {
        let network = Network::Liveness;
        if model.kind() != Kind::Liveness {
            return Err(Error::Kind(network));
        }
        let input = model.input();
        let square = (input.height, input.channels) == (input.width, 3);
        let view = Surroundings::of_side(input.width).filter(|_| square).ok_or(Error::Input(network))?;
        let output = model.output(0).filter(|output| CLASSES.contains(&output.shape.len()));
        let output = output.filter(|_| model.output_count() == 1).ok_or(Error::Outputs(network))?;
        match u32::try_from(output.frac_bits) {
            Ok(frac_bits @ 0..=ARGUMENT_BITS) => {
                Ok(Self { model, view, classes: output.shape.len(), frac_bits })
            }
            _ => Err(Error::Outputs(network)),
        }
    }

    /// Bytes of arena that [`score`](Self::score) needs; it must be aligned to 16.
    pub fn arena_len(&self) -> usize {
        self.model.arena_len()
    }

    /// The part of a frame that it sees.
    pub fn surroundings(&self) -> Surroundings {
        self.view
    }

    /// The liveness score of `face` in `frame`: softmax of the first class, Q15; 32768 is certainly alive.
    ///
    /// # Errors
    /// [`Error::Arena`].
    pub fn score(&self, frame: &Frame, face: &Face, arena: &mut [i8]) -> Result<u16, Error> {
        self.score_with(frame, face, arena, Model::run)
    }

    /// As [`score`](Self::score), where `run` runs the network: what [`Model::run`] computes, in another way.
    ///
    /// # Errors
    /// [`Error::Arena`].
    pub fn score_with(
        &self,
        frame: &Frame,
        face: &Face,
        arena: &mut [i8],
        run: impl FnOnce(&Model<'m>, &mut [i8]) -> Result<(), nn::Error>,
    ) -> Result<u16, Error> {
        crop_surroundings(frame, &face.bounds, self.view, self.model.input_mut(arena));
        run(&self.model, arena).map_err(|_| Error::Arena)?;
        let logits = self.model.read(arena, 0);
        Ok(softmax(logits.get(0), (1..self.classes).map(|class| logits.get(class)), self.frac_bits))
    }
}

/// The softmax of the first logit in Q15.
fn softmax(alive: i16, others: impl Iterator<Item = i16>, frac_bits: u32) -> u16 {
    let wide = |logit: i16| i64::from(logit) << (ARGUMENT_BITS - frac_bits);
    // The reciprocal of the sum of all weights, relative to that of the first class.
    let weight = |logit: i16| i64::from(exp_q(wide(logit) - wide(alive), 15));
    let sum = i64::from(Q15_ONE) + others.map(weight).sum::<i64>();
    ((i64::from(Q15_ONE) << 15).div_euclid(sum)) as u16
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn the_score_is_the_softmax_of_the_first_class() {
        for logits in
            [[0, 0, 0], [512, -300, 17], [-2000, 100, 3000], [32767, -32768, -32768], [-32768, 32767, 0]]
        {
            let exact = logits.map(|logit| (f64::from(logit) / 256.0).exp());
            let exact = exact[0] / exact.iter().sum::<f64>() * 32768.0;
            let found = f64::from(softmax(logits[0], logits[1..].iter().copied(), 8));
            assert!((found - exact).abs() <= 2.0, "{logits:?}: {found} is not {exact}");
        }
        assert_eq!(softmax(300, [300].into_iter(), 8), 16_384, "two classes");
    }
}
