//! Global average pooling: one value per channel.

use crate::{Element, OutputStage, Shape};

/// The mean of each channel over all pixels, rescaled.
///
/// The division by the number of pixels is part of the multiplier of `stage`. Its bias contains the
/// contribution of the input's zero point.
pub fn average_pool<O: Element>(input: Shape, stage: &OutputStage, pixels: &[i8], output: &mut [O]) {
    for (channel, out) in output.iter_mut().enumerate() {
        let column = pixels.iter().skip(channel).step_by(input.channels);
        let sum = column.map(|&x| i32::from(x)).sum();
        *out = O::narrow(stage.apply(channel, sum));
    }
}
