//! The liveness score of a face in a single frame.

use nn::Model;
use nn::format::Kind;
use vision::{Face, Frame, Q15_ONE, SURROUNDINGS_BYTES, SURROUNDINGS_SIZE, crop_surroundings, exp_q};

use crate::{Error, Network};

/// Number of classes of the network; the first one is a living face.
const CLASSES: usize = 3;

/// Fraction bits of the arguments of [`exp_q`].
const ARGUMENT_BITS: u32 = 24;

/// A liveness network.
#[derive(Clone, Copy, Debug)]
pub struct Liveness<'m> {
    model: Model<'m>,
    frac_bits: u32,
}

impl<'m> Liveness<'m> {
    /// Checks a liveness network. Its input is 128 x 128 RGB; its output has three logits, the first one for
    /// a living face.
    ///
    /// # Errors
    /// [`Error::Kind`], [`Error::Input`] or [`Error::Outputs`].
    pub fn new(model: Model<'m>) -> Result<Self, Error> {
        let network = Network::Liveness;
        if model.kind() != Kind::Liveness {
            return Err(Error::Kind(network));
        }
        let input = model.input();
        if (input.height, input.width, input.channels) != (SURROUNDINGS_SIZE, SURROUNDINGS_SIZE, 3) {
            return Err(Error::Input(network));
        }
        let output = model.output(0).filter(|output| output.shape.len() == CLASSES);
        let frac_bits = output.and_then(|output| u32::try_from(output.frac_bits).ok());
        match frac_bits.filter(|&bits| bits <= ARGUMENT_BITS && model.output_count() == 1) {
            Some(frac_bits) => Ok(Self { model, frac_bits }),
            None => Err(Error::Outputs(network)),
        }
    }

    /// Bytes of arena that [`score`](Self::score) needs; it must be aligned to 16.
    pub fn arena_len(&self) -> usize {
        self.model.arena_len()
    }

    /// The liveness score of `face` in `frame`: softmax of the first class, Q15; 32768 is certainly alive.
    ///
    /// # Errors
    /// [`Error::Arena`].
    pub fn score(&self, frame: &Frame, face: &Face, arena: &mut [i8]) -> Result<u16, Error> {
        let input: &mut [i8; SURROUNDINGS_BYTES] =
            self.model.input_mut(arena).try_into().map_err(|_| Error::Arena)?;
        crop_surroundings(frame, &face.bounds, input);
        self.model.run(arena).map_err(|_| Error::Arena)?;
        let logits = self.model.read(arena, 0);
        Ok(softmax([0, 1, 2].map(|class| logits.get(class)), self.frac_bits))
    }
}

/// The softmax of the first logit in Q15.
fn softmax(logits: [i16; CLASSES], frac_bits: u32) -> u16 {
    let [alive, others @ ..] = logits.map(|logit| i64::from(logit) << (ARGUMENT_BITS - frac_bits));
    // The reciprocal of the sum of all weights, relative to that of the first class.
    let weight = |logit: i64| i64::from(exp_q(logit - alive, 15));
    let sum = i64::from(Q15_ONE) + others.map(weight).iter().sum::<i64>();
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
            let found = f64::from(softmax(logits, 8));
            assert!((found - exact).abs() <= 2.0, "{logits:?}: {found} is not {exact}");
        }
    }
}
