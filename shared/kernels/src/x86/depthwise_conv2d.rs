//! Depthwise convolution on x86-64: VNNI if the processor has it, else AVX2.

use super::{has_vnni, pairs, taps};
use crate::{Convolution, Element, generic};

/// See [`crate::depthwise_conv2d`].
pub fn depthwise_conv2d<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    if has_vnni() {
        // SAFETY: the processor has the features that the function is compiled for.
        unsafe { taps::depthwise_conv2d(conv, input, output) }
    } else if std::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has the features that the function is compiled for.
        unsafe { pairs::depthwise_conv2d(conv, input, output) }
    } else {
        generic::depthwise_conv2d(conv, input, output)
    }
}
