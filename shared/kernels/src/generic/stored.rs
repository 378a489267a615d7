//! The reference convolutions for layers that a backend does not support, compiled once for both output
//! types.

use super::conv2d::each_conv2d;
use super::depthwise_conv2d::each_depthwise;
use crate::Convolution;
use crate::element::Outputs;

/// See [`crate::conv2d`].
#[inline(never)]
pub fn conv2d_stored(conv: &Convolution, input: &[i8], mut output: Outputs) {
    each_conv2d(conv, input, output.len(), |at, value| output.put(at, value));
}

/// See [`crate::depthwise_conv2d`].
#[inline(never)]
pub fn depthwise_conv2d_stored(conv: &Convolution, input: &[i8], mut output: Outputs) {
    each_depthwise(conv, input, output.len(), |at, value| output.put(at, value));
}
