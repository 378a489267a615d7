//! Global average: one value a channel.

use crate::{Element, OutputStage, Shape};

/// The mean of each channel over all pixels, rescaled.
///
/// The division by the number of pixels is part of the stage's multiplier; its bias holds what
/// the input's zero point contributes.
pub fn average_pool<O: Element>(input: Shape, stage: &OutputStage, pixels: &[i8], output: &mut [O]) {
    for (channel, out) in output.iter_mut().enumerate() {
        let column = pixels.iter().skip(channel).step_by(input.channels);
        let sum = column.map(|&x| i32::from(x)).sum();
        *out = O::narrow(stage.apply(channel, sum));
    }
}
