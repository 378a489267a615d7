//! On a processor with VNNI the code for AVX2 is never dispatched to, so it needs tests of its own.

use std::{vec, vec::Vec};

use super::{avx2, pairs};
use crate::weights::{pack, packed_len};
use crate::{Convolution, Element, OutputStage, Scale, Shape, Window, generic};

/// A deterministic pseudorandom byte, from the bits of `state` that depend on all others.
fn next(state: &mut u64) -> i8 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    (*state >> 40) as i8
}

/// Compares both kernels for AVX2 with `generic`, with outputs of one type.
///
/// # Safety
/// The processor has AVX2.
unsafe fn compare<O: Element + Default + Clone + PartialEq + core::fmt::Debug>(
    conv: &Convolution,
    input: &[i8],
    depthwise: bool,
) {
    let mut expected = vec![O::default(); conv.output.len()];
    let mut got = expected.clone();
    // SAFETY: the caller's.
    unsafe {
        if depthwise {
            generic::depthwise_conv2d(conv, input, &mut expected);
            pairs::depthwise_conv2d(conv, input, &mut got);
        } else {
            generic::conv2d(conv, input, &mut expected);
            avx2::conv2d(conv, input, &mut got);
        }
    }
    assert_eq!(expected, got);
}

#[test]
fn avx2_computes_the_bytes_of_generic() {
    if !std::is_x86_feature_detected!("avx2") {
        return;
    }
    let mut state = 1u64;
    for case in 0..400usize {
        let depthwise = case % 2 == 1;
        let (height, width, depth) = (case % 7 + 1, case % 5 + 1, case * 7 % 40 + 1);
        let channels = if depthwise { depth } else { case % 13 + 1 };
        let side = if height > 2 && width > 2 && case % 4 < 2 { 3 } else { 1 };
        let stride = 1 + case / 3 % 2;
        let window = Window { kernel: [side; 2], stride: [stride; 2], pad: [side / 2; 2] };
        let each = if depthwise { 1 } else { depth };
        let plain: Vec<i8> = (0..side * side * each * channels).map(|_| next(&mut state)).collect();
        let mut weights = plain.clone();
        if !depthwise {
            weights.resize(packed_len(side * side * depth, channels), 0);
            pack(&plain, channels, &mut weights);
        }
        let scale = |_| Scale {
            bias: i32::from(next(&mut state)) * 1000,
            multiplier: (i32::from(next(&mut state)) + 129) * 900_001,
            negative: i32::from(next(&mut state)) * 950_021,
            shift: i32::from(case % 9 == 0),
        };
        let scales: Vec<Scale> = (0..channels).map(scale).collect();
        let stage =
            OutputStage { scales: &scales, prelu: case % 3 == 0, zero_point: -3, min: -128, max: 127 };
        let input: Vec<i8> = (0..height * width * depth).map(|_| next(&mut state)).collect();
        let mut conv = Convolution {
            input: Shape::new(height, width, depth),
            output: Shape::new(height.div_ceil(stride), width.div_ceil(stride), channels),
            window,
            input_zero: next(&mut state),
            weights: &weights,
            stage,
        };
        // SAFETY: the processor has AVX2.
        unsafe {
            compare::<i8>(&conv, &input, depthwise);
            (conv.stage.min, conv.stage.max) = (-32768, 32767);
            compare::<i16>(&conv, &input, depthwise);
        }
    }
}
