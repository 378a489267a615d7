//! The outputs of the detector in the form that the decoder reads.

use nn::{Model, Outputs};
use vision::{HEADS, HeadShape, HeadValues};

use crate::{Error, Network};

/// One output of the detector after a run.
pub(crate) struct Head<'a>(Outputs<'a>);

impl HeadValues for Head<'_> {
    #[inline]
    fn get(&self, index: usize) -> i32 {
        self.0.get(index).into()
    }
}

/// The shapes of the twelve outputs of a detector.
pub(crate) fn shapes(detector: &Model) -> Result<[HeadShape; HEADS], Error> {
    let mismatch = Error::Outputs(Network::Detector);
    if detector.output_count() != HEADS {
        return Err(mismatch);
    }
    let mut shapes = [HeadShape { cells: 0, channels: 0, frac_bits: 0 }; HEADS];
    for (index, shape) in shapes.iter_mut().enumerate() {
        let output = detector.output(index).ok_or(mismatch)?;
        *shape = HeadShape {
            cells: output.shape.height * output.shape.width,
            channels: output.shape.channels,
            frac_bits: u8::try_from(output.frac_bits).map_err(|_| mismatch)?,
        };
    }
    Ok(shapes)
}

/// The outputs in `arena`.
pub(crate) fn read<'a>(detector: &Model, arena: &'a [i8]) -> [Head<'a>; HEADS] {
    core::array::from_fn(|index| Head(detector.read(arena, index)))
}
