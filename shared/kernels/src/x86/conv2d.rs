//! Dense convolution on x86-64: VNNI if the processor has it, else AVX2.

use super::{avx2, has_vnni, vnni};
use crate::{Convolution, Element, generic};

/// See [`crate::conv2d`].
pub fn conv2d<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    if has_vnni() {
        // SAFETY: the processor has the features that the function is compiled for.
        unsafe { vnni::conv2d(conv, input, output) }
    } else if std::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has the features that the function is compiled for.
        unsafe { avx2::conv2d(conv, input, output) }
    } else {
        generic::conv2d(conv, input, output)
    }
}
